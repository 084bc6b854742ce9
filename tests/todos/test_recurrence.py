"""Rules of RFC 5545: python-dateutil is the judge of the days, and no rule costs much."""

from datetime import date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from todos.recurrence import in_words, read

BERLIN = ZoneInfo("Europe/Berlin")


def lists(values, most=3):
    return st.lists(values, min_size=1, max_size=most, unique=True)


def joined(values):
    return ",".join(map(str, values))


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    nths = [""] if freq in ("DAILY", "WEEKLY") else draw(
        st.sampled_from([[""], ["1", "2", "-1", "5", "-2"]])
    )  # fmt: skip
    weekdays = st.tuples(st.sampled_from(nths), st.sampled_from(names)).map("".join)
    parts = {
        "INTERVAL": draw(st.none() | st.integers(1, 5)),
        "BYMONTH": draw(st.none() | lists(st.integers(1, 12), 4).map(joined)),
        "BYMONTHDAY": draw(st.none() | lists(st.integers(-31, 31).filter(bool), 5).map(joined)),
        "BYDAY": draw(st.none() | lists(weekdays).map(joined)),
        "WKST": draw(st.none() | st.sampled_from(names)),
    }
    if freq == "WEEKLY":
        del parts["BYMONTHDAY"]
    if freq in ("MONTHLY", "YEARLY") and (parts["BYDAY"] or parts["BYMONTHDAY"]):
        parts["BYSETPOS"] = draw(st.none() | lists(st.sampled_from([1, 2, -1, -2])).map(joined))
    said = [f"{name}={value}" for name, value in parts.items() if value is not None]
    return ";".join([f"FREQ={freq}", *said])


@given(rule=rules(), start=st.dates(date(2020, 1, 1), date(2030, 12, 31)))
@settings(max_examples=settings().max_examples // 5, deadline=None)
def test_the_days_are_those_of_dateutil(rule, start):
    ours = list(islice(read(rule).days(start), 12))  # it looks long for a day that never comes
    days = rrulestr(rule, dtstart=datetime.combine(start, time.min))
    assert ours == [day.date() for day in islice(days, len(ours))]


@given(rule=rules(), start=st.dates(date(2020, 1, 1), date(2030, 12, 31)))
@settings(max_examples=settings().max_examples // 8, deadline=None)
def test_one_after_another_is_the_same_as_all_at_once(rule, start):
    """A to-do knows only its own day, and yet the series stays in step."""
    made = list(islice(read(rule).days(start), 6))
    assert [read(rule).after(day, day) for day in made[:-1]] == made[1:]


def test_weekdays_count_within_the_year_or_the_month():
    first = read("FREQ=YEARLY;BYDAY=1MO,-1MO").days(date(2026, 1, 1))
    assert list(islice(first, 3)) == [date(2026, 1, 5), date(2026, 12, 28), date(2027, 1, 4)]
    second = read("FREQ=YEARLY;BYMONTH=2;BYDAY=5MO").days(date(2026, 1, 1))
    assert list(islice(second, 1)) == [date(2044, 2, 29)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=weekly;byday=fr,mo;interval=2;", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"),
        ("BYDAY=-1FR,+2MO;FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=2MO,-1FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=31,-1,1", "FREQ=MONTHLY;BYMONTHDAY=-1,1,31"),
        ("FREQ=YEARLY;BYDAY=53MO", "FREQ=YEARLY;BYDAY=53MO"),
        ("FREQ=DAILY;INTERVAL=1;WKST=MO;COUNT=3", "FREQ=DAILY;COUNT=3"),
        ("WKST=SU;FREQ=WEEKLY;UNTIL=20261231T090000Z",
         "FREQ=WEEKLY;WKST=SU;UNTIL=20261231T090000Z"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1,1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1,1"),
    ],
)  # fmt: skip
def test_a_rule_has_one_spelling(text, expected):
    assert str(read(text)) == expected
    assert read(expected) == read(text)


@pytest.mark.parametrize(
    "text",
    [
        "", ";", "FREQ", "FREQ=", "FREQ=SECONDLY", "FREQ=HOURLY", "INTERVAL=2", "every day",
        "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYYEARDAY=1", "FREQ=DAILY;X=1",
        "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=1001", "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=1.5", "FREQ=DAILY;INTERVAL=99999", "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=10000", "FREQ=DAILY;COUNT=2;UNTIL=20261231", "FREQ=DAILY;UNTIL=20261331",
        "FREQ=DAILY;UNTIL=2026-12-31", "FREQ=DAILY;UNTIL=20261231T090000",
        "FREQ=DAILY;UNTIL=99991231",
        "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY;BYMONTH=-1", "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=YEARLY;BYMONTH=1;BYDAY=6MO",
        "FREQ=YEARLY;BYDAY=54MO", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;WKST=1", "FREQ=DAILY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "FREQ=YEARLY;BYSETPOS=367",
        "FREQ=MONTHLY;BYSETPOS=32",
        "FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * 63), "FREQ=MONTHLY;BYMONTHDAY=\u0661",
    ],
)  # fmt: skip
def test_other_rules_are_refused(text):
    with pytest.raises(ValidationError) as refused:
        read(text)
    assert refused.value.code == "invalid_recurrence"


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30",
        "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=4,6",
        "FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29",
    ],
)
def test_the_search_for_a_day_that_never_comes_ends(text):
    """python-dateutil looks for seconds, up to the year 9999."""
    start = date(2027, 2, 2)  # a Tuesday
    assert list(read(text).days(start)) == []


