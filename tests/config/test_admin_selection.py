"""Actions of the admin on more rows than a form can name."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core import selection
from sms.models import Message
from tests.builders import make_list, make_todo, position_of
from tests.config.test_admin_journeys import Form
from tests.conftest import make_user
from todos.models import List, Status, Todo

pytestmark = pytest.mark.django_db
TODOS, LISTS, MESSAGES = "/admin/todos/todo/", "/admin/todos/list/", "/admin/sms/message/"


@pytest.fixture
def operator(web, staff):
    return web(staff)


def make_todos(alice, bob, count: int) -> Todo:
    """So many to-dos of hers, and one of somebody else."""
    first = make_todo(alice, "todo 0")
    Todo.objects.bulk_create(
        Todo(
            owner=alice,
            list=first.list,
            title=f"todo {n}",
            folded=f"todo {n}",
            position=position_of(n),
        )
        for n in range(1, count)
    )
    return make_todo(bob, "a stranger's")


@pytest.fixture(params=[160, pytest.param(1_300, marks=pytest.mark.nightly)])
def many(request, settings, alice, bob) -> int:
    """So many to-dos of hers, a third more than what a form may hold; and the stranger's."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = request.param * 10 // 13
    make_todos(alice, bob, request.param)
    return int(request.param)


@pytest.fixture
def few(alice, bob) -> Todo:
    return make_todos(alice, bob, 3)


def chosen(action: str, **fields: str) -> dict[str, object]:
    """What the page sends after "Select all": the rows that it shows, and that all are meant."""
    first = Todo.objects.filter(title__startswith="todo").values_list("pk", flat=True)[:100]
    rows = [str(key) for key in first]
    form: dict[str, object] = {"action": action, "_selected_action": rows}
    return {**form, "select_across": "1", "index": "0", **fields}


def test_more_rows_than_a_form_can_name_are_deleted(operator, many):
    path = f"{TODOS}?q=todo"
    asked = operator.post(path, chosen("delete_selected"))
    form = Form(asked.text).data
    assert (len(form["_selected_action"]), form["select_across"]) == (1, ["1"])
    assert len(re.findall(r"<li>To-?do: ", asked.text, re.IGNORECASE)) == many
    answer = operator.post(path, form, follow=True)
    assert f"Successfully deleted {many} to-dos." in answer.text
    assert Todo.objects.get().title == "a stranger's"


@pytest.mark.parametrize("how", ["one more", "another"])
def test_only_the_rows_that_were_asked_about_are_deleted(operator, alice, few, how):
    path = f"{TODOS}?q=todo"
    form = Form(operator.post(path, chosen("delete_selected")).text).data
    if how == "another":
        Todo.objects.filter(title="todo 1").delete()
    make_todo(alice, "todo of this moment")
    before = Todo.objects.count()
    again = operator.post(path, form)
    assert "The selection has changed in the meantime." in again.text
    assert Todo.objects.count() == before
    operator.post(path, Form(again.text).data)
    assert Todo.objects.get() == few


def test_a_row_that_was_chosen_by_hand_is_named(operator, few):
    row = {"action": "delete_selected", "_selected_action": [str(few.pk)], "index": "0"}
    form = Form(operator.post(TODOS, row).text).data
    assert (form["_selected_action"], "rows" in form) == ([str(few.pk)], False)
    operator.post(TODOS, form)
    assert Todo.objects.count() == 3


def test_more_rows_than_a_form_can_name_are_finished(operator, staff, many):
    theirs = Todo.objects.get(title="a stranger's")
    with CaptureQueriesContext(connection) as queries:
        answer = operator.post(f"{TODOS}?q=todo", chosen("finish"), follow=True)
    assert f"{many} to-dos changed." in answer.text
    assert Todo.objects.filter(status=Status.FINISHED).count() == many
    entries = LogEntry.objects.filter(user=staff)
    assert (entries.count(), entries.filter(object_id=str(theirs.pk)).exists()) == (many, False)
    assert entries[0].get_change_message() == "Changed status."
    written = [query for query in queries if 'INSERT INTO "django_admin_log"' in query["sql"]]
    assert len(written) <= many // 60  # SQLite takes them in batches


@pytest.mark.parametrize("action", ["delete_selected", "finish", "reopen"])
def test_what_does_not_fit_is_refused_before_anything_is_done(operator, few, monkeypatch, action):
    monkeypatch.setattr(selection, "MOST_ROWS", 2)
    monkeypatch.setattr("todos.admin.MOST_CHANGED", 2)
    before = list(Todo.objects.order_by("pk").values())
    answer = operator.post(f"{TODOS}?q=todo", chosen(action), follow=True)
    refused = "At most 2 rows can be changed at once; 3 are selected. Narrow the filter."
    assert refused in answer.text
    assert list(Todo.objects.order_by("pk").values()) == before
    assert not LogEntry.objects.exists()


def test_lists_go_in_smaller_numbers(operator, alice, monkeypatch):
    monkeypatch.setattr("todos.admin.ListAdmin.most_deleted", 1)
    rows = [make_list(alice, name=name) for name in ("a", "b")]
    keys = [str(row.pk) for row in rows]
    form = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    assert (
        "At most 1 row can be changed at once; 2 are"
        in operator.post(LISTS, form, follow=True).text
    )
    assert List.objects.filter(pk__in=keys).count() == 2


def test_messages_are_sent_again_in_smaller_numbers(operator, monkeypatch):
    monkeypatch.setattr("sms.admin.MOST_SENT_AGAIN", 1)
    sender = make_user("sender@example.com")
    rows = [
        Message.objects.create(sender=sender, to="+15005550006", body="a", provider="console")
        for _ in range(2)
    ]
    keys = [str(row.pk) for row in rows]
    answer = operator.post(
        MESSAGES, {"action": "send_again", "_selected_action": keys}, follow=True
    )
    assert "At most 1 row can be changed at once; 2 are selected." in answer.text
    assert Message.objects.count() == 2
