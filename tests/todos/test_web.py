"""The plain page: add, tick and rename."""

from uuid import UUID

import pytest

from tests.builders import make_todo
from tests.todos.pages import PAGE, act, row, titles
from todos.models import Status, Todo


def test_add_puts_the_todo_on_top_of_the_inbox(alice, browser):
    make_todo(alice, "older")

    response = browser.post(PAGE, {"title": "  buy milk "}, follow=True)

    todo = Todo.objects.get(title="buy milk")
    assert response.redirect_chain == [(f"{PAGE}#todo-{todo.pk}", 302)]
    assert titles(response) == ["buy milk", "older"]
    assert (todo.owner, todo.created_by, todo.list.is_inbox) == (alice, alice.pk, True)


def test_add_under_the_finished_filter_says_so(alice, browser):
    response = browser.post(f"{PAGE}?status=finished", {"title": "buy milk"}, follow=True)

    assert titles(response) == []
    assert "Added “<bdi>buy milk</bdi>”." in response.text


TOO_LONG = "x" * 129
REFUSED = [
    ("   ", "Write what needs to be done."),
    ("", "Write what needs to be done."),
    (TOO_LONG, "At most 128 characters fit; this is 129."),
    ("buy\x00milk", "Null characters are not allowed."),
]


@pytest.mark.parametrize(("title", "error"), REFUSED)
def test_refused_title_is_422_and_keeps_what_was_typed(alice, browser, title, error):
    response = browser.post(PAGE, {"title": title})

    assert response.status_code == 422
    assert error in response.text
    assert 'aria-invalid="true" aria-describedby="id_title_error"' in response.text
    assert f'value="{title}"' in response.text
    assert not Todo.objects.exists()


def test_longest_title_fits(alice, browser):
    browser.post(PAGE, {"title": "😀" * 128})

    assert Todo.objects.get().title == "😀" * 128


def test_tick_and_untick(alice, browser):
    todo = make_todo(alice)

    ticked = browser.post(act("finish", todo, "?status=open"), follow=True)
    finished = row(todo)
    unticked = browser.post(act("reopen", todo), follow=True)

    assert ticked.redirect_chain == [(f"{PAGE}?status=open#todo-{todo.pk}", 302)]
    assert "0 items left" in ticked.text
    assert (finished["status"], finished["version"]) == (Status.FINISHED, 2)
    assert "1 item left" in unticked.text
    assert (row(todo)["status"], row(todo)["finished_at"]) == (Status.OPEN, None)


def test_rename_keeps_the_filter(alice, browser):
    todo = make_todo(alice)

    response = browser.post(act("rename", todo, "?status=open"), {"title": "buy oat milk"})

    assert response.url == f"{PAGE}?status=open#todo-{todo.pk}"
    assert (row(todo)["title"], row(todo)["version"]) == ("buy oat milk", 2)


@pytest.mark.parametrize(("title", "error"), REFUSED)
def test_refused_rename_is_422_in_the_row(alice, browser, title, error):
    todo, other = make_todo(alice), make_todo(alice, "other")
    before = row(todo)

    response = browser.post(act("rename", todo), {"title": title})

    assert response.status_code == 422
    assert error in response.text
    assert f'value="{title}"' in response.text
    assert f'aria-describedby="rename-{todo.pk}_error"' in response.text
    assert other.title in response.text
    assert row(todo) == before


def test_edit_form_stands_in_the_row_without_javascript(alice, browser):
    todo, other = make_todo(alice), make_todo(alice, "other")

    page = browser.get(f"{PAGE}?edit={todo.pk}").text

    assert f'action="{act("rename", todo)}"' in page
    assert f'action="{act("rename", other)}"' not in page


@pytest.mark.parametrize("wanted", ["", "nonsense", str(UUID(int=1)), "%00"])
def test_edit_of_nothing_is_the_list(alice, browser, wanted):
    make_todo(alice)

    page = browser.get(f"{PAGE}?edit={wanted}").text

    assert "buy milk" in page
    assert "Save" not in page


def test_a_rename_to_the_same_title_changes_nothing(alice, browser):
    todo = make_todo(alice)
    before = row(todo)

    response = browser.post(act("rename", todo), {"title": " buy milk "})

    assert response.status_code == 302
    assert row(todo) == before
