"""What the document says in words, for schemathesis: formats, and ids that exist.

Loaded by schemathesis (SCHEMATHESIS_HOOKS), in an environment without Django.
"""

import os
import re
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
    body = case.body
    if not isinstance(body, dict):
        return
    if isinstance(body.get("list"), str) and UUID.fullmatch(body["list"]):
        body["list"] = LISTS[0]
    if (case.path_parameters or {}).get("id") in LISTS:
        body.pop("archived_at", None)  # the inbox cannot be archived
    if isinstance(body.get("send_at"), str) and _is_far(body["send_at"]):
        body["send_at"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    if isinstance(body.get("clear"), list):
        body["clear"] = [name for name in body["clear"] if name not in body]
    due = body.get("due")
    if isinstance(due, dict) and due.get("at") is None and isinstance(due.get("time_zone"), str):
        due.pop("time_zone")  # only with a time


def _keep_signed_in(case: Any, sent: Any) -> None:
    """Who logs out does so on another device: what comes later is not all refused."""
    if case.method != "DELETE" or not case.path.endswith("/auth/session"):
        return
    for headers in (case.headers, sent):
        if headers and headers.get("Authorization") == f"Bearer {TOKEN}":
            headers["Authorization"] = f"Bearer {SPARE[0]}"


def _is_far(text: str) -> bool:
    try:
        return datetime.fromisoformat(text) > datetime.now(UTC) + timedelta(days=30)
    except (ValueError, TypeError):
        return False
