"""Those who text to get at what is not theirs, and carriers that tell of one text many times."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from sms import answers
from sms.models import InboundMessage, Message, Phone, ReceivedText
from tests.builders import make_todo
from tests.core.test_feed_races import Reader, random_change
from tests.feeds import check, living
from tests.sms.conftest import allow
from tests.sms.test_phone_races import together
from tests.todos.answers.conftest import NUMBER, STRANGER, tell
from todos.models import Todo

pytestmark = pytest.mark.django_db(transaction=True)
SID = f"SM{'7' * 32}"


def test_a_list_that_names_what_is_not_the_persons_gives_nothing(text, alice, bob, sent):
    """As if an id got there by a fault of ours: numbers are looked up among the person's own."""
    private = make_todo(bob, "private")
    make_todo(alice, "milk")
    text("list")
    Message.objects.update(refers_to=[str(private.pk)])
    assert text("done 1") == ["No longer there: 1"]
    assert text("tomorrow private") == ['No open to-do has "private".']
    assert not Todo.objects.get(pk=private.pk).is_finished
    assert Todo.objects.get(pk=private.pk).version == private.version


@pytest.mark.parametrize(
    "body",
    [
        "done {names}", "add {0.__class__} %s %(x)s", "done " + "%" * 300, "done _", "done '\"--",
        "snooze 1 " + "9" * 300, "tomorrow " + "1, " * 500, "add \u202e\u2066x", "添加" * 400,
        "done \ud83d\ude00", "undo\n" * 50, "list\n" * 50, "\0done\0 1\0", "add #" + "x" * 300,
        "snooze 0", "done 0", "done 999", "add @", "add !9", "-", "done -1",
    ],
)  # fmt: skip
def test_nonsense_is_answered_and_breaks_nothing(text, alice, sent, body, settings):
    settings.SMS_MAX_SEGMENTS = 1
    make_todo(alice, "milk")
    assert len(text(body.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))) == 1
    assert Todo.objects.owned_by(alice).filter(status="finished").count() == 0
    assert Message.objects.get().segments == 1 or "\n" not in Message.objects.get().body
    check(alice)


@pytest.mark.postgres
def test_a_text_that_is_told_many_times_at_once_is_done_once(alice, sent):
    make_todo(alice, "milk")
    assert together(8, lambda _: tell("add cheese\ndone milk", SID)) == [200] * 8
    assert sorted(Todo.objects.values_list("title", "status")) == [
        ("cheese", "open"),
        ("milk", "finished"),
    ]
    assert len(sent) == InboundMessage.objects.count() == 1


@pytest.mark.postgres
def test_a_text_that_many_processes_answer_at_once_is_answered_once(alice, sent):
    at = timezone.now()
    ReceivedText.objects.create(
        sid=SID, account=alice, number=NUMBER, body="add cheese", received_at=at
    )
    together(8, lambda _: answers.respond(SID))
    assert [each["body"] for each in sent] == ["Added: cheese"]
    assert Todo.objects.count() == 1


@contextmanager
def polling(reader: Reader) -> Iterator[Reader]:
    """Another thread reads until the end."""
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            reader.poll()
        connections.close_all()

    watcher = threading.Thread(target=read)
    watcher.start()
    yield reader
    done.set()
    watcher.join()


@pytest.mark.postgres
@pytest.mark.parametrize("number", [3, pytest.param(25, marks=pytest.mark.nightly)])
def test_a_reader_of_the_feed_misses_nothing_that_eight_phones_text(alice, sent, number):
    """Beside a writer of every other kind: the texts of one account, and of another one."""
    for title in ("milk", "bread", "rent"):
        make_todo(alice, title, tags=["a"])
    words = ("add eggs", "done milk", "undo", "tomorrow bread", "list\ndone 1", "添加 茶", "撤销")

    def phone(which: int) -> int:
        for turn in range(number):
            sid, said = f"SM{which * 1000 + turn:032x}", words[(which + turn) % len(words)]
            assert tell(said, sid, STRANGER if which == 7 else NUMBER) == 200
        return which

    def other(which: int) -> None:
        dice = random.Random(which)  # noqa: S311 - no secret
        for _ in range(number):
            random_change(dice, User.objects.get(pk=alice.pk))

    with polling(Reader(alice)) as reader:
        results = together(9, lambda which: phone(which) if which < 8 else other(which))
    assert sorted(map(str, results)) == sorted([*map(str, range(8)), "None"])
    for _ in range(9 * number * 3):
        reader.poll()
    assert reader.copy == living(alice)
    check(alice)
    assert ReceivedText.objects.filter(answered_at=None).count() == 0


def test_two_people_text_and_get_their_own(text, alice, bob, sent):
    make_todo(alice, "milk")
    make_todo(bob, "private")
    assert text("list") == ["1 milk"]
    assert text("list", STRANGER) == ["1 private"]
    assert text("done 1") == ["Done: milk"]
    assert text("undo", STRANGER) == ["Nothing to undo."]
    assert not Todo.objects.get(title="private").is_finished


def test_a_person_without_an_allowance_is_heard_and_not_answered(text, alice, sent):
    allow(alice, per_day=0)
    assert text("add milk") == []
    assert Todo.objects.get().title == "milk"
    assert Phone.objects.count() == 2
