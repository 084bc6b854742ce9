"""Idempotency-Key (core/idempotency.py): a creation sent twice is done once, answered twice alike.

A view of the tests' own shows what every handler gets; tests/todos and tests/sms show the product.
"""

import json
import logging
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, OperationalError
from django.db.backends.utils import CursorWrapper
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import NotFound, PermissionDenied, Throttled
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from core.idempotency import idempotency_key, idempotent
from core.models import IdempotencyKey
from tests.config.conftest import ROOT

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
REUSED = "This Idempotency-Key was sent with another body. Take a new key."
RUNNING = "The first request with this Idempotency-Key is still running. Ask again."
INVALID = (
    "Idempotency-Key must be one key of 1 to 255 visible ASCII characters without a comma or a"
    " quotation mark."
)


def error(code: str, detail: str, kind: str = "client_error") -> dict:
    return {"type": kind, "errors": [{"code": code, "detail": detail, "attr": None}]}


class Door(APIView):
    """Answers what the test says, raises it or asks it; counts how often it was asked."""

    permission_classes = ()
    answers: list = []
    asked: list = []

    @idempotent
    def post(self, request) -> Response:
        self.asked.append(idempotency_key(request))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else Response(*answer)


@pytest.fixture(autouse=True)
def door(monkeypatch) -> type[Door]:
    """`door.answers = [...]`: the next answers; the last one is given again and again."""
    monkeypatch.setattr(Door, "answers", [({"number": 1}, 201)])
    monkeypatch.setattr(Door, "asked", [])
    return Door


def send(key: str | None = KEY, body: object = None, *, person=None, path: str = "/door/"):
    headers = {} if key is None else {"Idempotency-Key": key}
    request = APIRequestFactory().post(path, body or {"a": 1}, format="json", headers=headers)
    force_authenticate(request, person)
    return Door.as_view()(request).render()


def told(response) -> tuple:
    """Everything that a client gets."""
    headers = {k: v for k, v in response.items() if k != "Idempotency-Replayed"}
    return response.status_code, headers, response.content


def is_replay(response) -> bool:
    return response.get("Idempotency-Replayed") == "true"


# --- The same key and the same body -------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 400, 404, 405, 409, 410, 412, 413, 422])
def test_what_is_said_about_the_request_is_said_again(door, status):
    headers = {"ETag": '"1"', "Location": "http://testserver/door/1/", "Retry-After": "7"}
    door.answers = [({"b": 1, "a": "ü\u2028"}, status, None, headers), ({"never": True}, 500)]
    first, second, third = send(), send(), send()
    assert told(first) == told(second) == told(third)
    assert [is_replay(r) for r in (first, second, third)] == [False, True, True]
    assert (first["ETag"], first["Location"], first["Retry-After"]) == tuple(headers.values())
    assert door.asked == [KEY]


def test_an_answer_without_a_body_is_said_again(door):
    door.answers = [(None, 204), (None, 500)]
    first, second = send(), send()
    assert told(first) == told(second)
    assert (second.status_code, second.content, is_replay(second)) == (204, b"", True)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # No half characters: DRF cannot write them either.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@pytest.mark.wide
@given(data=JSON, status=st.sampled_from([200, 201, 400, 422]))
def test_a_replay_is_the_first_answer_byte_for_byte(data, status):
    Door.answers[:] = [(data, status)]
    key = uuid.uuid4().hex
    first, second = send(key), send(key)
    assert told(first) == told(second)
    assert (is_replay(first), is_replay(second)) == (False, True)


def test_only_headers_that_matter_are_kept(door):
    door.answers = [({}, 201, None, {"X-Own": "1", "ETag": '"1"'})]
    send()
    assert IdempotencyKey.objects.get().headers == {"ETag": '"1"'}


@pytest.mark.parametrize("status", [401, 403, 408, 415, 429, 500, 502, 503])
def test_what_may_be_otherwise_next_time_is_not_kept(door, status):
    door.answers = [({"first": True}, status), ({"second": True}, 201)]
    assert send().status_code == status
    assert not IdempotencyKey.objects.exists()
    second = send(body={"another": "body"})
    assert (second.status_code, is_replay(second), len(door.asked)) == (201, False, 2)


@pytest.mark.parametrize(
    ("fault", "status", "runs"),
    [
        (NotFound(), 404, 1),
        (IntegrityError("taken"), 409, 1),
        (PermissionDenied(), 403, 2),
        (Throttled(), 429, 2),
        (OperationalError("gone"), 503, 2),
        (ZeroDivisionError(), 500, 2),
    ],
    ids=repr,
)
def test_an_exception_is_told_as_the_view_tells_it(door, fault, status, runs, monkeypatch):
    monkeypatch.setattr("core.api.errors.drop_connection", lambda: None)
    door.answers = [fault]
    first, second = send(), send()
    assert first.status_code == status
    assert first.data["errors"][0]["detail"]
    assert told(first) == told(second)
    assert (len(door.asked), is_replay(second)) == (runs, runs == 1)


