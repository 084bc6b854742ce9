"""Twilio's message resource, its errors and its filters, as documented."""

import uuid
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

ACCOUNT_SID = f"AC{'0123456789abcdef' * 2}"
AUTH_TOKEN = "an-auth-token-of-no-account"  # noqa: S105 - of this stub only
MAX_BODY = 1600
PAGING = {"Page": "0", "PageSize": "50"}

# recipient: (status, code, message)
BAD_RECIPIENTS = {
    "+15005550001": (400, 21211, "The 'To' number +15005550001 is not a valid phone number."),
    "+15005550002": (400, 21612, "The 'To' phone number is not currently reachable."),
    "+15005550003": (403, 21408, "Permission to send an SMS has not been enabled for the region."),
    "+15005550004": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (400, 21614, "'To' number is not a valid mobile number"),
}
BAD_SENDERS = {
    "+15005550001": (400, 21212, "The 'From' number +15005550001 is not a valid phone number."),
    "+15005550007": (400, 21606, "The 'From' phone number is not owned by your account."),
    "+15005550008": (429, 21611, "This 'From' number has exceeded the maximum of queued messages"),
}
MISSING = {
    "To": (400, 21604, "A 'To' phone number is required."),
    "From": (400, 21603, "A 'From' phone number is required."),
    "Body": (400, 21602, "Message body is required."),
}


def new_message(fields: dict[str, list[str]]) -> dict[str, Any]:
    """Twilio's response to a creation; a pool of senders chooses its number later."""
    sid, now = f"SM{uuid.uuid4().hex}", format_datetime(datetime.now(UTC))
    uri = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}.json"
    pool = fields.get("MessagingServiceSid", [None])[0]
    return {
        "sid": sid,
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "to": fields["To"][0],
        "from": None if pool else fields["From"][0],
        "body": fields["Body"][0],
        "status": "accepted" if pool else "queued",
        "direction": "outbound-api",
        "num_segments": "0" if pool else "1",
        "num_media": "0",
        "messaging_service_sid": pool,
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_created": now,
        "date_updated": now,
        "date_sent": None,
        "uri": uri,
        "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
    }


def fault_of(fields: dict[str, list[str]]) -> tuple[int, int, str] | None:
    """The status, code and message if Twilio would refuse these fields."""
    pool = fields.get("MessagingServiceSid", [""])[0]
    for name, missing in MISSING.items():
        if not fields.get(name, [""])[0] and not (name == "From" and pool):
            return missing
    if len(fields["Body"][0]) > MAX_BODY:
        return 400, 21617, "The concatenated message body exceeds the 1600 character limit"
    sender = fields.get("From", [""])[0]
    return BAD_SENDERS.get(sender) or BAD_RECIPIENTS.get(fields["To"][0])


def is_wanted(message: dict[str, Any], fields: dict[str, list[str]]) -> bool:
    """Whether the message matches the filters of the list: numbers, and time of sending."""
    for name in ("To", "From"):
        if name in fields and message[name.lower()] != fields[name][0]:
            return False
    at = parsedate_to_datetime(message["date_sent"] or message["date_created"])
    day, after, before = (fields.get(f"DateSent{sign}", [""])[0] for sign in ("", ">", "<"))
    if day and at.date().isoformat() != day[:10]:
        return False
    return not (after and at < _moment(after)) and not (before and at > _moment(before, end=True))


def _moment(text: str, *, end: bool = False) -> datetime:
    last = "T23:59:59+00:00" if end else "T00:00:00+00:00"
    return datetime.fromisoformat(text if "T" in text else text + last)
