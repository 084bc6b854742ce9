"""Everything about a person is in one archive, and nothing of anybody else."""

import csv
import io
import json
import re
import zipfile

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session

from accounts.models import User
from core.values import FoldedField
from sms.models import Event, Message, Phone
from tests.builders import make_todo
from todos import service
from todos.models import CalendarFeed, PushSubscription, Tag
from todos.transfer import personal
from todos.transfer.formats import EXPORTED

pytestmark = pytest.mark.django_db
# What opens a door is called so; a column of this kind is withheld, or is here with its reason.
DOORS = re.compile(r"secret|password|passphrase|digest|hash|token|auth|key|data|code|seed|p256dh")
HARMLESS = {
    "sms.Message.idempotency_key": "a word of the client",
    "sms.Message.error_code": "of the provider",
    "sms.Event.error_code": "of the provider",
    "todos.Transfer.error_code": "why a job has failed",
    "todos.Transfer.digest": "of a file that the person has sent",
    "admin.LogEntry.content_type": "a table",
    "accounts.User.digest_hour": "an hour of the day",
    "sms.Attempt.code": "an answer of the provider",
    "usersessions.UserSession.data": "what the device has said of itself",
}
# Tables without an owner: of the server, of the framework, or without a way to one person.
OF_NOBODY = {
    *("accounts.LimitPlace", "core.Counter", "core.IdempotencyKey"),
    *("auth.Group", "auth.Permission", "contenttypes.ContentType", "sessions.Session"),
    *("sms.InboundMessage", "sms.OptOut"),
}


def labels(models) -> set[str]:
    return {it._meta.label for it in models}


def test_every_table_belongs_to_persons_or_says_that_it_does_not():
    every = labels(apps.get_models())
    owned = labels(personal.owned()) | personal.REPEATED
    assert every - owned == OF_NOBODY
    assert {"todos.Todo", "todos.Tag", "todos.TagAlias", "sms.Event", "sms.Message"} <= owned
    assert {"accounts.User", "account.EmailAddress", "usersessions.UserSession"} <= owned


def test_every_column_of_a_person_is_exported_withheld_or_a_fold_of_others():
    found = {
        f"{model._meta.label}.{it.name}"
        for model in personal.owned()
        for it in model._meta.concrete_fields
        if not isinstance(it, FoldedField)
    }
    exported = {
        f"{model._meta.label}.{it.name}"
        for model in personal.owned()
        for it in personal.columns(model)
    }
    withheld = {
        label for label in personal.WITHHELD if label.rpartition(".")[0] in labels(personal.owned())
    }
    assert found - exported == withheld
    doors = {label for label in exported if DOORS.search(label.rpartition(".")[2])}
    assert doors <= set(HARMLESS)


@pytest.fixture
def archive_of(api, begun):
    def read(person: User) -> zipfile.ZipFile:
        job = begun(api(person), "/api/v1/account/export/")
        assert (job["format"], job["state"]) == ("account", "done")
        answer = api(person).get(job["file"])
        assert answer["Content-Type"] == "application/octet-stream"
        return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    return read


def fill(person: User, name: str) -> None:
    make_todo(person, f"{name} todo", notes=f"{name} notes", tags=[f"{name} tag"])
    Tag.objects.get(owner=person).change(name=f"{name} tag renamed")
    service.add_filter(actor=person, name=f"{name} filter", query="is:open")
    text = Message.objects.create(sender=person, to="+15005550006", body=f"{name} text")
    Event.objects.create(message=text, status="queued", source="service")
    Phone.objects.create(
        account=person, number="+15005550006" if name == "alice" else "+15005550007"
    )
    PushSubscription.objects.create(
        owner=person, endpoint=f"https://push.test/{name}", digest=name, auth="door", p256dh="door"
    )
    CalendarFeed.objects.create(owner=person, digest=f"{name} digest", created_at=text.created_at)


def test_the_archive_has_all_rows_of_the_person_and_no_other(alice, bob, archive_of):
    for person, name in ((alice, "alice"), (bob, "bob")):
        fill(person, name)
    archive = archive_of(alice)
    names = {"todos.json", "todos.csv", "todos.ics", "todos.txt", "account.json"}
    assert set(archive.namelist()) == names
    every = {name: archive.read(name).decode() for name in names}
    account = json.loads(every["account.json"])
    assert [it["title"] for it in account["todos.Todo"]] == ["alice todo"]
    assert account["accounts.User"][0]["email"] == "alice@example.com"
    amounts = {"sms.Message": 1, "sms.Event": 1, "sms.Phone": 1, "account.EmailAddress": 1}
    amounts |= {
        "todos.PushSubscription": 1,
        "todos.Tag": 1,
        "todos.TagAlias": 1,
        "todos.Transfer": 1,
    }
    assert {label: len(account[label]) for label in amounts} == amounts
    assert set(account) == labels(personal.owned())
    assert not any("bob" in text for text in every.values())
    told = every["account.json"]
    assert not any(it in told for it in ("door", "alice digest", "push.test", alice.password))
    assert not any(it.session_key in told for it in Session.objects.all())
    assert len(list(csv.reader(io.StringIO(every["todos.csv"])))) == 2
    assert len(EXPORTED) == len(names) - 1


def test_the_archive_itself_can_be_imported(alice, bob, archive_of):
    from tests.todos.transfer.test_round_trip import imported  # noqa: PLC0415

    make_todo(alice, "alice todo")
    content = archive_of(alice).fp
    content.seek(0)
    assert imported(bob, "json", content.read())["new"]["todos"] == 1