def test_an_exception_that_no_handler_takes_frees_the_key_and_goes_on(door, monkeypatch):
    monkeypatch.setattr(door, "get_exception_handler", lambda self: lambda *args: None)
    door.answers = [ZeroDivisionError(), ({}, 201)]
    with pytest.raises(ZeroDivisionError):
        send()
    assert (send().status_code, len(door.asked)) == (201, 2)


# --- Another body, another person, another door -------------------------------------------------


def test_another_body_is_422_and_changes_nothing(door):
    first = send()
    wrong = send(body={"a": 2})
    assert (wrong.status_code, wrong.data) == (422, error("idempotency_key_reused", REUSED))
    assert not is_replay(wrong)
    assert told(send()) == told(first)
    assert len(door.asked) == 1


def test_the_body_counts_to_the_byte(door):
    factory, statuses = APIRequestFactory(), []
    for body in (b'{"a":1}', b'{"a": 1}', b'{"a":1}'):
        request = factory.post(
            "/door/", body, content_type="application/json", headers={"Idempotency-Key": "k"}
        )
        statuses.append(door.as_view()(request).status_code)
    assert statuses == [201, 422, 201]


def test_long_bodies_that_differ_in_their_last_character_are_two(door):
    first, second = ({"text": "x" * 60_000 + end} for end in "ab")
    assert send(body=first).status_code == 201
    wrong = send(body=second)
    assert (wrong.status_code, wrong.data) == (422, error("idempotency_key_reused", REUSED))
    assert (is_replay(send(body=first)), len(door.asked)) == (True, 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [("k", "K"), ("k" * 254 + "a", "k" * 254 + "b"), ("9", "10"), ("k", "k/"), ("%6B", "k")],
)
def test_keys_that_differ_anywhere_are_two(door, first, second):
    assert [send(key).status_code for key in (first, second)] == [201, 201]
    assert door.asked == [first, second]


def test_a_key_belongs_to_its_person_and_its_door(door, alice, bob):
    senders = [
        {"person": alice},
        {"person": bob},
        {"person": None},
        {"person": alice, "path": "/other/"},
    ]
    firsts = [send(body={"n": n}, **sender) for n, sender in enumerate(senders)]
    seconds = [send(body={"n": n}, **sender) for n, sender in enumerate(senders)]
    assert [r.status_code for r in firsts + seconds] == [201] * 8
    assert [is_replay(r) for r in firsts + seconds] == [False] * 4 + [True] * 4
    assert set(IdempotencyKey.objects.values_list("scope", "endpoint")) == {
        (f"user:{alice.pk}", "POST /door/"),
        (f"user:{bob.pk}", "POST /door/"),
        ("anonymous", "POST /door/"),
        (f"user:{alice.pk}", "POST /other/"),
    }


def test_the_stage_prefix_is_no_part_of_the_door(door):
    for prefix in ("", "/production"):
        request = APIRequestFactory().post("/door/", headers={"Idempotency-Key": "k"})
        request.META["SCRIPT_NAME"], request.path = prefix, f"{prefix}/door/"
        door.as_view()(request)
    assert len(door.asked) == 1


# --- What is a key ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a", "k" * 255, KEY, "!#$%&'()*+-./:;<=>?@[]^_`{|}~\\"])
def test_visible_ascii_is_a_key(door, key):
    assert [send(key).status_code, send(key).status_code] == [201, 201]
    assert door.asked == [key]


def test_a_quoted_key_is_the_same_key(door):
    assert not is_replay(send(KEY))
    assert is_replay(send(f'"{KEY}"'))
    assert send(f'"{"k" * 255}"').status_code == 201
    assert door.asked == [KEY, "k" * 255]


@pytest.mark.parametrize(
    "key",
    ["", " ", '""', "k" * 256, f'"{"k" * 256}"', "a b", "a\tb", "a\n", "\x00", "\x7f", "ü", "€",
     "a,b", "a, a", '"a", "b"', '"', '"a', 'a"', 'a"b', '"a"b"', '""a""'],
)  # fmt: skip
def test_anything_else_is_400_and_nothing_runs(door, key):
    response = send(key)
    assert response.status_code == 400
    assert response.data == error("invalid_idempotency_key", INVALID, "validation_error")
    assert (door.asked, IdempotencyKey.objects.count()) == ([], 0)


def test_a_handler_sees_the_key_and_none_without_one(door):
    send("a")
    send(None)
    assert door.asked == ["a", None]


# --- Time ---------------------------------------------------------------------------------------


def test_a_key_is_free_again_after_a_day(door):
    with time_machine.travel(NOON, tick=False) as clock:
        send()
        clock.shift(timedelta(hours=24, seconds=-1))
        assert is_replay(send())
        assert send(body={"b": 2}).status_code == 422
        clock.shift(1)
        other = send(body={"b": 2})
        assert (other.status_code, is_replay(other), len(door.asked)) == (201, False, 2)
        assert is_replay(send(body={"b": 2}))
    assert IdempotencyKey.objects.count() == 1


def test_while_the_first_runs_a_repeat_is_409_and_may_ask_again(door):
    inner = []
    door.answers = [lambda: inner.append(send()) or Response({"first": True}, 201)]
    outer = send()
    [meanwhile] = inner
    assert (meanwhile.status_code, meanwhile["Retry-After"]) == (409, "2")
    assert meanwhile.data == error("idempotency_in_flight", RUNNING)
    assert told(send()) == told(outer)


