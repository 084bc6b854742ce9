"""Twilio's error codes (twilio.com/docs/api/errors): their meanings and who can fix them.

Twilio advises against relying on codes (changelog, 2024-07-10), so a code only refines the HTTP
status: an unknown one is an ordinary refusal. docs/sms.md has this table for the operator.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sms.results import RefusalReason


@dataclass(frozen=True)
class Known:
    """`advice` says what the code means and how to fix it."""

    reason: RefusalReason
    advice: str


_REASONS: Final[dict[RefusalReason, dict[str, str]]] = {
    RefusalReason.CREDENTIALS: {
        "10001 20005 90010": "The account is not active: see its state in Twilio's console.",
        "20003": "Correct ACCOUNT_SID or AUTH_TOKEN, which Twilio does not accept.",
        "20008": "These are test credentials: set those of the account.",
        "20404": "There is no such account: correct ACCOUNT_SID or TWILIO_API_BASE_URL.",
        "30002": "The account is suspended: add funds, or answer Twilio's mail.",
    },
    RefusalReason.MISCONFIGURED: {
        "21212": "FROM_NUMBER is not a valid number: correct it.",
        "21603": "The sender is missing: set FROM_NUMBER or TWILIO_MESSAGING_SERVICE_SID.",
        "21606 21659 21660 21661": "FROM_NUMBER is not a number of this account that can send"
        " messages: set one that is.",
        "21607": "FROM_NUMBER cannot send messages from a trial account: upgrade the account.",
        "21608": "A trial account sends to verified numbers only: upgrade the account.",
        "21609": "Twilio does not accept the address for its callbacks: correct PUBLIC_BASE_URL.",
        "21616": "FROM_NUMBER stands for several numbers of the account: write it with + and its"
        " country code.",
        "21701 21705": "There is no such messaging service: correct TWILIO_MESSAGING_SERVICE_SID.",
        "21703 21704": "The messaging service has no sender: add a number to it.",
        "21709": "The sender id is not allowed for the messaging service: remove it there.",
        "30018 30024 30040 30041 30042": "The carrier does not accept this sender: register the"
        " sender id for the country, or send from another number.",
        "30032": "The toll-free number is not verified: verify it in Twilio's console.",
        "30033": "The campaign (US A2P 10DLC) is suspended: see it in Twilio's console.",
        "30034": "The number is not registered for US A2P 10DLC: add it to an approved campaign.",
        "30035": "The number is still being registered for US A2P 10DLC: wait until it is, or send"
        " from another number.",
        "30037": "Sending is switched off for the account or the number: ask Twilio.",
        "30044": "A trial account sends short messages only: upgrade the account.",
    },
    RefusalReason.QUOTA: {
        "30023 30027": "The daily limit of T-Mobile (US A2P 10DLC) is reached until midnight in the"
        " Pacific time zone: raise the trust score of the brand.",
        "30454 63038": "The account has sent as many messages as it may: ask Twilio for a higher"
        " limit.",
    },
    RefusalReason.REGION_NOT_ALLOWED: {
        "21408": "Twilio may not send to this country: allow it under Geo permissions, or take it"
        " out of SMS_ALLOWED_REGIONS.",
    },
    RefusalReason.OPTED_OUT: {"21610": "The recipient wrote STOP to this sender."},
    RefusalReason.RECIPIENT_BLOCKED: {
        "30004": "The recipient or the carrier blocks messages to this number."
    },
    RefusalReason.INVALID_RECIPIENT: {
        "21211": "This is not a valid phone number.",
        "21612": "This number cannot be reached from the sender.",
        "21614 21635 30006": "This number cannot receive messages; it may be a landline.",
        "30005": "This number does not exist, or is switched off for good.",
    },
    RefusalReason.BODY_TOO_LONG: {
        "21605 21617": "The message is too long.",
        "30019": "The message is too long for the carrier.",
    },
    RefusalReason.UNREACHABLE: {
        "30003": "The phone is switched off or has no network.",
        "30036": "The message could not be delivered within its time.",
    },
    RefusalReason.FILTERED: {
        "21618": "Twilio does not send this text.",
        "30007": "A carrier or Twilio took the message for spam: change its text, or register the"
        " sender.",
        "30038": "Twilio took the text for a one-time code to one of its own numbers.",
        "30039": "Two numbers answer each other automatically.",
        "30450 30485": "Twilio took the message for fraud (SMS pumping protection).",
    },
    RefusalReason.TEMPORARY: {
        "30001": "Too many messages waited at the sender.",
        "30008 30020 30021 30500": "Something failed at the carrier or at Twilio.",
        "30009": "A segment of the message was lost.",
        "30017": "The carrier's network was overloaded.",
        "30022": "Messages were sent faster than US A2P 10DLC allows this campaign.",
        "30410": "The carrier did not answer Twilio in time.",
    },
    RefusalReason.OTHER: {
        "30010": "The message is dearer than the maximum price that is set for it.",
        "30011": "The recipient cannot receive pictures.",
        "30026": "70 % of the daily limit of T-Mobile (US A2P 10DLC) is used.",
        "30029 30030 30031": "Twilio does not accept a setting of the message.",
    },
}
KNOWN: Final[dict[str, Known]] = {
    code: Known(reason, advice)
    for reason, rows in _REASONS.items()
    for codes, advice in rows.items()
    for code in codes.split()
}
THROTTLED: Final = frozenset({"20429", "21611"})  # too many at once; the sender's queue is full


def reason_of(code: str, status: int | None = None) -> RefusalReason:
    if code in KNOWN:
        return KNOWN[code].reason
    denied = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return RefusalReason.CREDENTIALS if denied else RefusalReason.OTHER


def advice_for(code: str) -> str:
    return KNOWN[code].advice if code in KNOWN else ""


def is_throttled(code: str, status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or code in THROTTLED
