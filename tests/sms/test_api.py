"""/api/v1/sms/messages/: a text is taken with 202, read by its sender only, taken back in time."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.models import Counter
from sms.models import Event, Message, OptOut
from sms.states import FINAL, State
from tests import task_backends
from tests.conftest import make_user
from tests.sms.conftest import FROM, TO, allow

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/sms/messages/"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NUMBER = "+14155552671"


@pytest.fixture(autouse=True)
def _at_once(settings) -> None:
    settings.SMS_ENABLED = True


@pytest.fixture
def waiting(settings) -> None:
    """No message is delivered."""
    task_backends.recorded(settings)


def make_message(sender, **fields) -> Message:
    given = {"to": NUMBER, "body": "hey", "provider": "scripted", "region": "US", **fields}
    if given.get("state") in FINAL:
        given.setdefault("finished_at", NOON)
    return Message.objects.create(sender=sender, from_number=FROM, **given)


def one_error(response, status: int, code: str, attr: str | None = None) -> dict:
    body = response.json()
    assert response.status_code == status, body
    [error] = body["errors"]
    assert (error["code"], error["attr"]) == (code, attr), body
    return error


# --- Sending -------------------------------------------------------------------------------------


def test_a_text_is_taken_and_then_delivered(phone, provider, alice, bob):
    make_message(bob)
    with time_machine.travel(NOON, tick=False):
        response = phone.post(URL, {"to": "+1 (415) 555-2671", "body": " hey mate € "})
    message = Message.objects.get(sender=alice)
    assert response.status_code == 202
    assert response["Location"] == f"http://testserver{URL}{message.pk}/"
    body = response.json()
    events = body.pop("events")
    assert body == {
        "id": str(message.pk),
        "to": NUMBER,
        "body": "hey mate €",
        "status": "queued",
        "encoding": "GSM-7",
        "segments": 1,
        "region": "US",
        "send_at": None,
        "expires_at": None,
        "created_at": "2026-11-20T12:00:00.000Z",
        "finished_at": None,
        "attempts": 0,
        "error_code": "",
        "error_message": "",
    }
    assert [event["status"] for event in events][:1] == ["queued"]
    assert [(sent["to"], sent["body"]) for sent in provider.sent] == [(NUMBER, "hey mate €")]
    assert phone.get(response["Location"]).json()["status"] == "accepted"


def test_a_text_to_two_numbers_goes_to_none(phone, provider):
    """Whoever checks the one `to` and whoever sends to the other must not differ."""
    body = f'{{"to": "{NUMBER}", "to": "{TO}", "body": "hey"}}'
    one_error(phone.generic("POST", URL, body, "application/json"), 400, "parse_error")
    assert (provider.sent, Message.objects.count()) == ([], 0)


def test_a_text_for_later_waits(phone, provider):
    with time_machine.travel(NOON, tick=False):
        response = phone.post(
            URL,
            {"to": NUMBER, "body": "hey", "send_at": "2026-11-20T15:00:00+02:00", "valid_for": 120},
        )
    body = response.json()
    assert (response.status_code, body["status"]) == (202, "scheduled")
    assert body["send_at"] == "2026-11-20T13:00:00.000Z"
    assert body["expires_at"] == "2026-11-20T13:02:00.000Z"
    assert provider.sent == []


@pytest.mark.parametrize("signed_in", ["by token", "by cookie"])
@pytest.mark.parametrize(
    ("written", "moment", "end"),
    [
        # Clocks in Berlin jump from 02:00 to 03:00 on 2026-03-29: an offset says what is meant.
        ("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00.000Z", "2026-03-29T11:30:00.000Z"),
        ("2026-03-29T01:59:59+01:00", "2026-03-29T00:59:59.000Z", "2026-03-29T10:59:59.000Z"),
        ("2026-03-29T00:30:00Z", "2026-03-29T00:30:00.000Z", "2026-03-29T10:30:00.000Z"),
        ("2026-03-28T23:30:00-05:00", "2026-03-29T04:30:00.000Z", "2026-03-29T14:30:00.000Z"),
    ],
)
def test_a_moment_is_kept_in_utc_and_ten_hours_are_ten_hours(
    provider, api, web, alice, signed_in, written, moment, end
):
    alice.time_zone = "Europe/Berlin"
    alice.save()
    client = {"by token": api, "by cookie": web}[signed_in](allow(alice))
    text = json.dumps({"to": NUMBER, "body": "hey", "send_at": written, "valid_for": 36_000})
    with time_machine.travel(datetime(2026, 3, 20, tzinfo=UTC), tick=False):
        response = client.post(URL, text, content_type="application/json")
    body = response.json()
    assert (response.status_code, body["status"]) == (202, "scheduled")
    assert (body["send_at"], body["expires_at"]) == (moment, end)
    row = Message.objects.get()
    assert (row.send_at, row.expires_at) == (
        datetime.fromisoformat(moment),
        datetime.fromisoformat(end),
    )
    assert row.next_attempt_at == row.send_at


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"body": "hey"}, "required", "to"),
        ({"to": NUMBER}, "required", "body"),
        ({"to": NUMBER, "body": " "}, "blank", "body"),
        ({"to": NUMBER, "body": "\u200b\u00ad\x07\ufeff"}, "blank", "body"),
        ({"to": NUMBER, "body": None}, "null", "body"),
        ({"to": NUMBER, "body": 5}, "invalid", "body"),
        ({"to": 14155552671, "body": "hey"}, "invalid", "to"),
        ({"to": "4155552671", "body": "hey"}, "invalid_recipient", "to"),
        ({"to": "+18095551234", "body": "hey"}, "region_not_allowed", "to"),
        ({"to": "+19005551234", "body": "hey"}, "type_not_allowed", "to"),
        ({"to": "+" + "1" * 40, "body": "hey"}, "max_length", "to"),
        ({"to": NUMBER, "body": "a" * 1601}, "max_length", "body"),
        ({"to": NUMBER, "body": "中" * 269}, "too_many_segments", "body"),
        ({"to": NUMBER, "body": "a\x00"}, "null_characters_not_allowed", "body"),
        ({"to": NUMBER, "body": "a", "from": "+1"}, "unknown_field", "from"),
        ({"to": NUMBER, "body": "a", "valid_for": 119}, "min_value", "valid_for"),
        ({"to": NUMBER, "body": "a", "valid_for": 36001}, "max_value", "valid_for"),
        ({"to": NUMBER, "body": "a", "valid_for": "60"}, "invalid", "valid_for"),
        ({"to": NUMBER, "body": "a", "send_at": "2026-11-20T12:00"}, "naive", "send_at"),
        (
            {"to": NUMBER, "body": "a", "send_at": "2026-12-25T12:00:01Z"},
            "too_far_ahead",
            "send_at",
        ),
    ],
)
def test_a_request_that_does_not_fit_sends_and_counts_nothing(phone, provider, body, code, attr):
    with time_machine.travel(NOON, tick=False):
        response = phone.post(URL, body)
    one_error(response, 400, code, attr)
    assert (
        provider.sent,
        Message.objects.count(),
        Counter.objects.filter(scope__startswith="sms:").count(),
    ) == ([], 0, 0)


def test_four_segments_are_the_most(phone):
    assert phone.post(URL, {"to": NUMBER, "body": "中" * 268}).json()["segments"] == 4


def test_without_an_allowance_nothing_is_sent(provider, api, alice, bob, staff):
    allow(bob)
    allow(staff, per_day=0)
    for person in (alice, staff):
        one_error(api(person).post(URL, {"to": NUMBER, "body": "hey"}), 403, "not_allowed")
    assert (provider.sent, Message.objects.count()) == ([], 0)
    assert api(alice).get(URL).json() == {"next": None, "previous": None, "results": []}


def test_a_number_that_opted_out_gets_nothing(phone, provider):
    OptOut.objects.create(number=NUMBER, source=OptOut.Source.INBOUND)
    one_error(phone.post(URL, {"to": NUMBER, "body": "hey"}), 409, "opted_out")
    assert (
        provider.sent,
        Message.objects.count(),
        Counter.objects.filter(scope__startswith="sms:").count(),
    ) == ([], 0, 0)


def test_switched_off_is_503(phone, provider, settings):
    settings.SMS_ENABLED = False
    response = phone.post(URL, {"to": NUMBER, "body": "hey"})
    one_error(response, 503, "sending_disabled")
    assert response["Retry-After"] == "300"
    assert (provider.sent, Message.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SMS_DESTINATION_DAILY_LIMIT", "to this number"),
        ("SMS_COUNTRY_DAILY_LIMIT", "to this country"),
        ("SMS_DAILY_LIMIT", "daily limit of this service"),
        ("SMS_MONTHLY_SEGMENTS", "monthly budget"),
    ],
)
def test_a_limit_that_is_used_up_is_429(phone, provider, settings, name, words):
    setattr(settings, name, 1)
    with time_machine.travel(NOON, tick=False):
        assert phone.post(URL, {"to": NUMBER, "body": "a"}).status_code == 202
        response = phone.post(URL, {"to": NUMBER, "body": "b"})
    assert words in one_error(response, 429, "limit_reached")["detail"]
    days = 10.5 if name == "SMS_MONTHLY_SEGMENTS" else 0.5
    assert response["Retry-After"] == str(int(days * 24 * 3600) + 1)
    assert len(provider.sent) == Message.objects.count() == 1


def test_the_allowance_is_a_limit_of_its_own(provider, api, alice, bob):
    phone = api(allow(alice, per_day=2))
    statuses = [phone.post(URL, {"to": NUMBER, "body": "a"}).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]
    assert api(allow(bob, per_day=1)).post(URL, {"to": NUMBER, "body": "a"}).status_code == 202
    assert len(provider.sent) == 3


def test_a_repeated_key_sends_once(phone, provider, alice):
    headers = {"Idempotency-Key": "reminder-1"}
    first, second = (
        phone.post(URL, {"to": NUMBER, "body": "hey"}, headers=headers) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    assert second["Idempotency-Replayed"] == "true"
    other = phone.post(URL, {"to": NUMBER, "body": "you"}, headers=headers)
    one_error(other, 422, "idempotency_key_reused")
    assert len(provider.sent) == Message.objects.count() == 1


# --- Reading -------------------------------------------------------------------------------------


def test_the_list_is_ones_own_newest_first(phone, alice, bob):
    make_message(bob)
    mine = [make_message(alice, created_at=NOON + timedelta(hours=n)) for n in (1, 3, 2)]
    body = phone.get(URL).json()
    assert [row["id"] for row in body["results"]] == [str(mine[n].pk) for n in (1, 2, 0)]
    assert "events" not in body["results"][0]


def test_pages_follow_each_other(phone, alice):
    for _ in range(5):
        make_message(alice, created_at=NOON)  # all at once: the id decides
    url, seen = f"{URL}?limit=2", []
    while url:
        page = phone.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert seen == [str(pk) for pk in Message.objects.order_by("id").values_list("pk", flat=True)]


@pytest.mark.parametrize(
    ("query", "bodies"),
    [
        ("?status=failed", {"failed"}),
        ("?status=queued", {"other", "queued"}),
        (f"?to=%2B{NUMBER[1:]}", {"failed", "queued"}),
        (f"?to={NUMBER}&status=failed", {"failed"}),
        ("?to=+15005550006", {"other"}),
        ("?to=%2B15005550001", set()),
    ],
)
def test_the_list_is_filtered(phone, alice, bob, query, bodies):
    make_message(bob, state=State.FAILED)
    make_message(alice, state=State.FAILED, body="failed")
    make_message(alice, body="queued")
    make_message(alice, body="other", to=FROM)
    assert {row["body"] for row in phone.get(URL + query).json()["results"]} == bodies


@pytest.mark.parametrize(
    ("query", "code", "attr"),
    [
        ("?status=gone", "invalid_choice", "status"),
        ("?state=failed", "unknown_field", "state"),
        ("?to=1&to=2", "repeated", "to"),
        ("?limit=0", "invalid", "limit"),
    ],
)
def test_a_question_that_is_misspelt_is_an_error(phone, query, code, attr):
    one_error(phone.get(URL + query), 400, code, attr)


def test_the_detail_tells_what_happened(phone, alice):
    message = make_message(alice, attempt_count=2)
    message.advance(State.FAILED, code="30003", reason="Unreachable +14155552671")
    for minute, (source, status, code) in enumerate(
        [("service", "queued", ""), ("callback", "sent", ""), ("callback", "failed", "30003")]
    ):
        Event.objects.create(
            message=message,
            source=source,
            status=status,
            error_code=code,
            received_at=NOON + timedelta(minutes=minute),
        )
    body = phone.get(f"{URL}{message.pk}/").json()
    assert body["events"] == [
        {
            "status": "queued",
            "source": "service",
            "error_code": "",
            "received_at": "2026-11-20T12:00:00.000Z",
        },
        {
            "status": "sent",
            "source": "callback",
            "error_code": "",
            "received_at": "2026-11-20T12:01:00.000Z",
        },
        {
            "status": "failed",
            "source": "callback",
            "error_code": "30003",
            "received_at": "2026-11-20T12:02:00.000Z",
        },
    ]
    assert (body["status"], body["attempts"], body["error_code"]) == ("failed", 2, "30003")
    assert body["error_message"] == "Unreachable +…71"


@pytest.mark.parametrize("path", ["", "cancel/"])
def test_somebody_elses_text_does_not_exist(api, alice, bob, staff, path):
    """Whoever asks and whatever they may do: texts of others are in the admin only."""
    theirs = make_message(bob)
    helper = make_user("helper@example.com", is_staff=True)
    for person in (allow(alice), allow(staff), helper):
        client = api(person)
        ask = client.post if path else client.get
        one_error(ask(f"{URL}{theirs.pk}/{path}"), 404, "not_found")
        one_error(ask(f"{URL}{uuid.uuid4()}/{path}"), 404, "not_found")
        assert client.get(URL, {"to": theirs.to}).json()["results"] == []
    theirs.refresh_from_db()
    assert theirs.state == State.QUEUED


def test_a_longer_list_takes_no_more_queries(phone, alice, django_assert_num_queries):
    def ask(count: int) -> None:
        with django_assert_num_queries(count) as captured:
            assert phone.get(f"{URL}?limit=200").status_code == 200
        assert captured

    make_message(alice)
    ask(3)  # the session, the account, the page
    for _ in range(20):
        Event.objects.create(message=make_message(alice), source="service", status="queued")
    ask(3)


# --- Taking back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.SCHEDULED, State.QUEUED])
def test_what_waits_is_canceled(phone, alice, provider, state):
    message = make_message(alice, state=state, send_at=NOON)
    for _ in range(2):
        response = phone.post(f"{URL}{message.pk}/cancel/")
        assert (response.status_code, response.json()["status"]) == (200, "canceled")
    assert response.json()["events"][0]["source"] == "person"
    assert provider.sent == []


@pytest.mark.parametrize(
    "state",
    [*(state for state in State if state not in ("scheduled", "queued", "canceled"))],
)
def test_what_has_left_stays(phone, alice, state):
    message = make_message(alice, state=state, provider_sid="SM1")
    one_error(phone.post(f"{URL}{message.pk}/cancel/"), 409, "not_cancelable")
    message.refresh_from_db()
    assert message.state == state


def test_what_is_canceled_does_not_count(phone, provider):
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    text = {"to": NUMBER, "body": "中" * 71, "send_at": later}
    sent = phone.post(URL, text).json()
    assert set(Counter.objects.filter(scope__startswith="sms:").values_list("used", flat=True)) == {
        1,
        2,
    }
    assert phone.post(f"{URL}{sent['id']}/cancel/").status_code == 200
    assert set(Counter.objects.filter(scope__startswith="sms:").values_list("used", flat=True)) == {
        0
    }


# --- Segments ------------------------------------------------------------------------------------


def test_segments_are_told_before_anything_is_sent(api, alice, provider, settings):
    settings.SMS_TO_NUMBER = TO
    body = "Grüße \u2013 an \N{GRINNING FACE}" + "a" * 60 + "ok \u2013 "
    response = api(alice).post(f"{URL}segments/", {"body": f" {body}", "to": NUMBER})
    dash = {"character": "\u2013", "name": "EN DASH", "count": 2, "replacement": "-"}
    face = {"character": "\N{GRINNING FACE}", "name": "GRINNING FACE", "count": 1}
    price = {"encoding": "UCS-2", "segments": 2, "remaining": 57}
    assert (response.status_code, response.json()) == (
        200,
        {
            **price,
            "characters": 76,
            "expensive": [dash, {**face, "replacement": face["character"]}],
            "cheaper": {"body": body.strip(), **price},
            "region": "US",
            "number_type": "fixed_line_or_mobile",
            "price": None,
        },
    )
    plain = api(alice).post(f"{URL}segments/", {"body": "“" + "a" * 70}).json()
    assert plain == {
        "encoding": "UCS-2",
        "segments": 2,
        "characters": 71,
        "remaining": 63,
        "expensive": [
            {
                "character": "“",
                "name": "LEFT DOUBLE QUOTATION MARK",
                "count": 1,
                "replacement": '"',
            }
        ],
        "cheaper": {"body": '"' + "a" * 70, "encoding": "GSM-7", "segments": 1, "remaining": 89},
    }
    assert (
        provider.sent,
        Message.objects.count(),
        Counter.objects.filter(scope__startswith="sms:").count(),
    ) == ([], 0, 0)


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "required", "body"),
        ({"body": "hey", "to": "+19005551234"}, "type_not_allowed", "to"),
        ({"body": "hey", "text": "b"}, "unknown_field", "text"),
    ],
)
def test_segments_of_a_request_that_does_not_fit_are_an_error(
    api, alice, provider, body, code, attr
):
    one_error(api(alice).post(f"{URL}segments/", body), 400, code, attr)


@pytest.mark.parametrize("verb", ["put", "patch", "delete"])
def test_a_text_is_never_changed(phone, alice, verb):
    message = make_message(alice)
    one_error(getattr(phone, verb)(f"{URL}{message.pk}/", {}), 405, "method_not_allowed")
