"""A person lists, adds, finishes and puts off by text; docs/texts.md says how."""

import json
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from core.models import Counter
from sms import answers, service
from sms.models import Message, OptOut, Phone, ReceivedText
from sms.states import State
from tests import task_backends
from tests.builders import make_list, make_todo
from tests.conftest import make_user
from tests.feeds import check, last
from tests.todos.answers.conftest import NOON, NUMBER, STRANGER, tell
from todos.answers.reading import load
from todos.models import Due, Todo

pytestmark = pytest.mark.django_db(transaction=True)
SID = f"SM{'7' * 32}"
HELP = (
    "Text: done 2, snooze 2 1h, tomorrow 2, add buy milk fri 9am, list, today, undo."
    " Numbers are those of your last list. STOP ends all texts."
)
HELP_ZH = load().replies["zh"]["help"]
DIALOGUE = Path(__file__).with_name("dialogue.json")


@pytest.fixture
def three(alice, bob, sent) -> list[Todo]:
    make_todo(bob, "private")
    return [make_todo(alice, title) for title in ("call Anna", "bread", "milk")][::-1]


def due_of(todo: Todo) -> Due | None:
    return Todo.objects.get(pk=todo.pk).due


def states(owner) -> dict[str, str]:
    return dict(Todo.objects.owned_by(owner).values_list("title", "status"))


def test_a_list_and_its_numbers(text, three, alice, bob):
    assert text("list") == ["1 milk\n2 bread\n3 call Anna"]
    assert text("done 2") == ["Done: bread"]
    assert text("done 3") == ["Done: call Anna"]  # by the list that was sent, not as it is now
    assert text("done 3") == ["Already done: call Anna"]
    assert states(alice) == {"milk": "open", "bread": "finished", "call Anna": "finished"}
    assert states(bob) == {"private": "open"}
    assert text("list") == ["1 milk"]
    assert text("done 3") == ["There is no 3 in your last list. Text LIST."]
    check(alice)


def test_the_open_page_sees_it_at_once(text, three, alice):
    text("list")
    text("done 2")
    assert last(alice) == ("todo", str(three[1].pk))


def test_several_at_once_and_line_by_line(text, three, alice):
    text("list")
    [answer] = text("done 1, 2\nadd pay rent friday 9am\nnonsense\nlist")
    assert answer.splitlines() == [
        "Done: milk; bread",
        "Added: pay rent, tomorrow 09:00",
        'I do not understand "nonsense".',
        "1 pay rent",
        "2 call Anna",
    ]
    assert text("done 1") == ["Done: pay rent"]


def test_in_chinese(text, alice, sent):
    for said, answered in json.loads(DIALOGUE.read_text(encoding="utf-8")):
        assert text(said) == answered
    assert [tag.name for tag in Todo.objects.get().tags.all()] == ["店"]


def test_by_a_word_of_the_title(text, alice, sent):
    for title in ("oat milk", "Milk", "almond milk", "bread"):
        make_todo(alice, title)
    assert text("done BREAD") == ["Done: bread"]
    assert text("done milk") == ["Done: Milk"]  # the one that is called so
    assert text("done milk") == ["Which one?\n1 almond milk\n2 oat milk"]
    assert text("done 1") == ["Done: almond milk"]
    assert text("done cheese") == ['No open to-do has "cheese".']
    assert text("snooze oat 30m") == ["oat milk: today 12:30"]


def test_what_a_reminder_of_one_thing_is_answered(text, three, alice):
    service.queue(actor=alice, to=NUMBER, body="bread", refers_to=[three[1].pk])
    assert text("snooze") == ["bread: today 13:00"]
    assert text("Done!") == ["Done: bread"]
    text("list")
    assert text("done") == ["Say which: a number of your last list, or a word of its title."]


