"""Whatever a file is, it ends in a report, within bounds; and nothing of it breaks a rule."""

import csv
import io
import json
import struct
import tracemalloc
import zipfile
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core import files
from tests.builders import make_list, make_todo
from tests.feeds import check
from tests.todos.transfer.test_round_trip import everything, exported, imported
from todos.models import Todo, Transfer
from todos.transfer import intake, jobs, source
from todos.transfer.formats import IMPORTED
from todos.transfer.records import FileError

pytestmark = pytest.mark.django_db


def report_of(person: Any, name: str, content: bytes) -> Any:
    """The report, or the code of what is wrong with the file."""
    try:
        return imported(person, name, content)
    except FileError as error:
        return error.code


def archive(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as zipped:
        zipped.writestr(name, content)
    return file.getvalue()


def native(*todos: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"format": "nudge", "version": 1, "todos": todos, **more}).encode()


def of_many(amount: int) -> bytes:
    """An archive with so many other files in it."""
    file = io.BytesIO(ZIP)
    with zipfile.ZipFile(file, "a") as zipped:
        for number in range(amount):
            zipped.writestr(f"{number:04}{'x' * 200}", b"")
    return file.getvalue()


def zip64(content: bytes) -> bytes:
    """The same archive, with a directory that says its size in eight bytes."""
    begin, end = content[:-END], content[-END:]
    _count, count, size, place = struct.unpack_from("<HHLL", end, 8)
    head = (b"PK\x06\x06", 44, 45, 45, 0, 0)
    directory = struct.pack("<4sQHHLLQQQQ", *head, count, count, size, place)
    return begin + directory + struct.pack("<4sLQL", b"PK\x06\x07", 0, len(begin), 1) + end


def changed(content: bytes, place: int, new: bytes) -> bytes:
    """With other bytes at a place, which counts from the end if it is negative."""
    place %= len(content)
    return content[:place] + new + content[place + len(new) :]


