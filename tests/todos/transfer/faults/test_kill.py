"""The process of an import is killed at any moment: all of the import is done, or nothing."""

import collections
import io
import random
import subprocess
from collections.abc import Iterator

import pytest

from tests import deaths
from tests.builders import make_todo
from tests.conftest import make_user
from tests.task_backends import RECORDING, recorded
from tests.todos.transfer.faults.life import MEDIA, run_all
from todos.models import Todo, Transfer, TransferState
from todos.transfer import starting

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
IMPORTS, ROWS, KILLS = 12, 30, 30
LAST_EVENTS = (20, 250)


@pytest.fixture
def worker(settings) -> Iterator["subprocess.Popen[str]"]:
    environment = {MEDIA: str(settings.MEDIA_ROOT), "TASK_BACKEND": RECORDING}
    with deaths.process("tests.deaths", "tests.todos.transfer.faults.life", **environment) as it:
        yield it


def begin(number: int) -> Transfer:
    """An import that has been checked and confirmed."""
    owner = make_user(f"{number}@example.com")
    titles = "".join(f"{number} {row}\n" for row in range(ROWS))
    job = starting.import_file(owner, "todotxt", None, None, io.BytesIO(titles.encode()))
    run_all()
    job.refresh_from_db()
    starting.confirm(job)
    return job


def test_an_import_is_whole_or_not_there(worker, settings, bob):
    recorded(settings)
    theirs = make_todo(bob, "bob's")
    begun = [begin(number) for number in range(IMPORTS)]
    moments = random.Random(16)  # noqa: S311 - when to kill
    for _ in range(KILLS):
        deaths.live_and_die(worker, moments.randint(*LAST_EVENTS))
    for _ in range(IMPORTS):
        run_all()

    left = collections.Counter(Transfer.objects.values_list("state", flat=True))
    assert {*left} <= {TransferState.DONE, TransferState.FAILED}
    assert left[TransferState.DONE] > 0
    for number, job in enumerate(begun):
        job.refresh_from_db()
        titles = [*Todo.objects.of(job.owner_id).values_list("title", flat=True)]
        expected = [f"{number} {row}" for row in range(ROWS)]
        assert sorted(titles) == (sorted(expected) if job.state == TransferState.DONE else [])
        assert job.state == TransferState.DONE or (job.error_code, job.tries) == ("internal", 3)
    assert [*Todo.objects.of(bob.pk)] == [theirs]