def test_putting_off(text, alice, sent):
    timed = make_todo(alice, "milk", due=Due(date(2026, 11, 20), time(8), "UTC"))
    daily = make_todo(alice, "bread", due=Due(date(2026, 11, 28)))
    make_todo(alice, "rent")
    text("list")
    for words, index, expected in (
        ("snooze 1 1h", 0, Due(date(2026, 11, 26), time(13), "UTC")),
        ("tomorrow 1", 0, Due(date(2026, 11, 27), time(13), "UTC")),
        ("tomorrow 1 9am", 0, Due(date(2026, 11, 27), time(9))),
        ("snooze 1 2 days", 0, Due(date(2026, 11, 29), time(9))),
        ("snooze 1 fri 5pm", 0, Due(date(2026, 11, 27), time(17))),
        ("snooze 1 monday", 0, Due(date(2026, 11, 30), time(17))),
        ("today 1", 0, Due(date(2026, 11, 26), time(17))),
        ("snooze 1 half an hour", 0, Due(date(2026, 11, 26), time(12, 30), "UTC")),
        ("snooze 2 1w", 1, Due(date(2026, 12, 5))),
        ("tomorrow bread", 1, Due(date(2026, 11, 27))),
        ("snooze 2", 1, Due(date(2026, 11, 26), time(13), "UTC")),
        ("推迟2 半天", 1, Due(date(2026, 11, 27), time(13), "UTC")),
    ):
        text(words)
        assert due_of((timed, daily)[index]) == expected, words
    assert text("tomorrow 3") == ["rent: tomorrow"]
    assert text("snooze 3 someday") == [
        'I do not understand when: "someday". Say 1h, tomorrow or fri 9am.'
    ]
    assert text("tomorrow 3 maybe") == [
        'I do not understand when: "maybe". Say 1h, tomorrow or fri 9am.'
    ]


def test_what_is_beyond_the_calendar_is_not_understood(text, alice, sent):
    make_todo(alice, "milk", due=Due(date(9998, 12, 1)))
    wrong = 'I do not understand when: "{}". Say 1h, tomorrow or fri 9am.'
    for words in ("9999w", "5 weeks"):
        [said] = text(f"snooze milk {words}")
        assert said == wrong.format(f"milk {words}")


def test_what_is_put_off_is_on_the_persons_clock(text, alice, sent):
    alice.change(time_zone="Asia/Tokyo")  # 21:00 there
    todo = make_todo(alice, "milk", due=Due(date(2026, 11, 26), time(9)))
    assert text("tomorrow milk") == ["milk: tomorrow 09:00"]
    assert text("snooze milk 4h") == ["milk: tomorrow 01:00"]
    assert due_of(todo) == Due(date(2026, 11, 27), time(1), "Asia/Tokyo")


def test_what_is_due_today(text, alice, sent):
    make_todo(alice, "late", due=Due(date(2026, 11, 20)))
    make_todo(alice, "now", due=Due(date(2026, 11, 26), time(18)))
    make_todo(alice, "later", due=Due(date(2026, 11, 27)))
    make_todo(alice, "asleep", due=Due(date(2026, 11, 26)), start_on=date(2026, 11, 27))
    archived = make_list(alice, "old")
    make_todo(alice, "old", due=Due(date(2026, 11, 26)), list=archived)
    archived.change(archived_at=NOON)
    assert text("today") == ["1 late\n2 now"]
    assert text("list") == ["1 late\n2 now\n3 later"]


def test_undo_takes_back_what_the_last_texts_did(text, three, alice):
    text("list")
    text("done 1 2")
    text("tomorrow 3")
    text("add cheese")
    assert text("undo") == ["Undone: cheese"]
    assert text("undo") == ["Undone: call Anna"]
    assert text("undo") == ["Undone: bread; milk"]
    assert text("undo") == ["Nothing to undo."]
    assert states(alice) == {"milk": "open", "bread": "open", "call Anna": "open"}
    assert due_of(three[2]) is None
    assert text("done 1\nundo\nundo") == ["Done: milk\nUndone: milk\nNothing to undo."]