LONG = b"x" * (1024 * 1024 + 10)
DEEP = b"[" * 100_000
ZIP = archive("todos.json", native({"title": "a"}))
END = 22  # bytes that an archive ends with
DIRECTORY = ZIP.index(b"PK\x01\x02")
BROKEN: dict[str, tuple[str, bytes, str]] = {
    "Latin-1": ("csv", b"title\nna\xefve\n", "encoding"),
    "UTF-16 cut": ("csv", "title\nx".encode("utf-16")[:-1], "encoding"),
    "a line of a mebibyte": ("todotxt", LONG, "line_too_long"),
    "a long folded line": (
        "ics",
        b"BEGIN:VCALENDAR\n" + (b" " + b"x" * 99 + b"\n") * 11_000,
        "line_too_long",
    ),
    "a long cell": ("csv", b"title\n" + LONG, "line_too_long"),
    "a cell in many lines": ("csv", b'title\n"' + b"x\n" * 200_000, "csv"),
    "a table without names": ("csv", b"1,2\n3,4\n", "csv"),
    "no calendar": ("ics", b"title\nx\n", "calendar"),
    "an empty calendar": ("ics", b"", "calendar"),
    "a deep calendar": ("ics", b"BEGIN:VCALENDAR\n" * 20, "calendar"),
    "no JSON": ("json", b"title\nx\n", "json"),
    "cut JSON": ("json", native({"title": "a"})[:-3], "json"),
    "JSON and more": ("json", native() + b"{}", "json"),
    "a JSON of NaN": ("json", b'{"x": NaN}', "json"),
    "a JSON value without end": ("json", b'{"x": "' + LONG * 2, "json"),
    "deep JSON": ("json", b'{"x": ' + DEEP, "json"),
    "a long number": ("json", b'{"x": ' + b"9" * 10_000 + b"}", "json"),
    "another version": ("json", native(version=2), "version"),
    "an empty file": ("json", b"", "json"),
    "an archive of something else": ("json", archive("x", b"x"), "archive"),
    "a cut archive": ("json", ZIP[:-10], "archive"),
    "a forged archive": ("json", ZIP.replace(ZIP[40:44], b"abcd", 1), "archive"),
    "a bzip2 bomb": (
        "json",
        archive("todos.json", b" " * 1_000_000, zipfile.ZIP_BZIP2),
        "archive",
    ),
    "an LZMA bomb": ("json", archive("todos.json", b" " * 1_000_000, zipfile.ZIP_LZMA), "archive"),
    "an archive of many files": ("json", of_many(300), "archive"),
    "an archive of ZIP64": ("json", zip64(ZIP), "archive"),
    "an archive with a comment": ("json", ZIP[:-2] + b"\1\0c", "archive"),
    "a directory at another place": ("json", changed(ZIP, -6, b"\xff"), "archive"),
    "a part behind the end": ("json", changed(ZIP, DIRECTORY + 42, b"\xff"), "archive"),
    "a part at the very end": (
        "json",
        changed(ZIP, DIRECTORY + 42, len(ZIP).to_bytes(4, "little")),
        "archive",
    ),
    "a name of no encoding": (
        "json",
        changed(changed(ZIP, DIRECTORY + 9, b"\x08"), DIRECTORY + 46, b"\xff"),
        "archive",
    ),
    "a cut calendar": ("ics", b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\n", "calendar"),
    "a calendar cut between tasks": (
        "ics",
        b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\nEND:VTODO\n",
        "calendar",
    ),
    "a table cut inside a cell": ("csv", b'title,notes\na,"b\nc,d', "csv"),
    "a table cut inside its first line": ("csv", b'title,"notes\na,b\n', "csv"),
    "a table of somebody else": ("todoist", b"a,b\n1,2\n", "csv"),
}


def test_an_archive_is_read_if_its_directory_is_short_and_its_part_stored(alice):
    stored = archive("todos.json", native({"title": "b"}), zipfile.ZIP_STORED)
    for content in (of_many(200), stored):
        assert report_of(alice, "json", content)["new"]["todos"] == 1


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_cannot_be_read_says_why(alice, what):
    name, content, code = BROKEN[what]
    before = everything(alice)
    assert report_of(alice, name, content) == code
    assert everything(alice)["todo"] == before["todo"] == []


def test_the_job_of_such_a_file_has_failed_with_the_reason(api, begun, alice):
    job = begun(api(alice), "/api/v1/imports/", {"format": "json", "content": "title"})
    expected = {"code": "json", "detail": "Line 1 is no JSON of Nudge."}
    assert (job["state"], job["error"], job["token"]) == ("failed", expected, None)


def test_an_archive_that_unfolds_to_gigabytes_stops(alice, monkeypatch):
    monkeypatch.setattr(source._Bounded, "__init__", bounded_to(1_000_000))
    bomb = archive("todos.json", b'{"x": "' + b" " * 4_000_000 + b'"}')
    assert len(bomb) < 30_000
    assert report_of(alice, "json", archive("todos.json", b" " * 4_000_000)) == "file_too_large"
    assert report_of(alice, "json", bomb) in ("file_too_large", "json")


def bounded_to(most: int) -> Any:
    def begin(self: Any, stream: Any) -> None:
        self.stream, self.left = stream, most

    return begin


def test_lines_without_end_stop_at_the_bound_in_little_memory(alice, monkeypatch):
    monkeypatch.setattr(intake, "MOST_RECORDS", 1_000)
    content = b"title,id\n" + b"a,1\n" * 200_000
    tracemalloc.start()
    assert report_of(alice, "csv", content) == "too_many"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_file_larger_than_it_may_be_is_not_even_opened(alice, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_BYTES", 3)
    now = "2026-11-20T12:00:00Z"
    times = {"created_at": now, "changed_at": now}
    job = Transfer.objects.create(owner=alice, kind="import", format="csv", state="queued", **times)
    files.save(jobs.file_name(job), io.BytesIO(b"title"))
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "file_too_large")


# --- Values ---------------------------------------------------------------------------------------

ONE, TWO, THREE, FOUR = (str(UUID(int=number)) for number in range(1, 5))


def codes(report: dict[str, Any]) -> dict[str, list[tuple[str, str | None]]]:
    return {
        it["title"]: [(each["code"], each["attr"]) for each in it["problems"]]
        for it in report["lines"]
    }


def test_those_that_stand_in_a_circle_or_too_deep_stand_elsewhere(alice):
    report = imported(
        alice,
        "json",
        native(
            {"id": ONE, "title": "one", "parent": TWO},
            {"id": TWO, "title": "two", "parent": ONE},
            {"id": THREE, "title": "itself", "parent": THREE},
            {"id": FOUR, "title": "lost", "parent": str(UUID(int=99))},
            {"id": "a", "title": "a"},
            {"id": "d", "title": "d", "parent": "c"},
            {"id": "c", "title": "c", "parent": "b"},
            {"id": "b", "title": "b", "parent": "a"},
            {"id": "e", "title": "e", "parent": "d"},
        ),
    )
    told = {title: found for title, found in codes(report).items() if found}
    assert told == {
        "two": [("cycle", "parent")],
        "itself": [("cycle", "parent")],
        "lost": [("parent_missing", "parent")],
        "d": [("too_deep", "parent")],
        "e": [("too_deep", "parent")],
    }
    parents = {it.title: it.parent and it.parent.title for it in Todo.objects.of(alice.pk)}
    tops = dict.fromkeys(("two", "itself", "lost", "a"))
    assert parents == {**tops, "one": "two", "b": "a", "c": "b", "d": "b", "e": "b"}
    check(alice)


def test_nothing_stands_below_what_is_finished_trashed_or_somebody_elses(alice, bob):
    theirs, other = make_todo(bob, "theirs"), make_todo(bob, "other")
    mine = make_todo(alice, "mine", parent=make_todo(alice, "top"))
    done = make_todo(alice, "done")
    done.finish()
    report = imported(
        alice,
        "json",
        native(
            {"id": str(theirs.pk), "title": "same id"},
            {"title": "below theirs", "parent": str(theirs.pk)},
            {"title": "below the other", "parent": str(other.pk)},
            {"title": "below mine", "parent": str(mine.pk), "list": str(theirs.list_id)},
            {"title": "below done", "parent": str(done.pk)},
            {"title": "gone", "parent": str(done.pk), "deleted_at": "2026-11-20T12:00:00Z"},
            {"id": ONE, "title": "trashed", "deleted_at": "2026-11-20T12:00:00Z"},
            {"title": "below trashed", "parent": ONE},
            {"title": "trashed too", "parent": ONE, "deleted_at": "2026-11-20T12:00:00Z"},
        ),
    )
    told = {title: found for title, found in codes(report).items() if found}
    assert told == {
        "below the other": [("parent_missing", "parent")],
        "below done": [("parent_finished", "parent")],
        "below trashed": [("parent_trashed", "parent")],
    }
    rows = {it.title: it for it in Todo.objects.of(alice.pk)}
    assert rows["same id"].pk != theirs.pk
    assert rows["below theirs"].parent == rows["same id"]
    assert rows["below mine"].parent == mine
    assert rows["trashed too"].parent == rows["trashed"]
    theirs.refresh_from_db()
    assert (theirs.title, theirs.owner, theirs.version) == ("theirs", bob, 1)
    check(alice)
    check(bob)


HOSTILE: list[dict[str, Any]] = [
    {"title": 5},
    {"title": "\0"},
    {"title": "a\ud800"},
    {"title": "\u200b"},
    {"title": None},
    {"title": ["x"]},
    {"title": "year", "due": {"on": "9999-12-31"}},
    {"title": "zone", "due": {"on": "2026-12-01", "at": "09:00", "time_zone": "Mars/Base"}},
    {"title": "due", "due": [1]},
    {"title": "clock", "due": {"on": "2026-12-01", "at": "09:00:30.5+02:00"}},
    {"title": "hour", "due": {"on": "2026-12-01", "at": "09"}},
    {"title": "no hour", "due": {"on": "2026-12-01", "at": ""}},
    {"title": "priority", "priority": 2**70},
    {"title": "true", "priority": True},
    {"title": "rule", "recurrence": "FREQ=SECONDLY"},
    {"title": "position", "position": "../../x"},
    {"title": "status", "status": "FINISHED"},
    {"title": "created", "created_at": "0001-01-01T00:00:00Z"},
    {"title": "reminders", "reminders": [{"id": "x"}] * 3},
    {"title": "tags", "tags": ["\0", 5]},
    {"title": "many", "tags": [str(number) for number in range(30)]},
    {"title": "long", "notes": "x" * 20_000},
    {"title": "t" * 500},
    {"title": "finished", "status": "finished"},
    {"title": "open", "status": "open", "finished_at": "2026-11-20T12:00:00Z"},
    {"title": "id", "id": "\ud800"},
    {"title": "acts", "finished_with": "x", "trashed_with": 7, "parent": {"x": 1}},
    {"title": "by", "created_by": "x"},
    {"title": "start", "start_on": "soon"},
    {"title": "no tags", "tags": "x"},
    {"title": "owner", "owner": ONE, "version": 9, "changed_in": {"x": 1}, "made_in": 1},
]


def test_a_value_that_no_entry_point_takes_is_left_out_or_refuses_its_line(alice, bob):
    report = imported(alice, "json", native(*HOSTILE))
    assert report["refused"] == 6
    told = {title: found for title, found in codes(report).items() if found and title}
    assert told == {
        "5": [("invalid", "title")],
        "['x']": [("invalid", "title")],
        "a?": [("invalid", "title")],
        "\u200b": [("blank", "title")],
        "year": [("out_of_range", "due")],
        "zone": [("invalid_time_zone", "due")],
        "due": [("invalid", "due")],
        "clock": [("invalid", "due")],
        "hour": [("invalid", "due")],
        "no hour": [("invalid", "due")],
        "priority": [("invalid_choice", "priority")],
        "true": [("invalid", "priority")],
        "rule": [("invalid_recurrence", "recurrence")],
        "position": [("invalid", "position")],
        "status": [("invalid_choice", "status")],
        "created": [("out_of_range", "created_at")],
        "reminders": [("invalid", "reminders")],
        "tags": [("cut", "tags"), ("invalid", "tags")],
        "many": [("cut", "tags")],
        "long": [("cut", "notes")],
        "t" * 60: [("cut", "title")],
        "acts": [("parent_missing", "parent")],
        "by": [("invalid", "created_by")],
        "start": [("invalid", "start_on")],
        "no tags": [("invalid", "tags")],
    }
    rows = {it.title: it for it in Todo.objects.owned_by(alice)}
    assert len(rows) == len(HOSTILE) - 6
    assert rows["finished"].finished_at is not None
    assert rows["open"].finished_at is None
    assert rows["t" * 127 + "…"].notes == "t" * 500
    assert (rows["owner"].owner, rows["owner"].version) == (alice, 1)
    check(alice)


def test_what_is_said_twice_is_taken_once(alice):
    content = native(
        {"id": ONE, "title": "\0"}, {"id": ONE, "title": "a"}, {"id": ONE, "title": "b"}
    )
    report = imported(alice, "json", content)
    assert [it["outcome"] for it in report["lines"]] == ["refused", "new", "refused"]
    assert [it.title for it in Todo.objects.of(alice.pk)] == ["a"]


@pytest.mark.parametrize("is_first", [True, False])
def test_an_id_that_another_one_got_here_is_taken_once(alice, bob, is_first):
    """What has the id of another account gets one of its own, which a file may know too."""
    theirs = make_todo(bob, "theirs")
    todos = [
        {"id": str(theirs.pk), "title": "a"},
        {"id": str(uuid5(alice.pk, str(theirs.pk))), "title": "b"},
    ]
    report = imported(alice, "json", native(*(todos if is_first else reversed(todos))))
    first, second = ("a", "b") if is_first else ("b", "a")
    assert codes(report) == {first: [], second: [("repeated", "id")]}
    assert [it.title for it in Todo.objects.of(alice.pk)] == [first]
    check(alice)


def test_elements_that_are_no_objects_are_refused(alice):
    content = b'{"todos": [1, null, "x", [], {}], "lists": [{"name": 5}], "other": {"a": [1]}}'
    assert imported(alice, "json", content)["refused"] == 6


def test_a_report_tells_the_first_lines_with_problems_and_the_first_others(alice):
    content = native(*({"title": "a" if number % 2 else ""} for number in range(1_300)))
    report = imported(alice, "json", content)
    told = [it["outcome"] for it in report["lines"]]
    assert (told.count("refused"), told.count("new"), report["left_out"]) == (500, 500, 300)
    assert (report["refused"], report["new"]["todos"]) == (650, 650)


@pytest.mark.wide
@pytest.mark.parametrize("name", IMPORTED)
@examples(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_and_any_damage_end_in_a_report(alice, name, data):
    """As they are, or in the place of a part of a file of ours."""
    make_todo(alice, "a, b", notes="c\nd", tags=["e"])
    whole = exported(alice, "csv" if name == "todoist" else name)
    place = data.draw(st.integers(0, 2_000)) % (len(whole) + 1)
    junk = data.draw(
        st.binary(max_size=20) | st.text("\r\n\t ,;:\"'\\[]{}xé\0", max_size=20).map(str.encode)
    )
    report = report_of(alice, name, whole[:place] + junk + whole[place + len(junk) :])
    assert isinstance(report, (dict, str))
    check(alice)


FORMULAS = ("=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1", "'=1", "a=1")


def test_no_cell_of_a_table_runs(alice):
    """OWASP, "CSV Injection"; and each comes back as it was."""
    make_list(alice, "=list")
    for text in FORMULAS:
        make_todo(alice, text, notes=f"\n{text}", tags=["=tag"])
    table = exported(alice, "csv").decode()
    cells = [cell for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d") for cell in cells)
    assert len(cells) > 100
