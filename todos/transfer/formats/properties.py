"""Reads the properties of a VTODO one by one, so that an error affects no other (RFC 5545)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from accounts.models import time_zone_named, time_zone_names
from core import values
from todos.transfer.formats.table import INVALID
from todos.transfer.records import FileError, Record
from todos.transfer.source import LONGEST_LINE, Source

_VALUES: Final = r'(?:"[^"]*"|[^";:])*'
LINE: Final = re.compile(rf"([A-Za-z0-9-]+)((?:;[^=;:]+={_VALUES})*):(.*)", re.DOTALL)
PARAMETER: Final = re.compile(rf";([^=;:]+)=({_VALUES})")
SPECIAL: Final = re.compile(r"\r\n|[\\;,\r\n]")
ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
PRIORITY_OUT: Final = {4: 1, 3: 3, 2: 5, 1: 9}
PRIORITY_IN: Final = {**dict.fromkeys((1, 2), 4), **dict.fromkeys((3, 4), 3), 5: 2}


@dataclass(frozen=True)
class Property:
    line: int
    name: str
    parameters: Any
    value: str


def unfolded(source: Source) -> Iterator[tuple[int, str]]:
    """Unfolded lines with their numbers: a line that starts with a blank continues the last."""
    whole, begin = "", 0
    for number, text in enumerate(source.lines(), start=1):
        line = text.rstrip("\r\n")
        if line[:1] in (" ", "\t") and whole:
            whole += line[1:]
            if len(whole) > LONGEST_LINE:
                raise FileError("line_too_long", "A line is longer than a mebibyte.")
            continue
        if whole:
            yield begin, whole
        whole, begin = line, number
    if whole:
        yield begin, whole


def parsed(line: int, text: str) -> Property | None:
    found = LINE.fullmatch(text)
    if found is None:
        return None
    parameters = {name.upper(): value.strip('"') for name, value in PARAMETER.findall(found[2])}
    return Property(line, found[1].upper(), parameters, found[3])


class Written(str):
    r"""A value that is already escaped; vText of icalendar would turn `\N` into a line break."""

    __slots__ = ()

    def to_ical(self) -> str:
        return str(self)


def written(text: str) -> Written:
    r"""Escape as in RFC 5545, 3.3.11, so that `text_of` returns the same text."""
    return Written(SPECIAL.sub(lambda it: r"\n" if it[0].strip() == "" else f"\\{it[0]}", text))


def text_of(found: Property) -> str:
    return unescaped(found.value)


def unescaped(text: str) -> str:
    r"""Unescape as in RFC 5545, 3.3.11: only `\n` has a meaning, a line break."""
    return ESCAPED.sub(lambda it: "\n" if it[1] in "nN" else it[1], text)


def moment_of(found: Property) -> tuple[date, str | None]:
    """A day or a moment, and the name of its zone; a moment without one is floating.

    Raises ValueError.
    """
    text = found.value.strip()
    if len(text) == 8:
        return datetime.strptime(text, "%Y%m%d").date(), None  # noqa: DTZ007
    if text.endswith("Z"):
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), "UTC"
    moment = datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007
    name = found.parameters.get("TZID")
    return moment, zone_named(str(name)) if name else None


def zone_named(text: str) -> str:
    """The IANA name of a calendar's zone, which may have a vendor's prefix or a Windows name.

    Raises ValueError.
    """
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - 190 ms

    parts = text.strip("/\"'").split("/")
    tries = ["/".join(parts[-length:]) for length in (3, 2, 1)]
    for each in (text, WINDOWS_TO_OLSON.get(text, ""), *tries):
        if (name := time_zone_named(each)) in time_zone_names():
            return name
    raise ValueError(text)


def due_of(found: Property) -> dict[str, Any]:
    """The due as in JSON. Raises ValueError."""
    moment, zone = moment_of(found)
    if not isinstance(moment, datetime):
        return {"on": moment.isoformat(), "at": None, "time_zone": None}
    return {"on": moment.date().isoformat(), "at": f"{moment:%H:%M}", "time_zone": zone}


def instant_of(found: Property) -> str:
    """A moment in UTC. Raises ValueError."""
    moment, zone = moment_of(found)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone or "UTC"))
    return values.written(values.clamped(aware))


def duration_of(text: str) -> timedelta:
    """Raises ValueError."""
    from icalendar import vDuration  # noqa: PLC0415 - 190 ms

    found: timedelta = vDuration.from_ical(text)  # type: ignore[no-untyped-call]
    return found


def take(record: Record, name: str, found: Property, read: Any) -> None:
    """Store the member of a property, or report a problem if it is invalid."""
    try:
        record.values[name] = read(found)
    except (ValueError, OverflowError):
        record.add_problem("invalid", INVALID, name)
