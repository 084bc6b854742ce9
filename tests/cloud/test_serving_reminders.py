"""Reminders in the cloud: by text, notification and mail, each once, and what is answered."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from localcloud.twilio.callbacks import signed
from localcloud.twilio.resources import ACCOUNT_SID, AUTH_TOKEN
from tests.cloud.local import TIMEOUT, Cloud, eventually
from tests.cloud.people import AdminSession, Phone, manage, signed_up
from tests.cloud.push_service import ADDRESS, PushService, running
from tests.cloud.test_serving_events import REMINDERS
from tests.cloud.test_serving_sms import account_id, all_at_twilio, at_twilio
from tests.todos.reminders.test_push import Browser

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
NUMBER = "+14155550142"
AHEAD = timedelta(minutes=1)
TICKS = 3  # after which a second message would have come
_CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def set_variables(cloud: Cloud, variables: dict[str, str]) -> None:
    functions = cloud.client("lambda")
    functions.update_function_configuration(
        FunctionName=FUNCTION, Environment={"Variables": variables}
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION)
    eventually(cloud.ready)


@pytest.fixture(scope="module")
def push_service(cloud: Cloud) -> Iterator[PushService]:
    """With keys that a command in the cloud has made. Codes for phones are paid, too."""
    function = cloud.client("lambda").get_function_configuration(FunctionName=FUNCTION)
    before = function["Environment"]["Variables"]
    keys = dict(re.findall(r"(PUSH_\w+_KEY)=(\S+)", manage(cloud, "make_push_keys")))
    assert sorted(keys) == ["PUSH_PRIVATE_KEY", "PUSH_PUBLIC_KEY"]
    with running(cloud.folder) as service:
        more = {"SMS_CODES_DAILY": "5", **keys, **service.variables}
        set_variables(cloud, {**before, **more})
        try:
            yield service
        finally:
            set_variables(cloud, before)


def person(cloud: Cloud, channel: str) -> tuple[Phone, str]:
    phone, email = signed_up(cloud, channel)
    changed = phone.ask("PATCH", "api/v1/account/", {"reminder_channel": channel})
    assert changed.status_code == 200, changed.text
    return phone, email


def remind(phone: Phone, title: str) -> str:
    """The id of a to-do with a reminder in a minute."""
    at = datetime.now(UTC) + AHEAD
    reminder = {"id": str(uuid.uuid4()), "remind_at": at.isoformat()}
    made = phone.ask("POST", "api/v1/todos/", {"title": title, "reminders": [reminder]})
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


def in_feed(phone: Phone, key: str) -> dict[str, Any]:
    """The to-do as a device of this person learns of it."""
    changes = phone.ask("GET", "api/v1/sync/").json()["changes"]
    [found] = [change["todo"] for change in changes if change["id"] == key]
    return dict(found)


def is_finished(phone: Phone, key: str) -> bool:
    return bool(in_feed(phone, key)["status"] == "finished")


def minutes_pass(cloud: Cloud) -> None:
    def ticks() -> int:
        lines = cloud.lines()
        return sum(it.get("task") == REMINDERS and it.get("outcome") == "done" for it in lines)

    before = ticks()
    eventually(lambda: ticks() >= before + TICKS)


def prove(cloud: Cloud, phone: Phone) -> None:
    """By the code that the stub of Twilio was given."""
    asked = phone.ask("POST", "api/v1/account/phone/", {"number": NUMBER, "agreed": True})
    assert asked.status_code == 202, asked.text
    [text] = eventually(lambda: [it for it in all_at_twilio(cloud) if it["to"] == NUMBER])
    code = re.search(r"\d{6}", text["body"])
    assert code
    proved = phone.ask("POST", "api/v1/account/phone/confirm/", {"texted_code": code[0]})
    assert proved.status_code == 200, proved.text


def say(cloud: Cloud, body: str) -> None:
    """As Twilio tells of a text to us, twice."""
    url, sid = f"{cloud.address}service/sms/inbound/", f"SM{uuid.uuid4().hex}"
    fields = {"AccountSid": ACCOUNT_SID, "From": NUMBER, "Body": body, "MessageSid": sid}
    headers = {"X-Twilio-Signature": signed(url, fields, AUTH_TOKEN)}
    for _ in range(2):
        answer = requests.post(url, fields, headers=headers, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text


def test_a_reminder_comes_as_one_text_and_done_1_ticks_the_to_do(cloud, operator, push_service):
    phone, _email = person(cloud, "sms")
    AdminSession(cloud, operator).grant(account_id(phone), 10)
    prove(cloud, phone)
    key = remind(phone, "water the plants")
    other = phone.ask("POST", "api/v1/todos/", {"title": "the one that stays open"}).json()["id"]
    asked_at = datetime.now(UTC)
    assert at_twilio(cloud, "Nudge: water the plants") == []

    [text] = eventually(lambda: at_twilio(cloud, "Nudge: water the plants"))
    assert datetime.now(UTC) >= asked_at + AHEAD - timedelta(seconds=2)
    minutes_pass(cloud)
    assert at_twilio(cloud, "Nudge: water the plants") == [text]
    assert text["to"] == NUMBER

    say(cloud, "done 1")
    eventually(lambda: is_finished(phone, key))
    minutes_pass(cloud)
    assert not is_finished(phone, other)
    answers = [it["body"] for it in all_at_twilio(cloud) if it["body"].startswith("Done")]
    assert answers == ["Done: water the plants"]


def test_a_reminder_comes_as_one_notification_that_the_browser_decrypts(cloud, push_service):
    phone, _email = person(cloud, "push")
    browser = Browser("one")
    browser.endpoint = f"https://{ADDRESS}/send/{uuid.uuid4()}"
    subscribed = phone.ask("POST", "api/v1/account/push/", browser.subscription())
    assert subscribed.status_code == 201, subscribed.text
    key = remind(phone, "feed the cat")
    assert push_service.got == []

    eventually(lambda: push_service.got)
    minutes_pass(cloud)
    [(path, headers, body)] = push_service.got
    told = browser.read(body)

    assert f"https://{ADDRESS}{path}" == browser.endpoint
    assert headers["authorization"].startswith("vapid t=")
    assert (told["title"], told["todo"]) == ("feed the cat", key)
    [done] = [act for act in told["acts"] if act["name"] == "done"]
    pressed = Phone(cloud).ask("POST", f"reminders/{done['token']}/now/")
    assert pressed.status_code == 204
    assert is_finished(phone, key)


def test_a_reminder_comes_as_one_mail_whose_link_acts_by_its_button(cloud, push_service):
    phone, email = person(cloud, "email")
    key = remind(phone, "call the dentist")

    def mails() -> list[str]:
        named = f"To: {email}\nSubject: Nudge: call the dentist\n"
        return [mail for mail in cloud.mails() if mail.startswith(named)]

    assert mails() == []
    eventually(mails)
    minutes_pass(cloud)
    [text] = mails()

    done, *_ = re.findall(rf"{re.escape(cloud.address)}reminders/\S+", text)
    page = requests.get(done, timeout=TIMEOUT)
    assert (page.status_code, is_finished(phone, key)) == (200, False)
    kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies)
    fields = {"csrfmiddlewaretoken": _CSRF.findall(page.text)[0]}
    pressed = requests.post(done, fields, headers={"Cookie": kept}, timeout=TIMEOUT)
    assert (pressed.status_code, is_finished(phone, key)) == (200, True)
