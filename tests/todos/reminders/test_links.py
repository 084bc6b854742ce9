"""Done and snooze by the links of a mail, without a log-in."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail, signing
from django.test import Client

from accounts.models import User
from core.feed import writing
from tests.builders import make_todo
from tests.todos.reminders.conftest import NOON, at, key, run, soon
from todos.models import Notice, SyncOperation, Todo
from todos.reminders import actions

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def links(alice, bob, noon, settings) -> dict[str, str]:
    """The paths behind the links of a mail that has just come."""
    settings.PUBLIC_BASE_URL = "https://nudge.example.com/"
    make_todo(bob, "not mine")
    make_todo(alice, "<i>milk</i>", reminders=[soon(id=key(1))])
    run(noon, LATER)
    found = re.findall(r"https://nudge\.example\.com/reminders/\S+", str(mail.outbox[0].body))
    done, snooze = (urlsplit(link).path for link in found)
    return {"done": done, "snooze": snooze}


def alices() -> Todo:
    return Todo.objects.get(title="<i>milk</i>")


def test_a_link_shows_and_acts_by_post_only(links):
    stranger = Client()
    shown = stranger.get(links["done"])
    assert (shown.status_code, shown["Referrer-Policy"]) == (200, "no-referrer")
    assert "no-store" in shown["Cache-Control"]
    assert "&lt;i&gt;milk&lt;/i&gt;" in shown.content.decode()
    assert stranger.head(links["done"]).status_code == 200
    assert (alices().status, alices().version) == ("open", 1)
    for _ in range(2):
        assert b"Done." in stranger.post(links["done"]).content
    assert (alices().status, alices().version) == ("finished", 2)
    assert SyncOperation.objects.count() == 1


def test_without_the_token_of_the_page_nothing_is_done(links):
    careful = Client(enforce_csrf_checks=True)
    assert careful.post(links["done"]).status_code == 403
    page = careful.get(links["done"]).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    assert alices().status == "open"
    careful.post(links["done"], {"csrfmiddlewaretoken": token[1]})
    assert alices().status == "finished"


def test_snooze_reminds_in_an_hour_once(links, noon):
    assert b"again in an hour" in Client().post(links["snooze"]).content
    noon.move_to(LATER + timedelta(minutes=5), tick=False)
    Client().post(links["snooze"])
    [reminder] = alices().reminders
    assert reminder.remind_at == LATER + timedelta(hours=1)
    run(noon, LATER + timedelta(hours=1))
    assert len(mail.outbox) == 2


def test_snooze_finds_no_room(links, noon):
    todo = alices()
    full = [at(NOON + timedelta(days=1 + n), id=key(n + 10)) for n in range(10)]
    with writing(todo.owner_id):
        todo.change(reminders=full)
    answer = Client().post(links["snooze"])
    assert b"again in an hour" not in answer.content
    assert len(alices().reminders) == 10


def test_a_link_ends_after_a_week(links, noon):
    noon.move_to(LATER + timedelta(days=7, seconds=1), tick=False)
    answer = Client().post(links["done"])
    assert (answer.status_code, alices().status) == (410, "open")
    assert "expired" in answer.content.decode()


def test_forged_links_do_nothing(links, alice):
    notice = Notice.objects.get()
    forged = [
        links["done"].replace("/reminders/", "/reminders/x"),
        links["done"][:-2] + ("A/" if links["done"][-2] != "A" else "B/"),
        f"/reminders/{signing.dumps([notice.pk.hex, alices().pk.hex, 'done'])}/",
        f"/reminders/{signing.dumps([1, 2], salt=actions._SALT)}/",
        "/reminders/x/",
    ]
    for path in forged:
        assert Client().post(path).status_code == 404, path
    assert alices().status == "open"


@pytest.mark.parametrize("what", ["trashed", "disabled", "another's"])
def test_a_link_to_what_has_gone_says_so(links, alice, bob, what):
    path = links["done"]
    if what == "trashed":
        alices().trash()
    elif what == "disabled":
        User.objects.filter(pk=alice.pk).update(is_active=False)
    else:
        strange = Todo.objects.get(owner=bob)
        path = f"/reminders/{actions.token_of(Notice.objects.get(), strange, 'done')}/"
    answer = Client().post(path)
    assert (answer.status_code, Todo.objects.filter(status="finished").count()) == (410, 0)


def test_without_an_address_of_the_service_a_mail_has_no_links(alice, noon):
    make_todo(alice, reminders=[soon()])
    run(noon, LATER)
    sent: Any = mail.outbox[0]
    [(html, _kind)] = sent.alternatives
    assert "href" not in html
    assert "Done" not in sent.body
