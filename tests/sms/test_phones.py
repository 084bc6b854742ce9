"""A number is somebody's once its code has come back, and one person's at a time."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.core import mail
from django.db import connection
from django.forms.models import model_to_dict
from django.test import RequestFactory
from rest_framework.test import APIClient

from accounts.sessions import DeviceSessionStore
from sms import phones, service
from sms.delivery import CODE_PLACE
from sms.models import Consent, Lane, Message, OptOut, Phone, PhoneCode
from sms.policy import SendError
from sms.states import State
from tests import task_backends
from tests.conftest import bearer_token, make_user
from tests.sms.conftest import TO, allow

pytestmark = pytest.mark.django_db(transaction=True)
URL, CONFIRM, HISTORY = (f"/api/v1/account/phone/{name}" for name in ("", "confirm/", "history/"))
ANOTHER, BOBS = "+15005550098", "+15005550077"
NOBODY = {"number": None, "proved_at": None, "opted_out": False, "pending": None}


@pytest.fixture(autouse=True)
def _codes(settings, numbered, bob) -> None:
    settings.SMS_CODES_DAILY = 100
    Phone.objects.create(account=bob, number=BOBS)


@pytest.fixture(autouse=True)
def _bystander(numbered) -> Iterator[None]:
    """Carol has a row of each kind, which nobody else sees or changes."""
    carol, number = allow(make_user("carol@example.com")), "+15005550066"
    at = datetime(2026, 11, 20, 11, tzinfo=UTC)
    Phone.objects.create(account=carol, number=number, proved_at=at)
    OptOut.objects.create(number=number, source="inbound")
    code = {"number": ANOTHER, "asked_at": at, "expires_at": at.replace(year=2100)}
    PhoneCode.objects.create(account=carol, **code)
    text = Message.objects.create(
        sender=carol,
        to=TO,
        body="x",
        lane=Lane.REMINDER,
        state=State.SCHEDULED,
        next_attempt_at=at.replace(year=2100),
    )
    rows = [Phone.objects.get(account=carol), PhoneCode.objects.get(account=carol), text]
    before = [model_to_dict(row) for row in rows]
    yield
    for row in rows:
        row.refresh_from_db()
    assert [model_to_dict(row) for row in rows] == before


def phone_of(person, address: str = "192.0.2.7") -> APIClient:
    """A device that has logged in a moment ago."""
    client = APIClient(REMOTE_ADDR=address, HTTP_USER_AGENT="Nudge/1.0 (Pixel 9)")
    token = bearer_token(person)
    request = RequestFactory().get("/")
    request.session = DeviceSessionStore(session_key=token)
    request.session.load()
    record_authentication(request, person, method="password")
    request.session.save()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def ask(client: APIClient, number: str = TO):
    return client.post(URL, {"number": number, "agreed": True})


def texted_code(provider) -> str:
    found = re.match(r"(\d{6}) is your Nudge code", provider.sent[-1]["body"])
    assert found
    return found[1]


def prove(client: APIClient, provider, number: str = TO):
    assert ask(client, number).status_code == 202
    return client.post(CONFIRM, {"texted_code": texted_code(provider)})


def told(answer) -> dict:
    body = answer.json()
    assert body.pop("consent").startswith("I agree that Nudge sends text messages")
    return body


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_number_is_proved_by_its_code(numbered, alice):
    phone = phone_of(alice)
    assert told(phone.get(URL)) == NOBODY
    asked = ask(phone, "+1 (500) 555-0099")
    pending = {"number": TO, "expires_at": "2026-11-20T12:10:00.000Z"}
    assert (asked.status_code, told(asked)) == (202, {**NOBODY, "pending": pending})
    assert service.proved_number(alice) is None
    code = texted_code(numbered)
    proved = phone.post(CONFIRM, {"texted_code": f" {code[:3]}-{code[3:]} "})
    mine = {**NOBODY, "number": TO, "proved_at": "2026-11-20T12:00:00.000Z"}
    assert (proved.status_code, told(proved)) == (200, mine)
    assert told(phone.get(URL)) == mine
    assert service.proved_number(alice) == TO
    assert [each.to for each in mail.outbox] == [["alice@example.com"]]
    assert code_of(phone.post(CONFIRM, {"texted_code": code})) == (409, "no_code")


def test_no_code_is_at_rest_or_among_the_messages_of_an_account(numbered, alice):
    phone = phone_of(alice)
    ask(phone)
    code, kept = texted_code(numbered), Message.objects.get(lane=Lane.CODE)
    assert (kept.sender, kept.lane, kept.body[:6]) == (None, Lane.CODE, CODE_PLACE)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own table names
            assert code not in str([row for row in cursor.fetchall() if "django_" not in table])
    assert phone.get("/api/v1/sms/messages/").json()["results"] == []


def test_three_guesses_and_then_not_even_the_right_one(numbered, alice):
    phone = phone_of(alice)
    ask(phone)
    right = texted_code(numbered)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for _ in range(3):
        assert code_of(phone.post(CONFIRM, {"texted_code": wrong})) == (400, "wrong_code")
    for guess in (right, wrong):
        assert code_of(phone.post(CONFIRM, {"texted_code": guess})) == (409, "no_code")
    assert told(phone.get(URL)) == NOBODY
    assert prove(phone, numbered).status_code == 200


def test_a_code_ends_after_ten_minutes_and_with_the_next_one(numbered, alice, noon):
    phone = phone_of(alice)
    ask(phone)
    first = texted_code(numbered)
    ask(phone, ANOTHER)
    assert code_of(phone.post(CONFIRM, {"texted_code": first})) == (400, "wrong_code")
    noon.shift(timedelta(minutes=10))
    assert code_of(phone.post(CONFIRM, {"texted_code": texted_code(numbered)})) == (409, "no_code")


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\u06f0", "\u0966"])
def test_a_code_may_be_typed_in_the_digits_of_any_keyboard(numbered, alice, zero):
    phone = phone_of(alice)
    ask(phone)
    typed = "".join(chr(ord(zero) + int(digit)) for digit in texted_code(numbered))
    answer = phone.post(CONFIRM, {"texted_code": f" {typed[:3]}\u2011{typed[3:]}\u200f"})
    assert (answer.status_code, told(answer)["number"]) == (200, TO)


def test_another_persons_code_opens_nothing(numbered, alice):
    mallory = phone_of(make_user("mallory@example.com"))
    ask(phone_of(alice))
    code = texted_code(numbered)
    assert code_of(mallory.post(CONFIRM, {"texted_code": code})) == (409, "no_code")
    ask(mallory, ANOTHER)
    assert code_of(mallory.post(CONFIRM, {"texted_code": code})) == (400, "wrong_code")


def test_the_latest_proof_takes_a_number_over_and_its_former_owner_is_told(numbered, alice, bob):
    waiting = service.queue(
        actor=allow(bob),
        to=BOBS,
        body="Milk",
        send_at=phones.timezone.now() + timedelta(hours=1),
        lane=Lane.REMINDER,
    )
    asked = ask(phone_of(alice), BOBS)
    assert told(asked)["pending"]["number"] == BOBS  # as for a number of nobody
    assert service.proved_number(bob) == BOBS
    phone_of(alice).post(CONFIRM, {"texted_code": texted_code(numbered)})
    assert (service.proved_number(alice), service.proved_number(bob)) == (BOBS, None)
    waiting.refresh_from_db()
    assert waiting.state == State.CANCELED
    assert {each.to[0]: "is theirs now" in each.body for each in mail.outbox} == {
        "alice@example.com": False,
        "bob@example.com": True,
    }
    events = Consent.objects.order_by("id").values_list("account__email", "event")
    assert list(events) == [("bob@example.com", "taken_over"), ("alice@example.com", "agreed")]


def test_a_number_in_its_other_spelling_is_the_same_number(numbered, alice, bob, settings):
    settings.SMS_ALLOWED_REGIONS = ["MX"]
    prove(phone_of(alice), numbered, "+52 1 55 1234 5678")
    assert service.proved_number(alice) == "+525512345678"
    prove(phone_of(bob), numbered, "+52 55 1234 5678")
    assert (service.proved_number(alice), service.proved_number(bob)) == (None, "+525512345678")


def test_the_former_number_stays_until_the_new_one_is_proved(numbered, alice):
    phone = phone_of(alice)
    prove(phone, numbered)
    ask(phone, ANOTHER)
    assert service.proved_number(alice) == TO
    phone.post(CONFIRM, {"texted_code": texted_code(numbered)})
    assert service.proved_number(alice) == ANOTHER
    events = Consent.objects.order_by("id").values_list("number", "event")
    assert list(events) == [(TO, "agreed"), (TO, "removed"), (ANOTHER, "agreed")]


def test_the_own_number_costs_no_code(numbered, alice):
    phone = phone_of(alice)
    prove(phone, numbered)
    ask(phone, ANOTHER)
    assert told(ask(phone))["pending"] is None
    assert len(numbered.sent) == 2


def test_a_number_is_removed(numbered, alice, bob):
    phone, later = phone_of(allow(alice)), phones.timezone.now() + timedelta(hours=1)
    prove(phone, numbered)
    ask(phone, ANOTHER)
    texts = {
        (to, lane): service.queue(actor=alice, to=to, body="Milk", send_at=later, lane=lane)
        for to in (TO, ANOTHER)
        for lane in (Lane.REMINDER, Lane.ORDINARY)
    }
    for _ in range(2):
        assert phone.delete(URL).status_code == 204
    assert told(phone.get(URL)) == NOBODY
    assert not Phone.objects.filter(account=alice).exists()
    for text in texts.values():
        text.refresh_from_db()
    canceled = [key for key, text in texts.items() if text.state == State.CANCELED]
    assert canceled == [(TO, Lane.REMINDER)]
    assert Consent.objects.filter(event="removed").count() == 1
    letter = mail.outbox[-1]
    assert (letter.subject, "was removed" in letter.body) == ("Nudge: Your phone number", True)


@pytest.mark.parametrize("verb", ["post", "delete"])
def test_a_session_without_a_proof_changes_no_number(numbered, api, bob, verb):
    refused = getattr(api(bob), verb)(URL, {"number": TO, "agreed": True})
    assert code_of(refused) == (403, "proof_required")
    assert (numbered.sent, service.proved_number(bob)) == ([], BOBS)


def test_a_proof_is_asked_of_a_page_too_and_of_a_log_in_ten_minutes_ago(numbered, alice, web, noon):
    asked = web(alice).post(URL, {"number": TO, "agreed": True}, content_type="application/json")
    assert code_of(asked) == (403, "proof_required")
    phone = phone_of(alice)
    noon.shift(timedelta(minutes=10))
    assert code_of(ask(phone)) == (403, "proof_required")


def test_what_a_number_agreed_to_is_written_down(numbered, alice, bob):
    Consent.objects.create(account=bob, number=BOBS, event="agreed", source="api")
    phone = phone_of(alice)
    words = phone.get(URL).json()["consent"]
    prove(phone, numbered)
    told = phone.get(HISTORY).json()
    assert told["results"] == [
        {
            "event": "agreed",
            "number": TO,
            "source": "api",
            "words": words,
            "address": "192.0.2.7",
            "user_agent": "Nudge/1.0 (Pixel 9)",
            "at": "2026-11-20T12:00:00.000Z",
        }
    ]


def test_who_does_not_agree_gets_no_code(numbered, alice):
    phone = phone_of(alice)
    for agreed in ({}, {"agreed": False}, {"agreed": "true"}, {"agreed": 1}):
        assert phone.post(URL, {"number": TO, **agreed}).status_code == 400
    assert numbered.sent == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("12345", (400, "invalid_recipient")),
        ("+493012345678", (400, "region_not_allowed")),
        ("+18005550100", (400, "type_not_allowed")),
    ],
)
def test_where_codes_may_go(numbered, alice, number, expected):
    assert code_of(ask(phone_of(alice), number)) == expected


def test_nobody_learns_that_a_number_wants_no_texts(numbered, alice):
    """A refusal would tell a stranger that this person has dealt with us."""
    OptOut.objects.create(number=TO, source="inbound")
    asked = [ask(phone_of(alice), number) for number in (TO, ANOTHER)]
    assert [told(each)["pending"]["number"] for each in asked] == [TO, ANOTHER]
    assert [each["to"] for each in numbered.sent] == [ANOTHER]
    ask(phone_of(alice), TO)
    assert code_of(phone_of(alice).post(CONFIRM, {"texted_code": "000000"})) == (400, "wrong_code")


def test_an_operator_who_pays_for_no_codes_sends_none(numbered, alice, settings):
    settings.SMS_CODES_DAILY = 0
    assert code_of(ask(phone_of(alice))) == (403, "codes_off")
    with pytest.raises(SendError) as caught:
        service.queue_code(to=phones.policy.recipient(TO), body=CODE_PLACE, valid_for=phones.VALID)
    assert (caught.value.code, numbered.sent) == ("codes_off", [])


def test_a_code_that_waited_is_not_sent_once_codes_are_off(numbered, alice, settings):
    task_backends.use(settings, task_backends.RECORDING)
    to = phones.policy.recipient(TO)
    text = service.queue_code(to=to, body=CODE_PLACE, valid_for=phones.VALID)
    settings.SMS_CODES_DAILY = 0
    service.delivery.deliver(str(text.pk))
    text.refresh_from_db()
    assert (text.state, text.error_code, numbered.sent) == (State.BLOCKED, "codes_off", [])


@pytest.mark.parametrize(
    ("asked", "most"),
    [
        (lambda n: (phone_of(make_user(f"{n}@example.com"), f"192.0.2.{n}"), TO), 3),
        (lambda n: (phone_of(make_user(f"{n}@example.com")), f"+150055501{n:02}"), 10),
    ],
)
def test_a_number_and_an_address_get_so_many_codes_a_day(numbered, noon, asked, most):
    answers = [ask(*asked(n)) for n in range(most + 1)]
    assert [each.status_code for each in answers] == [202] * most + [429]
    assert answers[-1]["Retry-After"] == str(12 * 3600 + 1)
    assert len(numbered.sent) == most
    noon.shift(timedelta(days=1))
    assert ask(*asked(most + 1)).status_code == 202


def test_an_account_and_the_service_text_so_many_codes_a_day(
    numbered, alice, bob, settings, noon, caplog
):
    settings.SMS_CODES_DAILY = 6
    answers = [ask(phone_of(alice), f"+150055501{n:02}").status_code for n in range(6)]
    assert answers == [202] * 5 + [429]
    later = [ask(phone_of(bob), f"+150055502{n:02}").status_code for n in range(2)]
    assert later == [202, 429]
    assert len(numbered.sent) == 6
    [warning] = [text for text in caplog.messages if text.startswith("sms_limit_warning")]
    assert "5 of 6 are used (sms:codes:day, 2026-11-20)" in warning


def test_codes_take_no_share_of_what_a_number_or_an_account_may_get(numbered, alice, settings):
    settings.SMS_DESTINATION_DAILY_LIMIT = 1
    phone = phone_of(allow(alice, per_day=1))
    ask(phone)
    ask(phone)
    body = {"to": TO, "body": "Milk"}
    assert phone.post("/api/v1/sms/messages/", body).status_code == 202
    assert phone.post("/api/v1/sms/messages/", body).status_code == 429


class Meanwhile:
    """Does something just before, or just after, the first statements with these words."""

    def __init__(self, words: str, happens, *, times: int = 1, after: bool = False) -> None:
        self.words, self.happens, self.times, self.after = words, happens, times, after
        self.busy = False

    def __call__(self, execute, sql, *more):
        hit = self.words in sql and self.times > 0 and not self.busy
        if hit and not self.after:
            self._interrupt()
        result = execute(sql, *more)
        if hit and self.after:
            self._interrupt()
        return result

    def _interrupt(self) -> None:
        self.times, self.busy = self.times - 1, True
        self.happens()
        self.busy = False


@pytest.mark.parametrize(("times", "status"), [(1, 200), (99, 409)])
def test_a_number_that_another_person_proves_meanwhile(numbered, alice, bob, times, status):
    Phone.objects.filter(account=bob).delete()
    phone = phone_of(alice)
    ask(phone)
    proof = {"texted_code": texted_code(numbered)}
    insert = 'INSERT INTO "sms_phone" '
    taken = Meanwhile(insert, lambda: Phone.objects.create(account=bob, number=TO), times=times)
    with connection.execute_wrapper(taken):
        assert phone.post(CONFIRM, proof).status_code == status
    assert service.proved_number(alice) == (TO if status == 200 else None)


@pytest.mark.parametrize(
    "change", [lambda mine: mine.delete(), lambda mine: mine.update(message=None)]
)
def test_a_code_that_is_used_up_or_replaced_while_it_is_compared(numbered, alice, change):
    phone = phone_of(alice)
    ask(phone)
    proof = {"texted_code": texted_code(numbered)}
    mine = PhoneCode.objects.filter(account=alice)
    used = Meanwhile('UPDATE "sms_phonecode"', lambda: change(mine), after=True)
    with connection.execute_wrapper(used):
        assert code_of(phone.post(CONFIRM, proof)) == (409, "no_code")
    assert service.proved_number(alice) is None


def test_a_notice_to_nobody_is_no_fault(alice):
    alice.is_active = False
    alice.save()
    phones.notices.tell(str(alice.pk), "agreed")
    assert mail.outbox == []
