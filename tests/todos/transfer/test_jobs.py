"""Exports and imports as jobs: their answers, their reports, and what becomes of dead ones."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from core import files
from core.errors import Refused
from tests.builders import make_list, make_todo, make_transfer
from tests.feeds import check
from tests.todos.transfer.test_round_trip import everything, exported
from todos.models import List, Todo, Transfer
from todos.transfer import jobs, starting
from todos.transfer.formats import FORMATS
from todos.transfer.intake import Intake

pytestmark = pytest.mark.django_db
EXPORTS, IMPORTS = "/api/v1/exports/", "/api/v1/imports/"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CSV = "title,list,due\r\nbuy milk,Groceries,2026-12-01\r\n"


def file_of(phone, job: dict[str, Any]) -> tuple[str, bytes]:
    answer = phone.get(job["file"])
    return answer["Content-Disposition"], b"".join(answer.streaming_content)


def test_files_that_cannot_be_kept_are_503_and_leave_nothing(
    api, web, alice, bob, settings, tmp_path
):
    """As on Lambda without a bucket, or if S3 is away."""
    theirs = make_transfer(bob, "import", state="uploading", size=4)
    mine = make_transfer(alice, "import", state="uploading", size=4)
    (tmp_path / "no folder").touch()
    settings.MEDIA_ROOT = tmp_path / "no folder"
    phone = api(alice)
    phone.raise_request_exception = False
    answers = [
        phone.post(IMPORTS, {"format": "csv", "content": CSV}),
        phone.put(f"{IMPORTS}{mine.pk}/file/", b"abcd", content_type="application/octet-stream"),
    ]
    detail = "Files cannot be kept or read now. Nothing was changed; please try again in a moment."
    errors = [{"code": "files_unavailable", "detail": detail, "attr": None}]
    for answer in answers:
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer.json() == {"type": "server_error", "errors": errors}
    sent = web(alice).post(
        "/transfer/", {"file": SimpleUploadedFile("a.csv", CSV.encode())}, follow=True
    )
    assert "Files cannot be stored now. Please try again in a moment." in sent.text
    assert {(row.pk, row.state) for row in Transfer.objects.all()} == {
        (theirs.pk, "uploading"),
        (mine.pk, "uploading"),
    }


# --- Exports --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["json", "csv", "ics", "todotxt"])
@time_machine.travel(NOON, tick=False)
def test_an_export_is_a_file_of_ones_own_todos(api, begun, alice, bob, name):
    make_todo(alice, "buy milk")
    make_todo(bob, "secret")
    job = begun(api(alice), EXPORTS, {"format": name})
    suffix = {"todotxt": "txt"}.get(name, name)
    expected = exported(alice, name)
    assert job == {
        "id": job["id"],
        "format": name,
        "state": "done",
        "done": 0,
        "total": 1,
        "size": len(expected),
        "error": None,
        "created_at": "2026-11-20T12:00:00.000Z",
        "ended_at": "2026-11-20T12:00:00.000Z",
        "file": f"http://testserver{EXPORTS}{job['id']}/file/",
    }
    disposition = f'attachment; filename="nudge-2026-11-20.{suffix}"'
    assert file_of(api(alice), job) == (disposition, expected)
    assert b"buy milk" in expected
    assert b"secret" not in expected
    assert api(bob).get(job["file"]).status_code == 404


def test_an_export_that_is_not_there_has_no_file(api, alice):
    job = api(alice).post(EXPORTS, {"format": "json"}).json()  # nobody has run it
    assert (job["state"], job["file"]) == ("queued", None)
    assert api(alice).get(f"{EXPORTS}{job['id']}/file/").status_code == 404


def test_a_file_that_has_gone_is_404(api, begun, alice, tmp_path):
    job = begun(api(alice), EXPORTS, {"format": "json"})
    (tmp_path / "transfers" / job["id"]).unlink()
    assert api(alice).get(job["file"]).status_code == 404


def test_an_export_is_written_again_if_something_has_changed(api, begun, alice, bob, monkeypatch):
    """So that nothing is missed that moves in the order meanwhile."""
    make_todo(alice, "first")
    make_todo(bob)
    write, calls = FORMATS["todotxt"].write, []

    def writing(person: Any) -> Any:
        calls.append(person)
        yield from write(person)
        if len(calls) == 1:
            make_todo(alice, "second")

    changed = FORMATS | {"todotxt": FORMATS["todotxt"].__class__("todotxt", "txt", writing, None)}
    monkeypatch.setattr(jobs, "FORMATS", changed)
    job = begun(api(alice), EXPORTS, {"format": "todotxt"})
    assert (len(calls), b"second" in file_of(api(alice), job)[1]) == (2, True)


# --- Imports --------------------------------------------------------------------------------------

OBJECT = {"kind": "todo", "outcome": "new", "problems": []}
CSV = "title,list,due\r\nbuy milk,Groceries,2026-12-01\r\nbuy tea,,soon\r\n"
NEW = {"lists": 1, "tags": 0, "filters": 0, "todos": 2}
REPORT = {
    "new": NEW,
    "kept": 0,
    "refused": 0,
    "warnings": 1,
    "lines": [
        {**OBJECT, "line": 2, "title": "buy milk"},
        {
            **OBJECT,
            "line": 3,
            "title": "buy tea",
            "problems": [
                {
                    "code": "invalid",
                    "detail": "This could not be read, and is left out.",
                    "attr": "due",
                }
            ],
        },
    ],
    "left_out": 0,
}


def titles(person: Any) -> list[tuple[str, str]]:
    rows = Todo.objects.owned_by(person).order_by("position")
    return list(rows.values_list("title", "list__name"))


def test_an_import_is_a_dry_run_until_its_report_is_confirmed(api, begun, alice, bob):
    theirs = everything(bob)
    phone = api(alice)
    job = begun(phone, IMPORTS, {"format": "csv", "content": CSV})
    assert (job["state"], job["report"], job["done"], job["size"]) == (
        "checked",
        REPORT,
        2,
        len(CSV),
    )
    assert titles(alice) == []
    assert List.objects.owned_by(alice).count() == 1  # the inbox
    done = begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    assert (done["state"], done["report"], done["token"]) == ("done", REPORT, None)
    assert titles(alice) == [("buy milk", "Groceries"), ("buy tea", "Inbox")]
    again = begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    assert (again, len(titles(alice))) == (done, 2)
    assert everything(bob) == theirs
    check(alice)


def test_an_import_counts_nothing_of_others(api, begun, alice, bob, settings):
    """Neither what they call their lists and tags, nor how far down their objects stand."""
    theirs = make_list(bob, "Groceries", position="a9")
    make_todo(bob, "buy milk", list=theirs, tags=["food"], position="a9")
    phone, content = api(alice), "title,list,tags\r\nbuy milk,Groceries,food\r\n"
    settings.QUOTA_TAGS = 0
    job = begun(phone, IMPORTS, {"format": "csv", "content": content})
    assert job["error"]["code"] == "quota_reached"
    settings.QUOTA_TAGS = 1
    job = begun(phone, IMPORTS, {"format": "csv", "content": content})
    assert job["report"]["new"] == {"lists": 1, "tags": 0, "filters": 0, "todos": 1}
    begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    [made] = Todo.objects.owned_by(alice)
    assert (made.position, made.list.position, made.list.owner) == ("a0", "a0", alice)
    check(alice)


def test_what_brings_nothing_new_needs_no_confirmation(api, begun, alice):
    make_todo(alice)
    content = exported(alice, "json").decode()
    job = begun(api(alice), IMPORTS, {"format": "json", "content": content})
    assert (job["state"], job["token"], job["report"]["kept"]) == ("done", None, 2)


def test_a_token_is_of_one_file_of_one_import_of_one_person(api, begun, alice, bob):
    phone = api(alice)
    first, second = (
        begun(phone, IMPORTS, {"format": "csv", "content": content})
        for content in (CSV, CSV.replace("milk", "bread"))
    )
    refused = phone.post(f"{IMPORTS}{first['id']}/confirm/", {"token": second["token"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "token")
    path = f"{IMPORTS}{first['id']}/confirm/"
    assert api(bob).post(path, {"token": first["token"]}).status_code == 404
    assert titles(alice) == []


def test_a_file_that_was_replaced_after_its_check_is_not_taken(api, begun, alice, tmp_path):
    phone = api(alice)
    job = begun(phone, IMPORTS, {"format": "csv", "content": CSV})
    (tmp_path / "transfers" / job["id"]).write_text(CSV.replace("milk", "poison"))
    failed = begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    detail = "This is not the file that was checked."
    assert (failed["state"], failed["error"]) == (
        "failed",
        {"code": "file_changed", "detail": detail},
    )
    assert titles(alice) == []


def test_all_of_it_or_nothing(api, begun, alice, monkeypatch):
    """Whatever happens while the rows are made."""
    phone = api(alice)
    job = begun(phone, IMPORTS, {"format": "csv", "content": CSV})
    before = everything(alice)
    make = Intake.make

    def dies(self: Intake, records: Any) -> None:
        make(self, records)
        raise RuntimeError("power cut")

    monkeypatch.setattr(Intake, "make", dies)
    failed = begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    assert everything(alice) == before
    assert (failed["state"], failed["error"]["code"]) == ("failed", "internal")


@pytest.mark.parametrize(("name", "room"), [("TODOS", 2), ("LISTS", 1), ("TAGS", 2), ("BYTES", 40)])
@pytest.mark.parametrize("missing", [0, 1])
def test_what_does_not_fit_into_the_account_is_told_before(
    api, begun, alice, settings, name, room, missing
):
    """Two to-dos, a list, two tags and forty bytes of notes; all of it fits exactly."""
    setattr(settings, f"QUOTA_{name}", room - missing)
    notes = "\N{GRINNING FACE}" * 10
    content = f"title,list,tags,notes\r\na,Groceries,food,{notes}\r\nb,Groceries,food home,\r\n"
    job = begun(api(alice), IMPORTS, {"format": "csv", "content": content})
    told = (job["state"], job["error"] and job["error"]["code"], bool(job["token"]))
    assert told == (("failed", "quota_reached", False) if missing else ("checked", None, True))
    assert titles(alice) == []


def test_a_tag_of_the_file_is_counted_once(api, begun, alice, settings):
    settings.QUOTA_TAGS = 1
    objects = {"tags": [{"name": "food"}], "todos": [{"title": "a", "tags": ["food"]}]}
    content = json.dumps({"format": "nudge", "version": 1, **objects})
    job = begun(api(alice), IMPORTS, {"format": "json", "content": content})
    assert (job["state"], job["error"]) == ("checked", None)


def test_of_two_lists_of_one_name_an_import_takes_the_first(api, begun, alice):
    second, first = (make_list(alice, "Groceries", position=each) for each in ("a2", "a1"))
    phone = api(alice)
    job = begun(phone, IMPORTS, {"format": "csv", "content": CSV})
    begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    assert (first.todos.count(), second.todos.count()) == (1, 0)


def test_what_is_there_or_in_the_trash_stays_as_it_is(api, begun, alice):
    kept, trashed = make_todo(alice, "kept"), make_todo(alice, "trashed")
    content = exported(alice, "json").decode()
    kept.rename("changed since")
    trashed.trash()
    job = begun(api(alice), IMPORTS, {"format": "json", "content": content})
    problems = {
        it["title"]: [each["code"] for each in it["problems"]] for it in job["report"]["lines"]
    }
    assert problems == {"Inbox": [], "kept": [], "trashed": ["in_trash"]}
    assert {it.title for it in Todo.objects.of(alice.pk)} == {"changed since", "trashed"}


def test_what_was_removed_for_good_comes_back_under_another_id(api, begun, alice):
    gone = make_todo(alice, "gone")
    content = exported(alice, "json").decode()
    key = gone.pk
    gone.delete()
    phone = api(alice)
    for _again in range(2):
        job = begun(phone, IMPORTS, {"format": "json", "content": content})
        if job["token"]:
            begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    [back] = Todo.objects.owned_by(alice)
    assert (back.title, back.pk == key) == ("gone", False)
    check(alice)


def test_only_what_the_account_itself_has_removed_of_its_kind_is_dead(api, begun, alice, bob):
    of_bob, of_a_list, mine = make_todo(bob), make_list(alice), make_todo(alice)
    keys = [str(each.pk) for each in (of_bob, of_a_list, mine)]
    for each in (of_bob, of_a_list, mine):
        each.delete()
    todos = [{"id": key, "title": str(number)} for number, key in enumerate(keys)]
    phone, content = api(alice), json.dumps({"format": "nudge", "version": 1, "todos": todos})
    job = begun(phone, IMPORTS, {"format": "json", "content": content})
    begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    made = [str(each.pk) for each in Todo.objects.owned_by(alice).order_by("title")]
    assert made == [*keys[:2], made[2]]
    assert made[2] != keys[2]


def test_a_list_may_be_chosen_for_what_names_none(api, begun, alice, bob):
    home = make_list(alice, "Home")
    phone = api(alice)
    body = {"format": "todotxt", "content": "call mom +Family\npaint\n", "list": str(home.pk)}
    job = begun(phone, IMPORTS, body)
    begun(phone, f"{IMPORTS}{job['id']}/confirm/", {"token": job["token"]})
    assert sorted(titles(alice)) == [("call mom", "Family"), ("paint", "Home")]
    foreign = phone.post(IMPORTS, {**body, "list": str(make_list(bob).pk)})
    assert (foreign.status_code, foreign.json()["errors"][0]["attr"]) == (400, "list")


# --- Files by a link ------------------------------------------------------------------------------


def test_a_large_file_is_sent_by_a_link_that_leads_here_without_a_bucket(api, begun, alice, bob):
    phone = api(alice)
    content = ("title\r\n" + "buy milk\r\n" * 90_000)[:800_000].encode()
    answer = phone.post(IMPORTS, {"format": "csv", "size": len(content)})
    upload = answer.json()["upload"]
    path = answer["Location"] + "file/"
    headers = {"Content-Type": "application/octet-stream"}
    assert upload == {"method": "PUT", "url": path, "headers": headers}
    sent = {"data": content, "content_type": "application/octet-stream"}
    for wrong in (content[:-1], content + b"x"):
        refused = phone.generic("PUT", path, wrong, content_type=sent["content_type"])
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "size")
    assert api(bob).generic("PUT", path, **sent).status_code == 404
    waiting = phone.post(answer["Location"] + "check/")
    assert waiting.status_code == 202


def test_a_file_that_was_sent_is_checked_at_once(api, django_capture_on_commit_callbacks, alice):
    phone = api(alice)
    answer = phone.post(IMPORTS, {"format": "csv", "size": len(CSV)})
    with django_capture_on_commit_callbacks(execute=True):
        sent = phone.generic("PUT", answer["Location"] + "file/", CSV, content_type="text/csv")
    assert (sent.status_code, sent["Location"]) == (202, answer["Location"])
    assert phone.get(answer["Location"]).json()["report"] == REPORT
    again = phone.generic("PUT", answer["Location"] + "file/", CSV, content_type="text/csv")
    assert (again.status_code, phone.post(answer["Location"] + "check/").status_code) == (409, 409)


def test_a_check_of_a_file_that_never_came_says_so(api, begun, alice):
    phone = api(alice)
    job = phone.post(IMPORTS, {"format": "csv", "size": 5}).json()
    failed = begun(phone, f"{IMPORTS}{job['id']}/check/")
    assert (failed["state"], failed["error"]["code"]) == ("failed", "file_missing")


class Bucket:
    """What MediaStorage says of links: tests/config/test_storages.py asks the real one."""

    def upload_link(self, name: str, size: int, media_type: str) -> dict[str, Any]:
        url = f"https://bucket.test/{name}?{size}"
        return {"method": "PUT", "url": url, "headers": {"Content-Type": media_type}}

    def download_link(self, name: str, shown_as: str) -> str:
        return f"https://bucket.test/{name}?{shown_as}"

    def __getattr__(self, name: str) -> Any:
        return getattr(default_storage, name)


def test_a_bucket_takes_and_gives_files_itself(api, begun, alice, monkeypatch):
    make_todo(alice)
    phone = api(alice)
    done = begun(phone, EXPORTS, {"format": "csv"})
    with monkeypatch.context() as patch:
        patch.setattr(files, "default_storage", Bucket())
        led = phone.get(done["file"])
        link = f"https://bucket.test/transfers/{done['id']}?nudge-{timezone.now():%Y-%m-%d}.csv"
        assert (led.status_code, led["Location"]) == (302, link)
        job = phone.post(IMPORTS, {"format": "csv", "size": 7}).json()
        assert job["upload"]["url"] == f"https://bucket.test/transfers/{job['id']}?7"
        here = phone.generic(
            "PUT", f"{IMPORTS}{job['id']}/file/", "title\r\n", content_type="text/csv"
        )
        assert here.status_code == 409


# --- Bounds, death and the end --------------------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"content": "x", "size": 1}])
def test_a_file_comes_along_or_later(api, alice, body):
    refused = api(alice).post(IMPORTS, {"format": "csv", **body})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "one_of_two")


def test_an_account_has_five_unfinished_jobs(api, alice, bob):
    for _number in range(starting.MOST_UNFINISHED):
        assert api(alice).post(EXPORTS, {"format": "json"}).status_code == 202
    refused = api(alice).post("/api/v1/account/export/")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "quota_reached")
    assert api(bob).post(EXPORTS, {"format": "json"}).status_code == 202


def test_an_account_begins_so_many_jobs_a_day(api, alice, bob, monkeypatch):
    monkeypatch.setattr(starting, "MOST_A_DAY", 2)
    phone = api(alice)
    for _number in range(2):
        job = phone.post(EXPORTS, {"format": "json"}).json()
        assert phone.delete(f"{EXPORTS}{job['id']}/").status_code == 204
    refused = phone.post(EXPORTS, {"format": "json"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, "quota_reached")
    assert api(bob).post(EXPORTS, {"format": "json"}).status_code == 202


def test_a_job_that_is_deleted_while_it_runs_leaves_nothing(
    api, begun, alice, monkeypatch, tmp_path, django_capture_on_commit_callbacks
):
    make_todo(alice)
    phone = api(alice)
    job = begun(phone, IMPORTS, {"format": "csv", "content": CSV})
    make, write = Intake.make, jobs._write

    def made(self: Intake, records: Any) -> None:
        make(self, records)
        Transfer.objects.all().delete()

    def written(job: Transfer, file: Any) -> None:
        write(job, file)
        Transfer.objects.all().delete()

    monkeypatch.setattr(Intake, "make", made)
    monkeypatch.setattr(jobs, "_write", written)
    bodies = {f"{IMPORTS}{job['id']}/confirm/": {"token": job["token"]}, EXPORTS: {"format": "csv"}}
    for path, body in bodies.items():
        with django_capture_on_commit_callbacks(execute=True):
            assert phone.post(path, body).status_code == 202
    assert titles(alice) == [("buy milk", "Inbox")]
    assert {it.name for it in (tmp_path / "transfers").iterdir()} <= {job["id"]}


@pytest.mark.parametrize("path", [EXPORTS, IMPORTS])
def test_jobs_are_listed_and_forgotten_with_their_files(api, begun, alice, bob, tmp_path, path):
    bodies = {EXPORTS: {"format": "csv"}, IMPORTS: {"format": "csv", "content": CSV}}
    for person in (bob, alice, alice):
        begun(api(person), path, bodies[path])
    [other] = {*bodies} - {path}
    begun(api(alice), other, bodies[other])
    phone = api(alice)
    found = phone.get(path).json()["results"]
    kind = "export" if path == EXPORTS else "import"
    assert [it["id"] for it in found] == [
        str(it.pk) for it in Transfer.objects.filter(owner=alice, kind=kind).order_by("-created_at")
    ]
    assert phone.get(f"{other}{found[0]['id']}/").status_code == 404
    assert phone.delete(f"{path}{found[0]['id']}/").status_code == 204
    assert phone.get(f"{path}{found[0]['id']}/").status_code == 404
    assert {it.name for it in (tmp_path / "transfers").iterdir()} == {
        str(it.pk) for it in Transfer.objects.all()
    }


def test_the_sweep_begins_what_was_lost_and_repeats_what_has_died(
    api, alice, bob, django_capture_on_commit_callbacks
):
    make_todo(bob)
    lost = api(bob).post(EXPORTS, {"format": "csv"}).json()  # its event got lost
    dead = Transfer.objects.get(pk=api(bob).post(EXPORTS, {"format": "csv"}).json()["id"])
    now = timezone.now()
    assert jobs.sweep(now) == {"repeated": 0, "failed": 0, "begun": 0}
    assert dead.claim(now)  # and whoever has claimed it, dies
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(now + timedelta(minutes=3)) == {"repeated": 0, "failed": 0, "begun": 1}
    assert Transfer.objects.get(pk=lost["id"]).state == "done"
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep(now + timedelta(minutes=21)) == {"repeated": 1, "failed": 0, "begun": 0}
    dead.refresh_from_db()
    assert (dead.state, dead.tries) == ("done", 2)


def test_the_command_of_the_minute_begins_what_was_lost(api, bob):
    """As the event of Lambda does."""
    api(bob).post(EXPORTS, {"format": "csv"})
    out = io.StringIO()
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=False):
        call_command("remind", stdout=out)
    assert out.getvalue().strip() == "1 begun"


def test_what_dies_three_times_is_told(api, alice, django_capture_on_commit_callbacks):
    job = Transfer.objects.get(pk=api(alice).post(EXPORTS, {"format": "csv"}).json()["id"])
    now = timezone.now()
    for number in range(1, 4):
        assert job.claim(now)
        now += timedelta(minutes=21)
        done = jobs.sweep(now)
        assert done == {"repeated": number < 3, "failed": number == 3, "begun": 0}
        job.refresh_from_db()
    shown = api(alice).get(f"{EXPORTS}{job.pk}/").json()
    assert (shown["state"], shown["error"]["code"]) == ("failed", "internal")


def test_an_export_says_how_far_it_is(api, begun, alice, monkeypatch):
    monkeypatch.setattr(jobs, "STEP", 2)
    make_todo(alice)
    assert begun(api(alice), EXPORTS, {"format": "csv"})["done"] == 2
    assert str(Transfer.objects.get()).endswith(": done")


def test_a_job_that_went_on_meanwhile_is_left_alone(api, begun, alice):
    phone = api(alice)
    waiting = Transfer.objects.get(
        pk=phone.post(IMPORTS, {"format": "csv", "size": 5}).json()["id"]
    )
    stale = Transfer.objects.get(pk=waiting.pk)
    starting.check(waiting)
    with pytest.raises(Refused, match="has changed in the meantime"):
        starting.check(stale)
    with pytest.raises(Refused, match="has not been checked"):
        starting.confirm(waiting)


def test_who_is_too_late_with_a_job_changes_nothing(api, begun, alice):
    job = Transfer.objects.get(pk=begun(api(alice), EXPORTS, {"format": "csv"})["id"])
    jobs.run(str(job.pk))
    jobs.run("00000000-0000-0000-0000-000000000000")
    assert not job.claim(timezone.now())
    assert not job.fail("x", "y", timezone.now())
    assert Transfer.objects.get(pk=job.pk).state == "done"


def test_jobs_and_files_go_after_two_days_and_files_with_their_account(
    api, begun, alice, bob, tmp_path
):
    for person in (alice, bob):
        begun(api(person), EXPORTS, {"format": "csv"})
    Transfer.objects.filter(owner=alice).update(created_at=timezone.now() - timedelta(days=2))
    call_command("prune", verbosity=0)
    assert [it.owner for it in Transfer.objects.all()] == [bob]
    [left] = (tmp_path / "transfers").iterdir()
    assert left.name == str(Transfer.objects.get().pk)
    bob.delete()
    call_command("prune_files")
    assert list((tmp_path / "transfers").iterdir()) == []


def test_the_file_of_a_job_that_begins_meanwhile_is_kept(api, begun, alice, bob, monkeypatch):
    files.save("transfers/lost", io.BytesIO(b"x"))
    names = files.names

    def listed(folder: str) -> list[str]:
        begun(api(alice), EXPORTS, {"format": "csv"})
        return names(folder)

    monkeypatch.setattr(files, "names", listed)
    assert jobs.remove_orphans() == 1
    assert names("transfers") == [jobs.file_name(Transfer.objects.get(owner=alice))]
