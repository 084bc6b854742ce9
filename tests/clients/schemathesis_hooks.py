"""What the document says in words, for schemathesis: formats, and ids that exist.

Loaded by schemathesis (SCHEMATHESIS_HOOKS), in an environment without Django.
"""

import os
import re
import uuid
import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from hypothesis import strategies as st

TOKEN, *SPARE = os.environ["NUDGE_TOKENS"].split()
LISTS = os.environ["NUDGE_LISTS"].split()  # ids of lists of this user
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

seen = st.characters(categories=("L", "N", "P", "S"), exclude_characters="\u2800\u3164\uffa0")
visible = st.builds(str.__add__, st.text(seen, min_size=1, max_size=4), st.text(seen, max_size=40))
schemathesis.openapi.format("visible", visible)
schemathesis.openapi.format("message-body", visible)
schemathesis.openapi.format(
    "iana-time-zone",
    st.sampled_from(sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})),
)
schemathesis.openapi.format(
    "recurrence",
    st.sampled_from(["FREQ=DAILY", "FREQ=MONTHLY;BYDAY=2FR;COUNT=3", "RRULE:FREQ=YEARLY"]),
)
schemathesis.openapi.format("entity-tag", st.sampled_from(['"1"', '"2"', 'W/"3"', "*"]))
schemathesis.openapi.format(
    "phone-number",
    st.integers(1000, 9999).map(lambda number: f"+1201555{number}"),
)
schemathesis.openapi.format(
    "date-or-date-time",
    st.one_of(st.dates(), st.datetimes(timezones=st.just(UTC))).map(
        lambda moment: moment.isoformat().replace("+00:00", "Z")
    ),
)


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """References to objects that exist. What is wrong in another way stays as it is."""
    _keep_signed_in(case, kwargs.get("headers"))
    _keep_blanks(case, kwargs.get("headers"))
    if case.query and UUID.fullmatch(str(case.query.get("filter", ""))):
        case.query.pop("filter")  # one that is not there is 400, and none is there
    if isinstance(case.body, dict):
        key = (case.path_parameters or {}).get("id")
        if case.path.endswith("/imports/"):
            _name_one_file(case.body)
        _refer(case.body, key)
        _settle(case.body)


def _refer(body: dict[str, Any], key: Any) -> None:
    """`key` is the id of the path."""
    if UUID.fullmatch(str(body.get("list"))):
        body["list"] = LISTS[0]
    if UUID.fullmatch(str(body.get("parent"))):
        body["parent"] = None  # one that is not there is 400
    if key in LISTS:
        body.pop("archived_at", None)  # the inbox cannot be archived
    if _is_text(body.get("into")) and body["into"] == key:
        body["into"] = str(uuid.uuid4())  # another tag


def _name_one_file(body: dict[str, Any]) -> None:
    """The content or the size."""
    if "content" in body and "size" in body:
        body.pop("size")
    elif not {"content", "size"} & {*body}:
        body["size"] = 2_000


def _settle(body: dict[str, Any]) -> None:
    """What the members mean together."""
    if _is_text(body.get("send_at")) and _is_far(body["send_at"]):
        body["send_at"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    reminders = body.get("reminders")
    for each in reminders if isinstance(reminders, list) else ():
        if isinstance(each, dict):
            _choose(each)
    if isinstance(body.get("clear"), list):
        body["clear"] = [name for name in body["clear"] if not (_is_text(name) and name in body)]
    if _is_text(body.get("before")) and _is_text(body.get("after")):
        body.pop("before")  # one of the two
    due = body.get("due")
    if isinstance(due, dict) and due.get("at") is None and _is_text(due.get("time_zone")):
        due.pop("time_zone")  # only with a time


def _choose(reminder: dict[str, Any]) -> None:
    """One of the two, if both are there or neither is."""
    moment, minutes = reminder.get("remind_at"), reminder.get("minutes_before")
    if moment is None and minutes is None:
        reminder["minutes_before"] = 30
    elif _is_text(moment) and isinstance(minutes, int | float) and minutes is not True:
        reminder["remind_at"] = None


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _keep_signed_in(case: Any, sent: Any) -> None:
    """Who logs out does so on another device: what comes later is not all refused."""
    if case.method != "DELETE" or not case.path.endswith("/auth/session"):
        return
    for headers in (case.headers, sent):
        if headers and headers.get("Authorization") == f"Bearer {TOKEN}":
            headers["Authorization"] = f"Bearer {SPARE[0]}"


def _keep_blanks(case: Any, sent: Any) -> None:
    """Servers cut blanks of every kind off the ends of a header, so that a wrong key is a right one
    when it arrives. One within the key stays."""
    for headers in (case.headers, sent):
        key = (headers or {}).get("Idempotency-Key")
        if _is_text(key) and key != key.strip():
            headers["Idempotency-Key"] = "a blank"


def _is_far(text: str) -> bool:
    try:
        return datetime.fromisoformat(text) > datetime.now(UTC) + timedelta(days=30)
    except (ValueError, TypeError):
        return False