def test_a_search_ends_with_the_calendar():
    assert list(read("FREQ=YEARLY").days(date(9997, 1, 1))) == [date(9997, 1, 1), date(9998, 1, 1)]
    assert list(read("FREQ=WEEKLY;INTERVAL=2").days(date(9998, 12, 20))) == [date(9998, 12, 20)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FREQ=DAILY;COUNT=2", ["2026-03-28", "2026-03-29"]),
        ("FREQ=DAILY", ["2026-03-28", "2026-03-29", "2026-03-30"]),
        ("FREQ=DAILY;UNTIL=20260329", ["2026-03-28", "2026-03-29"]),
        ("FREQ=DAILY;UNTIL=20260329T013000Z", ["2026-03-28", "2026-03-29"]),  # 03:30
        ("FREQ=DAILY;UNTIL=20260329T012900Z", ["2026-03-28"]),
        ("FREQ=DAILY;UNTIL=20260301", []),
    ],
)  # fmt: skip
def test_count_and_until_end_a_series(text, expected):
    found = read(text).occurrences(date(2026, 3, 28), time(2, 30), BERLIN, 3)
    assert [day.isoformat() for day in found] == expected


def test_a_day_without_a_time_counts_from_its_first_minute():
    rule = read("FREQ=DAILY;UNTIL=20260328T230000Z")
    found = rule.occurrences(date(2026, 3, 29), None, BERLIN, 9)
    assert list(found) == [date(2026, 3, 29)]
    assert rule.ends_before(date(2026, 3, 29), None, ZoneInfo("UTC"))


def test_a_count_goes_down_to_the_end():
    assert str(read("FREQ=DAILY;COUNT=2").counted_down()) == "FREQ=DAILY;COUNT=1"
    assert read("FREQ=DAILY;COUNT=1").counted_down() is None
    assert read("FREQ=DAILY").counted_down() == read("FREQ=DAILY")


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("FREQ=DAILY", "every day", "每天"),
        ("FREQ=DAILY;INTERVAL=3", "every 3 days", "每 3 天"),
        ("FREQ=WEEKLY;BYDAY=FR", "every Friday", "每星期五"),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "every Monday, Wednesday and Friday",
         "每星期一、星期三和星期五"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday", "每个工作日"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", "every second Friday", "每两周的星期五"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=FR", "every 3 weeks on Friday", "每 3 周的星期五"),
        ("FREQ=WEEKLY;COUNT=4", "every week, 4 times", "每周，共 4 次"),  # noqa: RUF001
        ("FREQ=MONTHLY;UNTIL=20261231", "every month, until 2026-12-31",
         "每月，直到 2026-12-31"),  # noqa: RUF001
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day", "每月的最后一天"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,11,22", "every month on the 1st, the 11th and the 22nd",
         "每月的1日、11日和22日"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "every month on the 3rd day from the end",
         "每月的倒数第 3 天"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=2FR", "every 2 months on the second Friday",
         "每 2 个月的第二个星期五"),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "every year on 24 December", "每年的12月24日"),
        ("FREQ=YEARLY", "every year", "每年"),
        ("FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1", "every year on 1 January and 1 July",
         "每年的1月1日和7月1日"),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=-1", "every year on the last day of May",
         "每年的五月最后一天"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "every year on the fourth Thursday of November",
         "每年的十一月第四个星期四"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,-1", "every month on the 15th and the last day",
         "每月的15日和最后一天"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "every month on the last weekday",
         "每月的最后一个工作日"),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "every weekday", "每个工作日"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU", "every day", "每天"),
        ("FREQ=DAILY;COUNT=1", "every day, once", "每天，仅一次"),  # noqa: RUF001
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "by the rule FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
         "按规则 FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "by the rule FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
         "按规则 FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1"),
        ("FREQ=MONTHLY;BYDAY=MO", "every Monday", "每星期一"),
        ("FREQ=MONTHLY;BYDAY=-2FR", "by the rule FREQ=MONTHLY;BYDAY=-2FR",
         "按规则 FREQ=MONTHLY;BYDAY=-2FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
         "by the rule FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
         "按规则 FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR"),
        ("FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=13;BYDAY=FR",
         "by the rule FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=13;BYDAY=FR",
         "按规则 FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=13;BYDAY=FR"),
        ("FREQ=YEARLY;BYMONTH=1,2", "by the rule FREQ=YEARLY;BYMONTH=1,2",
         "按规则 FREQ=YEARLY;BYMONTH=1,2"),
    ],
)  # fmt: skip
def test_a_rule_in_words(text, english, chinese):
    assert in_words(read(text)) == english
    with translation.override("zh-hans"):
        assert in_words(read(text)) == chinese


def test_a_search_looks_at_so_many_days():
    assert sum(1 for _day in islice(read("FREQ=DAILY").days(date(2026, 1, 1)), 20_000)) == 15_000
