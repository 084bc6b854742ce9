"""Reminders in the cloud: by text, notification and mail, each once, and what is answered."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from localcloud.twilio.callbacks import signed
from localcloud.twilio.resources import ACCOUNT_SID, AUTH_TOKEN
from tests.cloud.local import TIMEOUT, Cloud, eventually
from tests.cloud.people import AdminSession, Phone, manage, signed_up
from tests.cloud.push_service import ADDRESS, PushService, running
from tests.cloud.test_serving_browser import log_in
from tests.cloud.test_serving_events import REMINDERS
from tests.cloud.test_serving_sms import account_id, all_at_twilio, at_twilio
from tests.todos.reminders.test_push import Browser

pytestmark = [pytest.mark.cloud, pytest.mark.enable_socket]

FUNCTION = "nudge-dev"
NUMBER = "+14155550142"
AHEAD = timedelta(minutes=1)
TICKS = 3  # after which a second message would have come
BROWSER = Browser("one")
BROWSER.endpoint = f"https://{ADDRESS}/send/{uuid.uuid4()}"
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


def remind(phone: Phone, title: str) -> tuple[str, datetime]:
    """The id of a to-do with a reminder in a minute, and that moment."""
    at = datetime.now(UTC) + AHEAD
    reminder = {"id": str(uuid.uuid4()), "remind_at": at.isoformat()}
    made = phone.ask("POST", "api/v1/todos/", {"title": title, "reminders": [reminder]})
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found, at


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


def mails_of(cloud: Cloud, someone: "Reminded") -> list[str]:
    named = f"To: {someone.email}\nSubject: Nudge: {someone.title}\n"
    return [mail for mail in cloud.mails() if mail.startswith(named)]


@dataclass(frozen=True)
class Reminded:
    phone: Phone
    email: str
    title: str
    key: str
    at: datetime


@pytest.fixture(scope="module")
def reminded(cloud: Cloud, operator: Any, push_service: PushService) -> dict[str, Reminded]:
    """Three people, each with a reminder a minute ahead over a channel of their own; and later."""
    people = {channel: person(cloud, channel) for channel in ("sms", "push", "email")}
    texted, notified = people["sms"][0], people["push"][0]
    AdminSession(cloud, operator).grant(account_id(texted), 10)
    prove(cloud, texted)
    subscribed = notified.ask("POST", "api/v1/account/push/", BROWSER.subscription())
    assert subscribed.status_code == 201, subscribed.text
    titles = {"sms": "water the plants", "push": "feed the cat", "email": "call the dentist"}
    found = {
        channel: Reminded(phone, email, titles[channel], *remind(phone, titles[channel]))
        for channel, (phone, email) in people.items()
    }

    def arrived() -> list[int]:
        texts = len(at_twilio(cloud, "Nudge: water the plants"))
        return [texts, len(push_service.got), len(mails_of(cloud, found["email"]))]

    assert arrived() == [0, 0, 0]
    eventually(lambda: all(arrived()))
    [text] = at_twilio(cloud, "Nudge: water the plants")
    sent_at = parsedate_to_datetime(text["date_created"])
    assert sent_at >= found["sms"].at - timedelta(seconds=2)
    minutes_pass(cloud)
    assert arrived() == [1, 1, 1]
    return found


def test_done_1_in_answer_to_a_text_ticks_the_to_do_on_the_open_page(cloud, reminded, visit):
    it = reminded["sms"]
    assert [text["to"] for text in at_twilio(cloud, "Nudge: water the plants")] == [NUMBER]
    it.phone.ask("POST", "api/v1/todos/", {"title": "the one that stays open"})
    page = visit()
    log_in(page, it.email)
    page.goto("todos/#/inbox")
    rows = page.get_by_role("region", name="To-dos").get_by_role("checkbox")
    expect(rows).to_have_count(2)

    say(cloud, "done 1")
    eventually(lambda: is_finished(it.phone, it.key))
    expect(rows).to_have_count(1, timeout=90_000)  # the page asks each minute
    expect(rows).to_have_accessible_name("the one that stays open")
    answers = [text["body"] for text in all_at_twilio(cloud) if text["body"].startswith("Done")]
    assert answers == ["Done: water the plants"]


def test_a_notification_is_decrypted_by_the_browser_and_its_button_acts(
    reminded, cloud, push_service
):
    it = reminded["push"]
    [(path, headers, body)] = push_service.got
    told = BROWSER.read(body)
    assert f"https://{ADDRESS}{path}" == BROWSER.endpoint
    assert headers["authorization"].startswith("vapid t=")
    assert (told["title"], told["todo"]) == (it.title, it.key)
    [done] = [act for act in told["acts"] if act["name"] == "done"]
    pressed = Phone(cloud).ask("POST", f"reminders/{done['token']}/now/")
    assert pressed.status_code == 204
    assert is_finished(it.phone, it.key)


def test_the_link_of_a_mail_acts_by_its_button(reminded, cloud):
    it = reminded["email"]
    [text] = mails_of(cloud, it)
    done, *_ = re.findall(rf"{re.escape(cloud.address)}reminders/\S+", text)
    page = requests.get(done, timeout=TIMEOUT)
    assert (page.status_code, is_finished(it.phone, it.key)) == (200, False)
    kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies)
    fields = {"csrfmiddlewaretoken": _CSRF.findall(page.text)[0]}
    pressed = requests.post(done, fields, headers={"Cookie": kept}, timeout=TIMEOUT)
    assert (pressed.status_code, is_finished(it.phone, it.key)) == (200, True)