def test_undo_leaves_what_was_changed_since(text, three, api, alice):
    text("list")
    text("tomorrow 1")
    path = f"/api/v1/todos/{three[0].pk}/"
    api(alice).patch(path, {"due": {"on": "2026-12-24"}})
    assert text("undo") == ["Changed since, so it stays: milk"]
    text("add cheese")
    Todo.objects.get(title="cheese").delete()
    assert text("undo") == ["No longer there: "]
    assert due_of(three[0]) == Due(date(2026, 12, 24))


def test_an_undo_that_is_late_undoes_nothing_that_came_after_it(text, three, settings, sent, noon):
    text("done bread")
    task_backends.recorded(settings)
    text("undo")
    task_backends.use(settings, task_backends.IMMEDIATE)
    noon.shift(40)
    Todo.objects.get(title="bread").reopen()
    Todo.objects.get(title="bread").finish()
    assert answers.catch_up(timezone.now(), 50) == 1
    assert sent[-1]["body"] == "Changed since, so it stays: bread"
    assert Todo.objects.get(title="bread").is_finished


def test_undo_and_numbers_last_for_a_day(text, three, noon):
    text("list")
    text("done 1")
    noon.shift(timedelta(days=1))
    assert text("done 1") == ["There is no 1 in your last list. Text LIST."]
    assert text("undo") == ["Nothing to undo."]


@pytest.mark.parametrize(
    ("seconds", "answer"),
    [(-1, "Done: milk"), (0, "There is no 1 in your last list. Text LIST.")],
)
def test_the_day_of_a_list_ends_at_its_second(text, three, noon, seconds, answer):
    text("list")
    noon.shift(timedelta(days=1, seconds=seconds - 1))  # and one of the next text
    assert text("done 1") == [answer]


def test_what_is_gone_is_said_to_be(text, three):
    text("list")
    Todo.objects.get(title="milk").trash()
    assert text("done 1 2") == ["Done: bread\nNo longer there: 1"]


def test_an_answer_fits_one_segment(text, alice, sent):
    for number in range(30):
        make_todo(alice, f"{number} a title that goes on and on, further than anybody reads")
    [listed] = text("list")
    assert listed.splitlines()[-1] == "+26 more"
    assert listed.splitlines()[0] == "1 29 a title that goes on and.."
    assert Message.objects.get().segments == 1
    assert text("done 5") == ["There is no 5 in your last list. Text LIST."]
    assert text("done 4")[0].startswith("Done: 26 a title")


def test_a_list_of_chinese_titles_fits_too(text, alice, sent):
    for _ in range(12):
        make_todo(alice, "买牛奶和面包还有鸡蛋以及很多很多别的东西")
    [listed] = text("列表")
    assert listed.splitlines()[-1] == "另有10项"
    assert Message.objects.get().segments == 1
    for _ in range(2):
        make_todo(alice, "卖" * 40, due=Due(date(2026, 11, 26)))
    make_todo(alice, "买" * 40, due=Due(date(2026, 11, 26)))
    assert text("今天")[0].splitlines() == [f"1 {'买' * 28}..", f"2 {'卖' * 28}..", "另有1项"]


def test_a_list_of_long_titles_has_one_at_least(text, alice, sent):
    for _ in range(2):
        make_todo(alice, "👩\u200d👧\u200d👦🏽" * 8)
    assert text("list")[0].splitlines()[-1] == "+1 more"


def test_what_costs_more_is_written_plainly(text, alice, sent):
    make_todo(alice, "Anna\u2019s book \u2013 the blue one")
    assert text("list") == ["1 Anna's book - the blue one"]


def test_a_long_answer_is_cut_line_by_line(text, alice, sent):
    body = "\n".join(f"done nothing that is called {number}" for number in range(12))
    [answer] = text(body)
    assert answer.splitlines()[-1] == "..."
    assert Message.objects.get().segments == 2
    assert text("add a\n" * 11)[0].splitlines()[-1] == "I read 10 lines, no more."


