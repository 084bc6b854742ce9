"""What the database holds by itself, whoever writes to it, and what a model checks."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import Value

from accounts.models import User
from core.conditions import BLANKS
from tests.builders import make_list, make_todo
from todos.models import List, Tag, Todo

pytestmark = pytest.mark.django_db
TEXTS = [(Todo, "title", 128), (List, "name", 128), (Tag, "name", 50)]
BLANK = ["", "   ", "\t", "\n", "\u00a0", "\u3000\u2003", "\u200b", "\u3164\u2800", BLANKS]


def unsaved(owner: User, model: type[models.Model], field: str, text: str) -> models.Model:
    new = model(owner=owner, **{field: text})
    if isinstance(new, Todo):
        new.list = List.objects.inbox_of(owner)
    return new


def refused(write) -> None:
    with pytest.raises(IntegrityError, match=r"todos_\w+_(line|note)"), transaction.atomic():
        write()


@pytest.mark.parametrize("text", BLANK, ids=repr)
@pytest.mark.parametrize(("model", "field", "_length"), TEXTS)
def test_a_blank_text_is_refused_by_the_database(alice, model, field, _length, text):
    good = unsaved(alice, model, field, "good")
    good.save()
    refused(lambda: model.objects.bulk_create([unsaved(alice, model, field, text)]))
    refused(lambda: model.objects.filter(pk=good.pk).update(**{field: text}))
    assert getattr(model.objects.get(pk=good.pk), field) == "good"


@pytest.mark.parametrize("letter", ["a", "ü", "家", "👍"])
@pytest.mark.parametrize(("model", "field", "length"), TEXTS)
def test_a_text_may_be_as_long_as_its_column_and_no_longer(alice, model, field, length, letter):
    [row] = model.objects.bulk_create([unsaved(alice, model, field, letter * length)])
    for write in (
        lambda: model.objects.filter(pk=row.pk).update(**{field: letter * (length + 1)}),
        lambda: model.objects.bulk_create([unsaved(alice, model, field, letter * 500)]),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            write()
    assert getattr(model.objects.get(pk=row.pk), field) == letter * length


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a", "a"), (" a", "a"), ("a\r\n", "a"), ("a\u2028b", "a b"), ("-", "-"), ("e\u0301", "é")],
)
@pytest.mark.parametrize(("model", "field", "_length"), TEXTS)
def test_a_text_has_one_form_however_it_is_written(alice, model, field, _length, text, stored):
    row = unsaved(alice, model, field, text)
    row.save()
    assert getattr(row, field) == getattr(model.objects.get(pk=row.pk), field) == stored
    model.objects.filter(pk=row.pk).update(**{field: "other"})
    model.objects.filter(pk=row.pk).update(**{field: text})
    assert getattr(model.objects.get(**{field: text}), field) == stored
    row.delete()
    [row] = model.objects.bulk_create([unsaved(alice, model, field, text)])
    assert getattr(model.objects.get(pk=row.pk), field) == stored


@pytest.mark.parametrize("text", ["a\nb", "\u200b", "\u2800 \u3164", "a\u2029b", "a\x85b"])
@pytest.mark.parametrize(("model", "field", "_length"), TEXTS)
def test_sql_that_goes_past_the_models_is_refused_too(alice, model, field, _length, text):
    row = unsaved(alice, model, field, "good")
    row.save()
    update = f"UPDATE {model._meta.db_table} SET {field} = %s"  # noqa: S608 - our own names
    refused(lambda: connection.cursor().execute(update, [text]))


def test_notes_are_bounded_by_the_database(alice):
    todo = make_todo(alice, notes="n" * 10_000)
    refused(lambda: Todo.objects.filter(pk=todo.pk).update(notes="n" * 10_001))
    Todo.objects.filter(pk=todo.pk).update(notes=" ")
    assert Todo.objects.get(pk=todo.pk).notes == " "


def test_a_form_learns_of_a_text_that_does_not_fit(alice):
    with pytest.raises(ValidationError) as problem:
        unsaved(alice, Todo, "title", "\u2003").full_clean()
    assert problem.value.message_dict["title"] == ["This field cannot be blank."]


def test_a_list_never_takes_its_todos_with_it(alice, bob):
    groceries = make_list(alice)
    todo = make_todo(alice, list=groceries)
    make_todo(bob)
    with pytest.raises(models.RestrictedError):
        groceries.delete()
    with pytest.raises(models.RestrictedError):
        List.objects.inbox_of(bob).delete()
    assert Todo.objects.get(pk=todo.pk).list == groceries


def test_an_account_takes_everything_of_its_own_with_it(alice, bob):
    make_todo(alice, list=make_list(alice), tags=["a"])
    make_todo(alice)
    kept = make_todo(bob, tags=["a"])
    alice.delete()
    assert list(Todo.objects.all()) == [kept]
    assert [row.owner for row in (*List.objects.all(), *Tag.objects.all())] == [bob, bob]


def test_a_todo_stands_in_a_list_of_its_owner(alice, bob):
    todo = make_todo(alice)
    todo.full_clean()
    todo.list = make_list(bob)
    with pytest.raises(ValidationError) as problem:
        todo.full_clean()
    assert problem.value.message_dict == {"list": ["Choose a list of the same owner."]}


def test_an_unfinished_todo_is_checked_without_a_list_or_an_owner(alice):
    Todo(title="a").clean()
    Todo(title="a", owner=alice).clean()
    Todo(title="a", list=make_list(alice)).clean()


def test_an_expression_is_left_to_the_database(alice):
    todo = make_todo(alice, "first")
    todo.title = Value("second")
    models.Model.save(todo, update_fields=["title"])
    assert Todo.objects.get(pk=todo.pk).title == "second"
