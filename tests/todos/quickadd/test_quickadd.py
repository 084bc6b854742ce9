"""Quick add: the corpus, which the page must read alike, and what holds for any text."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from todos.quickadd import LIMIT, read
from todos.quickadd.grammar import SLOTS, load
from todos.quickadd.meanings import MEANINGS

CORPUS = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))
SENTENCES = CORPUS["sentences"]
NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)  # a Thursday
LONDON = ZoneInfo("Europe/London")


def fields(text, now=NOW, zone=LONDON, lists=CORPUS["lists"]):
    """What was understood, without what was not said."""
    found = asdict(read(text, now, zone, lists.__contains__))
    found |= {"spans": [[*span.values()] for span in found["spans"]], "tags": [*found["tags"]]}
    if found["recurrence_from"] == "due":
        del found["recurrence_from"]
    return {name: value for name, value in found.items() if value or name in ("title", "spans")}


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda each: f"{each['text']}-{each['now']}")
def test_the_corpus_is_read(sentence):
    zone = ZoneInfo(sentence["zone"])
    now = datetime.fromisoformat(sentence["now"]).replace(tzinfo=zone)
    assert fields(sentence["text"], now, zone) == sentence["fields"]


def test_the_corpus_has_a_hundred_sentences_of_each_language():
    counted = [sentence["language"] for sentence in SENTENCES]
    assert min(counted.count("en"), counted.count("zh-hans")) >= 100
    assert {*counted} == {"en", "zh-hans"}


# --- What a sentence may mean, beyond the corpus --------------------------------------------------


def due(on, at=None, time_zone=None):
    return {"on": on, "at": at, "time_zone": time_zone}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sun 9am", ("", due("2026-11-29", "09:00"))),  # an ambiguous word beside a time
        ("Enjoy the sun", ("Enjoy the sun", None)),
        ("sit sat down", ("sit sat down", None)),
        ("meet sat, then rest", ("meet sat, then rest", None)),
        ("morning run", ("morning run", None)),  # a part of a day needs a day
        ("run monday morning", ("run", due("2026-11-30", "09:00"))),
        ("run morning monday", ("run morning", due("2026-11-30"))),
        ("pay 9.30", ("pay 9.30", None)),  # a price
        ("dinner tonight at 8", ("dinner", due("2026-11-26", "20:00"))),
        ("今晚1点睡觉", ("睡觉", due("2026-11-27", "01:00"))),
        ("dinner tonight at 12", ("dinner", due("2026-11-27", "00:00"))),
        ("深夜2点看球", ("看球", due("2026-11-27", "02:00"))),
        ("凌晨12点抢票", ("抢票", due("2026-11-27", "00:00"))),
        ("中午1点吃饭", ("吃饭", due("2026-11-26", "13:00"))),
        ("work 9am to 5pm", ("work 9am to 5pm", None)),  # a range is no moment
        ("明天下午2点到4点开会", ("下午2点到4点开会", due("2026-11-27"))),
        ("trip dec 1 until dec 5", ("trip until dec 5", due("2026-12-01"))),
        ("准备明天的会议", ("准备明天的会议", None)),  # whose meeting, not when
        ("tomorrow's news", ("tomorrow's news", None)),
        ("call bob at 9am or at 5pm", ("call bob at 9am or at 5pm", None)),  # which of them?
        ("call ann about friday tomorrow", ("call ann about", due("2026-11-27"))),
        ("monday, dec 7: dentist", ("dentist", due("2026-12-07"))),
        ("dec 7 monday dentist", ("dentist", due("2026-12-07"))),
        ("dec 7 (monday) dentist", ("dentist", due("2026-12-07"))),
        ("fly may 5, 2027", ("fly", due("2027-05-05"))),
        ("fly tomorrow, may 5", ("fly tomorrow", due("2027-05-05"))),
        ("in 9999 years", ("in 9999 years", None)),
        ("in 9999 workdays", ("", due("2065-03-25"))),
        ("13 pm, 25:00, 12:61, 30 feb", ("13 pm, 25:00, 12:61, 30 feb", None)),
        ("the 0th, 0月1日, 9999-01-01", ("the 0th, 0月1日, 9999-01-01", None)),
        ("25点开会", ("25点开会", None)),
        ("at 24:00 sleep", ("sleep", due("2026-11-27", "00:00"))),
        ("lunch @noon", ("lunch", due("2026-11-26", "12:00"))),
        ("@nobody lunch", ("@nobody lunch", None)),
        ('lunch @"my', ('lunch @"my', None)),
        ("call in 30 minutes", ("call", due("2026-11-26", "10:30", "Europe/London"))),
        ("due by friday: report", ("report", due("2026-11-27"))),
        ("report next week", ("report", due("2026-11-30"))),
        ("report by end of week", ("report", due("2026-11-27"))),
        ("report first monday of next month", ("report", due("2026-12-07"))),
        ("the last friday of november: drinks", ("drinks", due("2026-11-27"))),
        ("fifth monday of february", ("fifth monday of february", None)),  # next in 2044
        ("tenth monday of may", ("tenth monday of may", None)),
        ("a b c d", ("a b c d", None)),
        ("开会（明天）", ("开会", due("2026-11-27"))),  # noqa: RUF001
        ("", ("", None)),
    ],
)
def test_what_is_not_understood_stays_in_the_title(text, expected):
    found = read(text, NOW, LONDON, CORPUS["lists"].__contains__)
    assert (found.title, found.due) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every! 3 days", ("FREQ=DAILY;INTERVAL=3", "completion")),
        ("every 0 days", (None, "due")),
        ("every 2000 days", (None, "due")),
        ("every 2 months on friday", ("FREQ=MONTHLY;INTERVAL=2", "due")),
        ("every tenth monday", (None, "due")),
        ("every 32nd", (None, "due")),
        ("每隔2周", ("FREQ=WEEKLY;INTERVAL=3", "due")),
        ("every day until fri", ("FREQ=DAILY;UNTIL=20261127", "due")),
        ("每周一三点", ("FREQ=WEEKLY;BYDAY=MO", "due")),
        ("每周三、五点", ("FREQ=WEEKLY;BYDAY=WE", "due")),
        ("every mon, tue, wed, thu, fri, sat, sun, mon",
         ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "due")),
        ("weekends", ("FREQ=WEEKLY;BYDAY=SA,SU", "due")),
        ("last friday of every month", ("FREQ=MONTHLY;BYDAY=-1FR", "due")),
        ("last day of every month", ("FREQ=MONTHLY;BYMONTHDAY=-1", "due")),
    ],
)  # fmt: skip
def test_rules(text, expected):
    found = read(text, NOW, LONDON)
    assert (found.recurrence, found.recurrence_from) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x #a #b #a", {"title": "x", "tags": ["a", "b"]}),
        ("x #1 #- C#d a#b", {"title": "x #1 #- C#d a#b"}),
        ("x #🏠 #家。y", {"title": "x。y", "tags": ["🏠", "家"]}),
        (f"x #{'a' * 51}", {"title": f"x #{'a' * 51}"}),
        ("x #tag!", {"title": "x!", "tags": ["tag"]}),
        ("x @home @office", {"title": "x @home", "list": "office"}),
        ("x !1 !4", {"title": "x !1", "priority": 4}),
        ("x !5 !12 y!1 !", {"title": "x !5 !12 y!1 !"}),
    ],
)
def test_marks(text, expected):
    found = fields(text)
    assert {name: value for name, value in found.items() if name != "spans"} == expected


def test_at_most_twenty_tags():
    text = " ".join(f"#t{number}" for number in range(25))
    found = read(text, NOW, LONDON)
    assert len(found.tags) == len(found.spans) == 20
    assert found.title == "#t20 #t21 #t22 #t23 #t24"


# --- What holds for any text ----------------------------------------------------------------------

PIECES = st.sampled_from(
    [each["text"] for each in SENTENCES]
    + [word for words in load().classes.values() for those in words.values() for word in
       ("".join(texts) for texts, _value in those)]
)  # fmt: skip
TEXTS = st.lists(PIECES | st.text(max_size=12), max_size=8).flatmap(
    lambda pieces: st.sampled_from(["", " ", ",", "\uff0c"]).map(lambda joint: joint.join(pieces))
)


@given(text=TEXTS, minutes=st.integers(-(10**7), 10**7))
@settings(max_examples=settings().max_examples // 5, deadline=None)
def test_any_text_is_read_and_no_character_is_invented(text, minutes):
    found = read(text, NOW + timedelta(minutes=minutes), LONDON)
    places = [(span.start, span.end) for span in found.spans]
    flat = [place for pair in places for place in pair]
    assert flat == sorted(flat)
    assert all(start < end <= min(len(text), LIMIT) for start, end in places)
    left = list(text)
    for start, end in places:
        left[start:end] = "\0" * (end - start)
    rest = iter("".join(left))
    assert all(character in rest for character in found.title.replace(" ", ""))  # in this order


def test_every_phrase_has_slots_and_a_meaning():
    grammar = load()
    slots = {element.slot for phrase in grammar.phrases for element in phrase.elements} - {""}
    assert slots <= set(grammar.classes) | set(SLOTS)
    assert {phrase.do for phrase in grammar.phrases} - {"text"} == set(MEANINGS)
    assert {phrase.condition for phrase in grammar.phrases} == {"", "before", "beside", "near"}


def test_only_the_beginning_of_a_long_text_is_read():
    text = "x" * LIMIT + " tomorrow #tag"
    assert fields(text) == {"title": text, "spans": []}