def test_nobody_reads_more_than_ten_lines(text, alice, sent):
    text("\n".join(f"add {number}" for number in range(30)))
    assert Todo.objects.owned_by(alice).count() == 10


def test_what_is_not_understood_is_helped_with_once_an_hour(text, three, noon):
    assert text("what is this") == [HELP]
    assert text("no idea") == []
    assert text("hello", STRANGER) == [HELP]
    assert text("看不懂") == []
    noon.shift(timedelta(hours=1))
    assert text("帮我做个饭") == [HELP_ZH]
    assert text("commands") == [HELP]  # who asks is told
    assert text("帮助") == [HELP_ZH]


@pytest.mark.parametrize("word", ["STOP", "start", "help", "info", "cancel", "END", "yes", "quit"])
def test_keywords_stay_keywords(text, three, alice, word):
    text("list")
    assert text(word) == []
    assert set(states(alice).values()) == {"open"}


def test_a_keyword_with_more_is_no_keyword(text, three):
    assert text("cancel 3") == [HELP]
    assert not OptOut.objects.exists()


def test_who_has_stopped_is_not_answered_and_still_heard(text, three, alice):
    text("list")
    text("STOP")
    assert text("done 1") == []
    assert states(alice)["milk"] == "finished"
    text("START")
    assert text("done 2") == ["Done: bread"]


@pytest.mark.parametrize("body", ["add milk", "list", "hello", "done 1", "", "\u200b"])
def test_strangers_cost_nothing(text, alice, body, noon):
    unknown = "+15005550011"
    Phone.objects.create(account=make_user("c@example.com", is_active=False), number="+15005550012")
    for number in (unknown, "+15005550012", "12345", "Nudge"):
        assert text(body, number) == []
    assert not Counter.objects.exists()
    assert not ReceivedText.objects.exists()
    assert not Todo.objects.exists()


def test_an_operator_may_switch_answers_off(text, settings, three):
    settings.SMS_ANSWERS = ""
    assert text("list") == []


def test_the_number_in_another_spelling_is_known(text, alice, settings):
    settings.SMS_ALLOWED_REGIONS = ["MX"]
    Phone.objects.filter(account=alice).update(number="+525512345678")
    tell("add milk", SID, "+5215512345678")
    assert states(alice) == {"milk": "open"}


def test_answers_are_paid_from_the_persons_allowance(text, three, alice):
    alice.sms_allowance.per_day = 1
    alice.sms_allowance.save()
    assert text("done milk") == ["Done: milk"]
    assert text("done bread") == []
    assert states(alice)["bread"] == "finished"


def test_the_signature_of_a_phone_is_no_command(text, three):
    assert text("done milk\nSent from my iPhone") == ["Done: milk"]


def test_a_loop_ends_at_the_limit_of_changes(text, three, settings):
    settings.WRITE_LIMIT = 2
    assert [text("done milk"), text("undo"), text("done milk")] == [
        ["Done: milk"],
        ["Undone: milk"],
        ["Too many changes. Try again in 15 minutes."],
    ]


def test_a_full_account_is_told(text, three, settings):
    settings.QUOTA_TODOS = 3
    assert text("add cheese") == ["Your account is full."]
    assert text("add") == ["Say what to add: add buy milk tomorrow 9am"]
    assert text("add " + "a" * 200) == [f"That could not be done: {'a' * 28}.."]


def test_a_list_is_named(text, alice, sent):
    shop = make_list(alice, "Shop")
    text("add milk @shop")
    assert Todo.objects.get().list == shop


def test_what_was_written_is_forgotten(text, three):
    text("add secret words")
    kept = ReceivedText.objects.get()
    assert (kept.body, kept.reply) == ("", "")
    assert "secret" not in str(kept.undo)


# --- Told twice, late, half done ------------------------------------------------------------------


