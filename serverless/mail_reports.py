"""Bounces and complaints of Amazon SES: by SNS, by EventBridge, or as they are.

Amazon SES Developer Guide, "Amazon SNS notification contents for Amazon SES", "Contents of event
data that Amazon SES publishes to Amazon SNS", "Amazon EventBridge and Amazon SES".
"""

import json
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any, Final, cast

from django.conf import settings
from django.utils.module_loading import import_string

from core.mail_reports import Handler, MailReport

Event = dict[str, Any]

BOUNCED: Final = "bounced"
COMPLAINED: Final = "complained"
SUPPRESSED: Final = "OnAccountSuppressionList"  # SES has not even tried
# What SES says to a topic when it is connected.
GREETING: Final = "Successfully validated SNS topic"
CONNECTED: Final = "AmazonSnsSubscriptionSucceeded"


def is_report(event: Event) -> bool:
    return bool(_told(event))


def take(event: Event) -> None:
    """Tell MAIL_REPORTS of each recipient whom mails do not reach; the rest means nothing to us."""
    handler = cast(Handler, import_string(settings.MAIL_REPORTS))
    for told in _told(event):
        for report in _reports(told):
            handler(report)


def _told(event: Event) -> list[Event]:
    """What SES says in this event; empty if it is of somebody else."""
    records = event.get("Records") or [{}]
    if all(each.get("EventSource") == "aws:sns" for each in records):
        told = [_of_topic(each["Sns"]["Message"]) for each in records]
    else:
        told = [event.get("detail") or event]  # of EventBridge
    return told if all(_is_of_ses(each) for each in told) else []


def _of_topic(text: str) -> Event:
    if text.startswith(GREETING):
        return {"notificationType": CONNECTED}
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _is_of_ses(told: Event) -> bool:
    return bool(_kind(told)) and ("mail" in told or _kind(told) == CONNECTED)


def _kind(told: Event) -> str:
    return str(told.get("notificationType") or told.get("eventType") or "")


def _reports(told: Event) -> Iterator[MailReport]:
    kind = _kind(told)
    if kind == "Bounce" and told["bounce"]["bounceType"] == "Permanent":
        bounce = told["bounce"]
        yield from _each(told, bounce, bounce["bouncedRecipients"], BOUNCED, arrived=False)
    elif kind == "Complaint" and told["complaint"].get("complaintFeedbackType") != "not-spam":
        complaint = told["complaint"]
        arrived = complaint.get("complaintSubType") != SUPPRESSED
        recipients = complaint["complainedRecipients"]
        yield from _each(told, complaint, recipients, COMPLAINED, arrived=arrived)


def _each(
    told: Event, body: Event, recipients: list[Event], reason: str, *, arrived: bool
) -> Iterator[MailReport]:
    headers = {it["name"].lower(): it["value"] for it in told["mail"].get("headers") or ()}
    for recipient in recipients:
        address = parseaddr(recipient["emailAddress"])[1]
        yield MailReport(body["feedbackId"], address, reason, arrived, headers)