def test_another_body_while_the_first_runs_is_422(door):
    inner = []
    door.answers = [lambda: inner.append(send(body={"b": 2})) or Response({}, 201)]
    send()
    assert [r.status_code for r in inner] == [422]


def test_a_key_that_was_released_just_now_is_409_once(monkeypatch):
    """Between the claim that failed and the look at the row the other request may end."""
    with monkeypatch.context() as context:
        context.setattr("core.idempotency._Claim.take", lambda self: False)
        assert send().status_code == 409
    assert send().status_code == 201


def test_a_process_that_died_holds_its_key_for_a_minute(door):
    door.answers = [SystemExit(), ({"second": True}, 201)]
    with time_machine.travel(NOON, tick=False) as clock:
        with pytest.raises(SystemExit):
            send()
        clock.shift(59)
        assert send().status_code == 409
        clock.shift(1)
        assert send(body={"b": 2}).status_code == 422  # what was begun may have been done
        assert (send().data, is_replay(send())) == ({"second": True}, True)
    assert door.asked == [KEY, KEY]


@pytest.mark.parametrize("status", [201, 500])
def test_an_answer_after_its_lease_touches_nothing_of_the_next(door, status):
    with time_machine.travel(NOON, tick=False) as clock:

        def slow() -> Response:
            door.answers = [({"second": True}, 201)]
            clock.shift(61)
            assert send().data == {"second": True}
            return Response({"slow": True}, status)

        door.answers = [slow]
        assert (send().status_code, send().data) == (status, {"second": True})
    assert len(door.asked) == 2


# --- What it costs, and what it tells -----------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_key_costs_its_row_its_count_and_one_update(django_assert_num_queries):
    with django_assert_num_queries(0):
        send(None)
    with django_assert_num_queries(3) as first:
        send()
    with django_assert_num_queries(2) as second:
        send()
    verbs = [query["sql"].split()[0] for query in first.captured_queries + second.captured_queries]
    assert verbs == ["INSERT", "INSERT", "UPDATE", "INSERT", "SELECT"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("status", "verb"), [(201, "UPDATE"), (429, "DELETE")])
def test_what_was_done_is_answered_even_if_it_cannot_be_kept(
    door, monkeypatch, caplog, status, verb
):
    execute = CursorWrapper.execute

    def fail(self, sql, params=None):
        if sql.startswith(verb):
            raise OperationalError(f"could not write {params}")
        return execute(self, sql, params)

    door.answers = [({"private": "words"}, status)]
    with monkeypatch.context() as context:
        context.setattr(CursorWrapper, "execute", fail)
        assert send().status_code == status
    assert "The response to POST /door/ could not be stored: OperationalError" in caplog.text
    assert KEY not in caplog.text
    assert "words" not in caplog.text
    assert send().status_code == 409


def test_no_key_and_no_body_is_logged(door, caplog):
    caplog.set_level(logging.DEBUG)
    door.answers = [({"private": "words"}, 201)]
    assert [send().status_code, send().status_code] == [201, 201]
    assert send(body={"private": "text"}).status_code == 422
    assert send(KEY + " ").status_code == 400
    door.answers = [ZeroDivisionError()]
    assert send("k" + KEY).status_code == 500
    assert "ZeroDivisionError" in caplog.text
    assert not {word for word in (KEY, "words", "private") if word in caplog.text}
    assert KEY not in str(IdempotencyKey.objects.first())


def test_the_admin_shows_who_repeated_what_and_no_answer(door, web, staff):
    door.answers = [({"private": "words"}, 201)]
    send()
    row = IdempotencyKey.objects.get()
    pages = [
        web(staff).get("/admin/core/idempotencykey/").content.decode(),
        web(staff).get(f"/admin/core/idempotencykey/{row.pk}/change/").content.decode(),
    ]
    assert all("POST /door/" in page and KEY in page for page in pages)
    assert not any("words" in page for page in pages)
    assert json.loads(row.body) == {"private": "words"}


# --- Many processes on one SQLite file ----------------------------------------------------------

CLAIMERS = """
import multiprocessing, uuid
import django; django.setup()
from django.db import connection
from core.idempotency import _Claim
from core.models import IdempotencyKey

def claim(_number):
    together.wait()
    keys = (_Claim("s", "d", str(n), "f", uuid.uuid4()) for n in range(100))
    return [claim.key for claim in keys if claim.take()]

with connection.schema_editor() as editor:
    editor.create_model(IdempotencyKey)
connection.close()  # each claimer opens its own
forks = multiprocessing.get_context("fork")
together = forks.Barrier(4)
with forks.Pool(4) as claimers:
    claimed = claimers.map(claim, range(4), chunksize=1)
print(*(key for keys in claimed for key in keys))
"""


@pytest.mark.wide
def test_four_processes_on_one_sqlite_file_claim_every_key_once(tmp_path):
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", CLAIMERS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert sorted(map(int, done.stdout.split())) == list(range(100))
