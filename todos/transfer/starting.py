"""Starts and continues exports and imports, for the API and the page. Raises Refused."""

import re
from datetime import timedelta
from typing import Any, BinaryIO, Final

from django.utils import timezone

from accounts.audit import Kind, record
from accounts.models import User
from core import files
from core.errors import Refused
from core.feed import writing
from core.limits import Limit, take
from todos.models import CalendarFeed, List, Transfer, TransferState
from todos.models.transfers import TransferKind
from todos.transfer import jobs

MOST_UNFINISHED: Final = 5  # per account
MOST_A_DAY: Final = 100
UPLOADED: Final = "application/octet-stream"
BY_SUFFIX: Final = {"json": "json", "zip": "json", "ics": "ics", "txt": "todotxt", "csv": "csv"}
OF_TODOIST: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\"?TYPE\"?,.*\bINDENT\b")


def begin(person: User, kind: TransferKind, **columns: Any) -> Transfer:
    now = timezone.now()
    day = Limit(scope=f"transfers:{person.pk}", amount=MOST_A_DAY, window=timedelta(days=1))
    with writing(person.pk, savepoint=True):
        if Transfer.objects.filter(owner=person).unfinished().count() >= MOST_UNFINISHED:
            detail = "Wait until your other exports and imports have ended, or delete some."
            raise Refused(detail, code="quota_reached")
        if not take(day):
            detail = f"Your account may begin {MOST_A_DAY} exports and imports a day."
            raise Refused(detail, code="quota_reached")
        return Transfer.objects.create(
            owner=person, kind=kind, created_at=now, changed_at=now, **columns
        )


def export(person: User, name: str, request: Any) -> Transfer:
    with writing(person.pk, savepoint=True):
        job = begin(person, TransferKind.EXPORT, format=name, state=TransferState.QUEUED)
        record(person, Kind.EXPORTED, request, format=name)
    jobs.run.enqueue(str(job.pk))
    return job


def await_file(person: User, name: str, size: int | None, home: List | None) -> Transfer:
    columns = {"format": name, "size": size, "list": home}
    return begin(person, TransferKind.IMPORT, state=TransferState.UPLOADING, **columns)


def import_file(
    person: User, name: str, size: int | None, home: List | None, file: BinaryIO
) -> Transfer:
    """Start an import with its file; deletes the job if the file cannot be stored."""
    job = await_file(person, name, size, home)
    try:
        take_file(job, file)
    except files.FilesAwayError:
        job.delete()
        raise
    return job


def take_file(job: Transfer, file: BinaryIO) -> None:
    files.save(jobs.file_name(job), file)
    check(job)


def check(job: Transfer) -> None:
    """Check an import after its upload."""
    if job.state != TransferState.UPLOADING:
        raise Refused("This import is not waiting for a file.", code="conflict")
    _queue(job)


def confirm(job: Transfer) -> None:
    """Confirm an import. A repeat changes nothing."""
    if job.confirmed_at is not None:
        return
    if job.state != TransferState.CHECKED:
        raise Refused("This import has not been checked.", code="conflict")
    _queue(job, confirmed_at=timezone.now())


def _queue(job: Transfer, **columns: Any) -> None:
    if not job.move(job.state, at=timezone.now(), state=TransferState.QUEUED, **columns):
        raise Refused("The import has changed in the meantime. Reload it.", code="conflict")
    jobs.run.enqueue(str(job.pk))


def format_of(name: str, head: bytes) -> str:
    """Guess the format from the name and the first bytes."""
    found = BY_SUFFIX.get(name.rpartition(".")[2].lower(), "json")
    return "todoist" if found == "csv" and OF_TODOIST.match(head) else found


def renew_feed(person: User, request: Any) -> tuple[CalendarFeed, str]:
    """Replace the feed's secret; returns both. The secret cannot be shown again."""
    secret = CalendarFeed.new_secret()
    values = {"digest": CalendarFeed.digest_of(secret), "created_at": timezone.now()}
    with writing(person.pk, savepoint=True):
        row, _made = CalendarFeed.objects.update_or_create(owner=person, defaults=values)
        record(person, Kind.FEED_MADE, request)
    return row, secret
