"""iCalendar (RFC 5545, 9074): a VTODO for each to-do, a VALARM for each reminder.

Members without a standard property use own properties, X-NUDGE-...; other programs keep or ignore
them. A whole day is a DATE; a time without a zone is floating.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from accounts.models import User, zone_called
from core import ids
from todos.models import Due, Reminder, Todo
from todos.transfer.formats import properties
from todos.transfer.formats.properties import Property, Written, written
from todos.transfer.formats.table import INVALID
from todos.transfer.records import FileError, Record, Records
from todos.transfer.rows import todos_of
from todos.transfer.source import Source

PRODUCT: Final = "-//Nudge//Nudge//EN"
PART: Final = re.compile(r"(?:[^,\\]|\\.)+", re.DOTALL)
FIRST_YEAR, LAST_YEAR = 1970, 2037  # of the clock changes in a VTIMEZONE


def write(person: User) -> Iterator[str]:
    yield from calendar(person, (component(todo, person) for todo in todos_of(person)))


def calendar(person: User, components: Iterable[Any], most: int | None = None) -> Iterator[str]:
    """The lines of a calendar; time zones follow the components that use them.

    Stops before the component that would exceed `most`, in bytes of JSON.
    """
    yield f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:{PRODUCT}\r\nCALSCALE:GREGORIAN\r\n"
    zones: dict[str, str] = {}
    size = 0
    for each in components:
        names = {str(it.params["TZID"]) for it in each.values() if "TZID" in _params(it)}
        new = {name: _zone(name) for name in names - zones.keys()}
        text = each.to_ical().decode()
        if most is not None and (size := size + len(json.dumps([text, *new.values()]))) > most:
            break
        zones |= new
        yield text
    for name in sorted(zones):
        yield zones[name]
    yield "END:VCALENDAR\r\n"


def _params(value: Any) -> Any:
    return getattr(value, "params", ())


def _zone(name: str) -> str:
    from icalendar import Timezone  # noqa: PLC0415 - 190 ms

    found = Timezone.from_tzid(
        name, first_date=date(FIRST_YEAR, 1, 1), last_date=date(LAST_YEAR, 1, 1)
    )
    return str(found.to_ical().decode())


# --- Out ------------------------------------------------------------------------------------------


def component(todo: Todo, person: User) -> Any:
    from icalendar import Todo as Component  # noqa: PLC0415 - 190 ms
    from icalendar import vRecur  # noqa: PLC0415

    made = Component()
    for name, value in _plain(todo):
        if value not in (None, ""):
            _add(made, name, value)
    if todo.recurrence:
        made.add("rrule", vRecur.from_ical(todo.recurrence))
    if names := sorted(tag.name for tag in todo.tags.all()):
        made.add("categories", Written(",".join(map(written, names))), encode=False)
    _add_days(made, todo)
    for reminder in todo.reminders:
        made.add_component(_alarm(reminder, todo, person))
    return made


def event(todo: Todo) -> Any:
    """An event for calendars without tasks: half an hour from the due, or the whole day."""
    from icalendar import Event, vRecur  # noqa: PLC0415 - 190 ms

    made, begin = Event(), when(todo.due)
    made.add("uid", f"{todo.pk}-event")
    made.add("dtstamp", todo.updated_at.astimezone(UTC))
    _add(made, "summary", todo.title)
    made.add("dtstart", begin)
    made.add("dtend", begin + (timedelta(minutes=30) if todo.due.at else timedelta(days=1)))
    if todo.notes:
        _add(made, "description", todo.notes)
    if todo.recurrence:
        made.add("rrule", vRecur.from_ical(todo.recurrence))
    made.add("transp", "TRANSPARENT")
    return made


def _add(made: Any, name: str, value: Any) -> None:
    is_text = isinstance(value, str)
    made.add(name, written(value) if is_text else value, encode=not is_text)


def _plain(todo: Todo) -> list[tuple[str, Any]]:
    finished = todo.is_finished
    return [
        ("uid", str(todo.pk)),
        ("dtstamp", todo.updated_at.astimezone(UTC)),
        ("created", todo.created_at.astimezone(UTC)),
        ("last-modified", todo.updated_at.astimezone(UTC)),
        ("summary", todo.title),
        ("description", todo.notes),
        ("status", "COMPLETED" if finished else "NEEDS-ACTION"),
        ("completed", todo.finished_at and todo.finished_at.astimezone(UTC)),
        ("priority", properties.PRIORITY_OUT.get(todo.priority)),
        ("related-to", str(todo.parent_id or "")),
        ("x-nudge-list", "" if todo.list.is_inbox else todo.list.name),
        ("x-nudge-position", todo.position),
        ("x-nudge-recurrence-from", "" if todo.recurrence_from == "due" else todo.recurrence_from),
    ]


def _add_days(made: Any, todo: Todo) -> None:
    """Add DUE, and DTSTART of its type and not later; a rule needs it (RFC 5545, 3.8.2)."""
    due, start = todo.due and when(todo.due), todo.start_on
    if due is not None:
        made.add("due", due)
    begin = _beginning(todo)
    if begin is not None:
        made.add("dtstart", begin)
    if start is not None and (begin is None or begin == due or _day(begin) != start):
        made.add("x-nudge-start-on", start.isoformat())


def _beginning(todo: Todo) -> date | None:
    due, start = todo.due and when(todo.due), todo.start_on
    if due is None:
        return start
    if start is not None and start < _day(due):
        return due.replace(year=start.year, month=start.month, day=start.day)
    return due if todo.recurrence else None


def when(due: Due) -> date:
    if due.at is None:
        return due.on
    zone = zone_called(due.time_zone) if due.time_zone else None
    return datetime.combine(due.on, due.at, UTC if due.time_zone == "UTC" else zone)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _alarm(reminder: Reminder, todo: Todo, person: User) -> Any:
    from icalendar import Alarm  # noqa: PLC0415 - 190 ms

    made = Alarm()
    made.add("action", "DISPLAY")
    _add(made, "description", todo.title)
    made.add("uid", str(reminder.id))
    if reminder.minutes_before is None:
        made.add("trigger", reminder.remind_at, parameters={"VALUE": "DATE-TIME"})
    else:
        hour = person.digest_hour * 60 if todo.due and todo.due.at is None else 0
        before = timedelta(minutes=hour - reminder.minutes_before)
        made.add("trigger", before, parameters={"RELATED": "END"})
        made.add("x-nudge-minutes-before", str(reminder.minutes_before))
    if reminder.channel:
        made.add("x-nudge-channel", reminder.channel)
    return made


# --- In -------------------------------------------------------------------------------------------


def read(source: Source, person: User) -> Records:
    reader = _Reader()
    for line, text in properties.unfolded(source):
        found = properties.parsed(line, text)
        if found is None:
            reader.unknown(line)
        elif (record := reader.take(found)) is not None:
            yield record
    if not reader.has_begun:
        raise FileError("calendar", "This is not an iCalendar file: it has no VCALENDAR.")
    if reader.inside:
        raise FileError(
            "calendar", f"The file is incomplete: it ends inside a {reader.inside[-1][:20]}."
        )


class _Reader:
    """Reads property by property; skips components other than VTODO."""

    def __init__(self) -> None:
        self.has_begun = False
        self.inside: list[str] = []  # the components that enclose the property
        self.name = ""  # of the calendar; many programs write one per list
        self.record: Record | None = None
        self.start: Property | None = None
        self.alarm: dict[str, Property] = {}

    def unknown(self, line: int) -> None:
        if self.record is not None:
            self.record.add_problem("invalid", f"Line {line} is not a property and was skipped.")

    def take(self, found: Property) -> Record | None:
        """Take a property; returns a record at the end of each VTODO."""
        if found.name == "BEGIN":
            self._begin(found)
        elif found.name == "END":
            return self._end()
        elif self.inside[-2:] == ["VTODO", "VALARM"]:
            self.alarm[found.name] = found
        elif self.inside[-1:] == ["VTODO"] and self.record is not None:
            self._take(self.record, found)
        elif found.name in ("X-WR-CALNAME", "NAME") and self.inside == ["VCALENDAR"]:
            self.name = properties.text_of(found)
        return None

    def _begin(self, found: Property) -> None:
        name = found.value.strip().upper()
        self.has_begun = self.has_begun or name == "VCALENDAR"
        if len(self.inside) >= 8:
            raise FileError("calendar", f"Line {found.line} is nested too deeply.")
        self.inside.append(name)
        if name == "VTODO":
            values = {"status": "open", "tags": [], "reminders": []}
            self.record, self.start = Record(found.line, "todo", values, self.name), None
        elif name == "VALARM":
            self.alarm = {}

    def _end(self) -> Record | None:
        ended = self.inside.pop() if self.inside else ""
        record = self.record
        if ended == "VALARM" and record is not None:
            self._take_alarm(record)
        if ended != "VTODO" or record is None:
            return None
        self.record = None
        self._take_start(record)
        if record.is_refused:  # its id is that of the repeated task
            record.values["id"] = f"exception {record.values.get('id')} {record.line}"
        return record

    def _take(self, record: Record, found: Property) -> None:
        name, read = _READERS.get(found.name, ("", None))
        if name:
            properties.take(record, name, found, read)
        elif found.name == "CATEGORIES":
            record.values["tags"] += split_escaped(found.value)
        elif found.name == "DTSTART":
            self.start = found
        elif found.name == "X-NUDGE-LIST":
            record.list_name = properties.text_of(found)
        elif found.name == "RECURRENCE-ID":
            record.is_refused = True
            record.add_problem(
                "exception", "Exceptions of a recurring task are not supported.", "recurrence"
            )
        elif found.name == "RELATED-TO" and _is_parent(found):
            record.values["parent"] = found.value

    def _take_start(self, record: Record) -> None:
        """Read DTSTART; if it equals DUE, it is only the start of a rule."""
        if self.start is None or "start_on" in record.values:
            return
        try:
            begin = properties.due_of(self.start)
        except ValueError:
            record.add_problem("invalid", INVALID, "start_on")
            return
        if begin != record.values.get("due"):
            record.values["start_on"] = begin["on"]

    def _take_alarm(self, record: Record) -> None:
        try:
            reminder = _reminder(self.alarm)
        except (KeyError, ValueError, OverflowError):
            record.add_problem("invalid", INVALID, "reminders")
            return
        record.values["reminders"].append(reminder)


def _is_parent(found: Property) -> bool:
    return str(found.parameters.get("RELTYPE", "PARENT")).upper() == "PARENT"


def split_escaped(text: str) -> list[str]:
    """Split at commas without a backslash before them."""
    parts = PART.findall(text)
    return [name for name in (properties.unescaped(it).strip() for it in parts) if name]


def _reminder(alarm: dict[str, Property]) -> dict[str, Any]:
    """The reminder in a VALARM. Raises KeyError or ValueError."""
    trigger, uid = alarm["TRIGGER"], alarm.get("UID")
    key = ids.read(uid.value) if uid else None
    made: dict[str, Any] = {"id": str(key or uuid4())}
    if "X-NUDGE-CHANNEL" in alarm:
        made["channel"] = alarm["X-NUDGE-CHANNEL"].value
    if "X-NUDGE-MINUTES-BEFORE" in alarm:
        return {**made, "minutes_before": int(alarm["X-NUDGE-MINUTES-BEFORE"].value)}
    if str(trigger.parameters.get("VALUE", "")).upper() == "DATE-TIME":
        return {**made, "remind_at": properties.instant_of(trigger)}
    seconds = properties.duration_of(trigger.value).total_seconds()
    if seconds > 0:
        raise ValueError(trigger.value)
    return {**made, "minutes_before": int(-seconds // 60)}


def _status(found: Property) -> str:
    return "finished" if found.value.upper() in ("COMPLETED", "CANCELLED") else "open"


def _priority(found: Property) -> int:
    number = int(found.value)
    return properties.PRIORITY_IN.get(number, 1) if number > 0 else 0


def _text(found: Property) -> str:
    return properties.text_of(found)


def _rule(found: Property) -> str:
    return found.value.upper()


_READERS: Final[dict[str, tuple[str, Any]]] = {
    "UID": ("id", lambda found: found.value.strip()),
    "SUMMARY": ("title", _text),
    "DESCRIPTION": ("notes", _text),
    "STATUS": ("status", _status),
    "PRIORITY": ("priority", _priority),
    "DUE": ("due", properties.due_of),
    "CREATED": ("created_at", properties.instant_of),
    "LAST-MODIFIED": ("updated_at", properties.instant_of),
    "COMPLETED": ("finished_at", properties.instant_of),
    "RRULE": ("recurrence", _rule),
    "X-NUDGE-START-ON": ("start_on", lambda found: found.value),
    "X-NUDGE-POSITION": ("position", _text),
    "X-NUDGE-RECURRENCE-FROM": ("recurrence_from", lambda found: found.value.lower()),
}
