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

LISTS = os.environ["NUDGE_LISTS"].split()  # ids of lists of this user
DEVICES = [int(number) for number in os.environ["NUDGE_DEVICES"].split()]
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
def map_body(context: Any, body: Any) -> Any:
    """References to objects that exist. What is wrong in another way stays as it is."""
    if not isinstance(body, dict):
        return body
    if isinstance(body.get("list"), str) and UUID.fullmatch(body["list"]):
        body = {**body, "list": LISTS[0]}
    if isinstance(body.get("sessions"), list) and all(type(n) is int for n in body["sessions"]):
        body = {**body, "sessions": DEVICES[: len(body["sessions"])]}
    if isinstance(body.get("send_at"), str) and _is_far(body["send_at"]):
        body = {**body, "send_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    return body


def _is_far(text: str) -> bool:
    try:
        return datetime.fromisoformat(text) > datetime.now(UTC) + timedelta(days=30)
    except (ValueError, TypeError):
        return False
