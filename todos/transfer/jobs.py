"""Runs exports and imports as jobs: a process claims a job, and a sweep restarts dead ones.

An import is one transaction that locks the account's counter and includes the state of the job, so
it happens as a whole or not at all. A repeated export writes its file again.
"""

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final

from django.core.signing import BadSignature, Signer
from django.utils import timezone

from accounts.models import User
from core import files
from core.errors import Refused
from core.feed import FeedCounter, writing
from core.tasks import long_task
from todos.models import Todo, Transfer, TransferState
from todos.models.transfers import FOLDER, MOST_TRIES, TransferKind
from todos.transfer import personal
from todos.transfer.formats import FORMATS
from todos.transfer.intake import Intake
from todos.transfer.records import FileError, Records
from todos.transfer.source import MOST_BYTES, opened

EVERYTHING: Final = personal.FORMAT
STEP: Final = 2_000  # parts or objects between two updates of the progress
REPEATS: Final = 3  # of an export if the account changes in the meantime
FAULT: Final = FileError("internal", "Something went wrong on this server. Please try again.")
FORGOTTEN: Final = FileError("deleted", "The import was deleted while it ran.")
GONE: Final = FileError("file_missing", "The file has not arrived. Send it, and begin again.")

logger = logging.getLogger(__name__)


def file_name(job: Transfer) -> str:
    return f"{FOLDER}/{job.pk}"


@long_task
def run(key: str) -> None:
    """Run one job up to its next state. Does nothing if another process runs it."""
    job = Transfer.objects.select_related("owner", "list").filter(pk=key).first()
    if job is None or not job.claim(timezone.now()):
        return
    try:
        _export(job) if job.kind == TransferKind.EXPORT else _import(job)
    except FileError as error:
        job.fail(error.code, error.detail, timezone.now())
    except Refused as error:  # a quota
        job.fail(error.code, str(error), timezone.now())
    except FileNotFoundError:
        job.fail(GONE.code, GONE.detail, timezone.now())
    except Exception:
        job.fail(FAULT.code, FAULT.detail, timezone.now())
        raise


def sweep(at: datetime) -> dict[str, int]:
    """Start forgotten jobs, and restart dead ones, at most three times."""
    done = {"repeated": 0, "failed": 0, "begun": 0}
    for job in Transfer.objects.dead(at):
        if job.tries < MOST_TRIES:
            done["repeated"] += job.move(TransferState.RUNNING, at=at, state=TransferState.QUEUED)
            run.enqueue(str(job.pk))
        else:
            done["failed"] += job.fail(FAULT.code, FAULT.detail, at)
    for job in Transfer.objects.forgotten(at):
        done["begun"] += job.move(TransferState.QUEUED, at=at)
        run.enqueue(str(job.pk))
    return done


def remove_orphans() -> int:
    """Remove files without a job, as after the deletion of an account; returns how many."""
    found = files.names(FOLDER)  # before the query, because a job may start in between
    known = {file_name(job) for job in Transfer.objects.only("pk")}
    lost = [name for name in found if name not in known]
    for name in lost:
        files.remove(name)
    return len(lost)


# --- Out ------------------------------------------------------------------------------------------


def _export(job: Transfer, repeats: int = REPEATS) -> None:
    Transfer.objects.filter(pk=job.pk).update(total=Todo.objects.of(job.owner_id).count())
    before = _place(job.owner)
    with tempfile.TemporaryFile() as file:
        _write(job, file)
        if repeats > 1 and before != _place(job.owner):
            _export(job, repeats - 1)
            return
        size = files.save(file_name(job), file)
    told = {"state": TransferState.DONE, "file": file_name(job), "size": size}
    if not job.end(timezone.now(), **told):
        files.remove(file_name(job))


def _place(account: User) -> int:
    """The number of changes of the account."""
    counted = FeedCounter.objects.filter(account=account).values_list("seq", flat=True)
    return counted.first() or 0


def _write(job: Transfer, file: BinaryIO) -> None:
    if job.format == EVERYTHING:
        personal.write(job.owner, file)
        return
    parts = FORMATS[job.format].write(job.owner)
    file.writelines(part.encode() for part in _counted(job, parts))


def _counted(job: Transfer, every: Iterator[Any]) -> Iterator[Any]:
    """Update the progress of the job during the iteration."""
    for number, each in enumerate(every, start=1):
        yield each
        if number % STEP == 0:
            Transfer.objects.filter(pk=job.pk).update(done=number)


# --- In -------------------------------------------------------------------------------------------


def token_of(job: Transfer) -> str:
    """The token that confirms the checked file."""
    return Signer(salt="todos.transfer").sign(f"{job.pk}:{job.digest}").rpartition(":")[2]


def is_token(job: Transfer, text: str) -> bool:
    try:
        Signer(salt="todos.transfer").unsign(f"{job.pk}:{job.digest}:{text}")
    except BadSignature:
        return False
    return True


def _import(job: Transfer) -> None:
    if (size := files.size(file_name(job))) is None:
        raise FileNotFoundError
    Transfer.objects.filter(pk=job.pk).update(file=file_name(job), size=size)
    if size > MOST_BYTES:
        raise FileError("file_too_large", "The file is too large.")
    if job.confirmed_at is None:
        _check(job)
    else:
        _apply(job)


def _check(job: Transfer) -> None:
    with files.opened(file_name(job)) as file, tempfile.TemporaryFile() as copy:
        digest = _copied(file, copy)
        intake = Intake(job.owner, job.list)
        intake.look(_counted(job, _records(job, copy)))
    state = TransferState.CHECKED if sum(intake.report.new.values()) else TransferState.DONE
    told = {"report": intake.report.stored, "digest": digest, "tries": 0}
    told |= {"done": intake.looked_at, "total": intake.looked_at}
    job.end(timezone.now(), state=state, **told)


def _apply(job: Transfer) -> None:
    with files.opened(file_name(job)) as file, tempfile.TemporaryFile() as copy:
        if _copied(file, copy) != job.digest:
            raise FileError("file_changed", "This is not the file that was checked.")
        with writing(job.owner_id, savepoint=True):
            intake = Intake(job.owner, job.list)
            intake.look(_records(job, copy))
            intake.make(_records(job, copy))
            done = {"state": TransferState.DONE, "report": intake.report.stored}
            if not job.end(timezone.now(), done=intake.looked_at, **done):
                raise FORGOTTEN  # which rolls it back


def _copied(file: Any, copy: BinaryIO) -> str:
    """Copy the file, because the one in a bucket could be replaced; returns its digest."""
    digest = hashlib.sha256()
    while part := file.read(1 << 20):
        digest.update(part)
        copy.write(part)
    return digest.hexdigest()


def _records(job: Transfer, copy: BinaryIO) -> Records:
    copy.seek(0)
    with opened(copy) as source:
        yield from FORMATS[job.format].read(source, job.owner)
