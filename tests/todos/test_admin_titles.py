"""ADMIN_SHOWS_TITLES=False: an operator works with to-dos and reads none."""

import pytest
from django.contrib.auth.models import Permission

from tests.builders import make_list, make_todo
from tests.conftest import make_user
from tests.todos.admin_forms import TODOS, run, saved, todo_form
from todos import service
from todos.models import Status, Todo

pytestmark = pytest.mark.django_db
TITLE, NOTES = "marker of a title", "marker of a note"


@pytest.fixture
def todo(alice) -> Todo:
    return make_todo(alice, TITLE, notes=NOTES, tags=["marker"])


@pytest.fixture
def clerk(web, settings):
    settings.ADMIN_SHOWS_TITLES = False
    person = make_user("clerk@example.com", is_staff=True)
    names = [f"{action}_todo" for action in ("view", "add", "change", "delete")]
    person.user_permissions.set(Permission.objects.filter(codename__in=names))
    return web(person)


def test_every_row_says_whose_it_is_and_how_it_stands(web, staff, todo):
    page = web(staff).get(TODOS)
    shown = page.context["cl"].list_display
    assert {"title", "owner", "list", "status", "due_words"} <= set(shown)
    assert TITLE in page.text


def test_no_page_shows_a_title(clerk, todo):
    for path in ("", f"{todo.pk}/change/", f"{todo.pk}/history/"):
        page = clerk.get(f"{TODOS}{path}")
        assert page.status_code == 200
        assert "marker" not in page.text
        assert str(todo.pk) in page.text
    assert "alice@example.com" in clerk.get(TODOS).text


def test_no_search_and_no_filter_tells_a_title(clerk, todo):
    assert list(clerk.get(TODOS, {"q": "marker"}).context["cl"].result_list) == []
    for lookup in ("title__startswith", "notes__contains", "folded", "tags__name__startswith"):
        assert clerk.get(TODOS, {lookup: "m"}).status_code == 400
    assert list(clerk.get(TODOS, {"q": str(todo.pk)}).context["cl"].result_list) == [todo]
    assert clerk.get(TODOS, {"status": "open"}).status_code == 200


def test_a_change_leaves_the_title_as_it_is(clerk, todo):
    form = todo_form(todo, priority=4, title="by the clerk", notes="by the clerk", tags=[])
    saved(clerk.post(f"{TODOS}{todo.pk}/change/", form))
    stored = Todo.objects.get()
    assert (stored.title, stored.notes, stored.priority) == (TITLE, NOTES, 4)
    assert [tag.name for tag in stored.tags.all()] == ["marker"]
    assert "marker" not in clerk.get("/admin/").text


def test_an_action_is_written_down_without_the_title(clerk, todo):
    run(clerk, TODOS, "finish", todo)
    stored = Todo.objects.get()
    assert (stored.status, stored.title) == (Status.FINISHED, TITLE)
    assert "marker" not in clerk.get("/admin/").text


def test_what_cannot_be_read_is_neither_added_nor_removed(clerk, todo):
    assert clerk.get(f"{TODOS}add/").status_code == 403
    assert clerk.post(f"{TODOS}{todo.pk}/delete/", {"post": "yes"}).status_code == 403
    run(clerk, TODOS, "delete_selected", todo, post="yes")
    assert Todo.objects.get() == todo


def test_a_superuser_reads_it_still(clerk, web, staff, todo):
    for path in ("", f"{todo.pk}/change/"):
        assert TITLE in web(staff).get(f"{TODOS}{path}").text
    assert list(web(staff).get(TODOS, {"q": "marker"}).context["cl"].result_list) == [todo]


@pytest.mark.parametrize("model", ["list", "tag", "savedfilter"])
def test_names_of_lists_tags_and_filters_are_as_private(web, staff, settings, alice, model):
    made = make_todo(alice, tags=["marker"], list=make_list(alice, "marker"))
    saved_filter = service.add_filter(actor=alice, name="marker", query="marker")
    rows = {"list": made.list, "tag": made.tags.get(), "savedfilter": saved_filter}
    settings.ADMIN_SHOWS_TITLES = False
    clerk = make_user("clerk@example.com", is_staff=True)
    names = [f"{action}_{model}" for action in ("view", "add", "change", "delete")]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=[*names, "delete_user"]))
    path, browser = f"/admin/todos/{model}/", web(clerk)
    assert "marker" in web(staff).get(path).text
    for page in ("", f"{rows[model].pk}/change/", f"{rows[model].pk}/history/"):
        answer = browser.get(f"{path}{page}")
        assert (answer.status_code, "marker" in answer.text) == (200, False)
    assert list(browser.get(path, {"q": "marker"}).context["cl"].result_list) == []
    assert browser.get(path, {"name__startswith": "m"}).status_code == 400
    assert browser.get(f"{path}add/").status_code == 403
    assert browser.get(f"{path}{rows[model].pk}/delete/").status_code == 403
    asked = browser.get(f"/admin/accounts/user/{alice.pk}/delete/")
    assert (asked.status_code, "marker" in asked.text) == (200, False)
