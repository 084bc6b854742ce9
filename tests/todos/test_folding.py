"""What was stored before text had one form: nothing is lost, and twice is once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from core import folding
from core.values import LAST_MOMENT, fold
from tests.builders import make_list, make_todo
from tests.feeds import check, living
from tests.interleaving import overtake
from todos.folding import merge_tags
from todos.models import Due, List, Tag, Todo

BEFORE = [("accounts", "0001_initial"), ("todos", "0002_text_constraints_and_names")]


def migrate(targets: list[tuple[str, str]] | None = None) -> Any:
    executor = MigrationExecutor(connection)
    leaves = [key for key in executor.loader.graph.leaf_nodes() if key[0] in ("accounts", "todos")]
    executor.migrate(targets or leaves)
    return executor.loader.project_state(targets or leaves).apps


@pytest.fixture
def release_before() -> Iterator[Any]:
    """The models of the release that knew no forms."""
    yield migrate(BEFORE)
    migrate()


@pytest.mark.wide
@pytest.mark.django_db(transaction=True)
def test_what_was_stored_comes_into_its_form_and_into_the_feed(release_before, monkeypatch, api):
    monkeypatch.setattr(folding, "BATCH", 2)
    user, todo_list, tag, todo = (
        release_before.get_model(*name.split("."))
        for name in ("accounts.User", "todos.List", "todos.Tag", "todos.Todo")
    )
    alice = user.objects.create(email="alice@example.com", name="Ali\u0301ce\u2028\u200b")
    bob = user.objects.create(
        email="bob@example.com", name="\u3164", date_joined=datetime(1, 1, 1, tzinfo=UTC)
    )
    inbox = todo_list.objects.create(owner=alice, name="Inbox", is_inbox=True)
    other = todo_list.objects.create(
        owner=bob, name="a\nb", archived_at=datetime(9999, 1, 1, tzinfo=UTC)
    )
    names = ["Cafe\u0301", "Café", "CAFÉ", "\u200b", "shop"]
    tags = {name: tag.objects.create(owner=alice, name=name) for name in names}
    tag.objects.create(owner=bob, name="café")
    texts = [("plain", ""), ("a\r\nb", "x\r\ny"), ("\u2800", "e\u0301"), ("Straße", " ")]
    rows = [
        todo.objects.create(owner=alice, list=inbox, title=title, notes=notes, position=number)
        for number, (title, notes) in enumerate(texts)
    ]
    theirs = todo.objects.create(
        owner=bob, list=other, title="b", due_at=datetime(9999, 12, 31, 23, tzinfo=UTC)
    )
    todo.objects.create(owner=bob, list=other, title="day", due_on=date(1, 1, 1))
    rows[0].tags.set([tags["Café"], tags["shop"]])
    rows[1].tags.set([tags["Café"], tags["CAFÉ"], tags["Cafe\u0301"]])
    rows[2].tags.set([tags["CAFÉ"]])
    rows[3].tags.set([tags["\u200b"]])

    migrate()

    assert dict(User.objects.values_list("name", "folded")) == {"Alíce \u200b": "alíce", "": ""}
    assert User.objects.get(pk=bob.pk).date_joined == datetime(1900, 1, 1, tzinfo=UTC)
    assert sorted(List.objects.values_list("name", "folded", "version")) == [
        ("Inbox", "inbox", 2),
        ("a b", "a b", 4),
    ]
    found = Todo.objects.filter(owner=alice.pk).order_by("position")
    assert [(row.title, row.notes, row.folded, row.version > 3) for row in found] == [
        ("plain", "", "plain", False),
        ("a b", "x\ny", "a b x y", True),
        ("Untitled", "é", "untitled é", True),
        ("Straße", " ", "strasse", True),
    ]
    assert [sorted(tag.name for tag in row.tags.all()) for row in found] == [
        ["Café", "shop"],
        ["Café"],
        ["Café"],
        ["Untitled"],
    ]
    assert [sorted(row.folded_tags.splitlines()) for row in found] == [
        ["café", "shop"],
        ["café"],
        ["café"],
        ["untitled"],
    ]
    assert sorted(Tag.objects.filter(owner=alice.pk).values_list("name", "folded")) == [
        ("Café", "café"),
        ("Untitled", "untitled"),
        ("shop", "shop"),
    ]
    assert Tag.objects.get(owner=bob.pk).name == "café"
    last_minute = LAST_MOMENT.replace(second=0, microsecond=0)
    assert Todo.objects.get(pk=theirs.pk).due_at == last_minute
    assert Todo.objects.get(title="day").due == Due(date(1900, 1, 1))
    for account in User.objects.all():
        check(account)
        page = api(account).get("/api/v1/sync/").json()
        told = {(it["kind"], it["id"]): it["version"] for it in page["changes"]}
        assert told == living(account)


def as_the_release_before(row: Any, **columns: Any) -> None:
    """It knows neither the folded columns nor the forms."""
    columns["folded"] = None if isinstance(row, Tag) else ""
    with connection.cursor() as cursor:
        for name, value in columns.items():
            statement = f'UPDATE "{row._meta.db_table}" SET {name} = %s WHERE id = %s'  # noqa: S608
            cursor.execute(statement, [value, row._meta.pk.get_db_prep_value(row.pk, connection)])


def refolded() -> int:
    out = StringIO()
    call_command("refold", stdout=out)
    return int(out.getvalue().removesuffix(" rows folded, 0 fed, 0 dues renewed.\n"))


@pytest.mark.django_db
def test_the_nightly_job_folds_what_a_release_before_has_written(alice, bob, api):
    home = make_list(alice, "Zuhause")
    todo = make_todo(alice, "Äpfel", notes="Boskop", tags=["Obst"])
    untouched = make_todo(alice, "other", tags=["Obst"])
    theirs = make_todo(bob, "Äpfel", tags=["Obst"])
    as_the_release_before(alice, name="A\u0308lice")
    as_the_release_before(home)
    as_the_release_before(todo, notes="Bosko\u0301p", folded_tags="")
    as_the_release_before(Tag.objects.get(owner=alice))
    assert [refolded(), refolded()] == [4, 0]
    alice.refresh_from_db()
    assert (alice.name, alice.folded) == ("Älice", "älice")
    assert List.objects.get(pk=home.pk).folded == "zuhause"
    before = [todo.version + 1, untouched.version, theirs.version]  # its notes are others
    rows = (todo, untouched, theirs)
    assert [Todo.objects.get(pk=row.pk).version for row in rows] == before
    found = api(alice).get("/api/v1/todos/", {"q": "ÄPFEL obst boskóp"}).json()["results"]
    assert [(row["id"], row["notes"]) for row in found] == [(str(todo.pk), "Boskóp")]
    assert len(api(alice).get("/api/v1/todos/", {"tag": "OBST"}).json()["results"]) == 2


@pytest.mark.django_db
def test_the_nightly_job_gives_todos_the_tag_of_the_same_name(alice, bob):
    todo = make_todo(alice, tags=["home", "shop"])
    other = make_todo(alice, "other", tags=["garden"])
    theirs = make_todo(bob, tags=["HOME"])
    as_the_release_before(Tag.objects.get(owner=alice, name="garden"), name="HOME")
    assert refolded() == 1
    assert sorted(Tag.objects.owned_by(alice).values_list("name", flat=True)) == ["home", "shop"]
    assert [tag.name for tag in other.tags.all()] == ["home"]
    other.refresh_from_db()
    assert (other.version, other.folded_tags) == (2, "home")
    assert sorted(tag.name for tag in todo.tags.all()) == ["home", "shop"]
    assert [tag.name for tag in theirs.tags.all()] == ["HOME"]


@pytest.mark.django_db
def test_columns_that_are_made_of_a_changed_one_are_saved_with_it(alice):
    home = make_list(alice, "Zuhause")
    home.name = "Straße"
    home.save(update_fields=["name"])
    assert List.objects.get(pk=home.pk).folded == fold("Straße")
    List.objects.filter(pk=home.pk).update(folded="")
    home.save(update_fields=["color"])
    assert List.objects.get(pk=home.pk).folded == ""


def present_models(*names: str) -> list[Any]:
    """As a migration gets them: without the methods of the product."""
    apps = MigrationExecutor(connection).loader.project_state().apps
    return [apps.get_model(name) for name in names]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_text_that_the_former_release_writes_during_the_migration_stays(alice):
    user, tag, todo = present_models("accounts.User", "todos.Tag", "todos.Todo")
    user.objects.update(name="Before", folded="")
    key = tag.objects.create(owner_id=alice.pk, name="before").pk
    tag.objects.update(folded=None)

    overtake(
        lambda: folding.fold_rows(user),
        after='"accounts_user"."id" IN (',
        by=lambda: user.objects.update(name="After", folded="after"),
    )
    overtake(
        lambda: merge_tags(tag, todo),
        after='ORDER BY "todos_tag"."id"',
        by=lambda: tag.objects.filter(pk=key).update(name="after", folded="after"),
    )

    assert [*user.objects.values_list("name", "folded")] == [("After", "after")]
    assert [*tag.objects.values_list("name", "folded")] == [("after", "after")]