def test_a_text_that_is_told_again_does_nothing_twice(text, three, sent, alice):
    text("list")
    for _ in range(3):
        text("add cheese\ndone 1", sid=SID)
    assert [each["body"] for each in sent[1:]] == ["Added: cheese\nDone: milk"]
    assert len(states(alice)) == 4


def test_a_late_text_means_the_list_of_its_time(text, three, settings, sent, noon, alice):
    """The task was lost; meanwhile another list was sent."""
    text("list")
    recorded = task_backends.recorded(settings)
    tell("done 1", SID)
    assert recorded == [(SID,)]
    task_backends.use(settings, task_backends.IMMEDIATE)
    Todo.objects.get(title="milk").finish()
    assert text("list") == ["1 bread\n2 call Anna"]
    noon.shift(40)
    assert [answers.catch_up(timezone.now(), 50) for _ in range(2)] == [1, 0]
    assert sent[-1]["body"] == "Already done: milk"
    assert states(alice)["bread"] == "open"


def test_a_text_whose_handler_fails_is_tried_again(text, three, settings, caplog, alice, noon):
    settings.SMS_ANSWERS = "tests.todos.answers.test_answers.failing"
    with pytest.raises(ZeroDivisionError):
        answers.respond(_kept("done milk"))
    kept = ReceivedText.objects.get()
    assert (kept.done_at, kept.body) == (None, "done milk")
    noon.shift(99)
    assert answers.catch_up(timezone.now(), 50) == 0
    assert "could not be answered: ZeroDivisionError" in caplog.text
    settings.SMS_ANSWERS = "todos.answers.answer"
    noon.shift(59)  # the one that failed may still be at it
    assert answers.catch_up(timezone.now(), 50) == 0
    noon.shift(1)
    assert answers.catch_up(timezone.now(), 50) == 1
    assert states(alice)["milk"] == "finished"


def _kept(body: str) -> str:
    phone = Phone.objects.get(number=NUMBER)
    at = timezone.now()
    row = ReceivedText.objects.create(
        sid=SID, account_id=phone.account_id, number=NUMBER, body=body, received_at=at
    )
    return row.sid


def failing(asked: service.Asked) -> service.Reply:
    raise ZeroDivisionError


def test_a_process_that_dies_before_the_answer_is_queued_answers_later(
    text, three, sent, monkeypatch, alice
):
    queue = service.queue
    monkeypatch.setattr(service, "queue", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        answers.respond(_kept("done milk"))
    monkeypatch.setattr(service, "queue", queue)
    ReceivedText.objects.update(claimed_at=None)
    for _ in range(2):
        answers.respond(SID)
    assert [each["body"] for each in sent] == ["Done: milk"]
    check(alice)


def test_an_answer_of_an_hour_ago_is_not_sent(text, three, noon):
    _kept("done milk")
    noon.shift(timedelta(hours=1))
    answers.respond(SID)
    assert Todo.objects.get(title="milk").status == "open"


def test_a_list_that_never_left_means_nothing(text, three, alice):
    gone = service.queue(actor=alice, to=NUMBER, body="1 milk", refers_to=[three[0].pk])
    Message.objects.filter(pk=gone.pk).update(state=State.BLOCKED, finished_at=NOON)
    assert text("done 1") == ["There is no 1 in your last list. Text LIST."]


def test_the_former_owner_of_a_number_leaves_no_numbers_behind(text, three, alice, bob):
    text("add bread\nlist")
    Phone.objects.filter(account=bob).delete()
    Phone.objects.filter(account=alice).update(account=bob)
    assert text("done 1") == ["There is no 1 in your last list. Text LIST."]
    assert text("undo") == ["Nothing to undo."]
    assert text("list") == ["1 private"]


def test_the_former_number_of_a_person_leaves_nothing_to_undo_behind(text, three, alice):
    text("add cheese\nlist")
    new = "+15005550096"
    Phone.objects.filter(account=alice).update(number=new)
    assert text("undo", new) == ["Nothing to undo."]
    assert text("done 1", new) == ["There is no 1 in your last list. Text LIST."]
