"""Bounces and complaints that Amazon SES reports: over SNS, over EventBridge, or directly.

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
SUPPRESSED: Final = "OnAccountSuppressionList"  # SES did not attempt to deliver the mail
# SES sends this to a newly connected topic.
GREETING: Final = "Successfully validated SNS topic"
CONNECTED: Final = "AmazonSnsSubscriptionSucceeded"


def is_report(event: Event) -> bool:
    return bool(_notifications(event))


def take(event: Event) -> None:
    """Pass each address that a mail did not reach to MAIL_REPORTS, and ignore all other reports."""
    handler = cast(Handler, import_string(settings.MAIL_REPORTS))
    for notification in _notifications(event):
        for report in _reports(notification):
            handler(report)


def _notifications(event: Event) -> list[Event]:
    """The notifications of SES in this event; none in an event from another sender."""
    records = event.get("Records") or [{}]
    if all(record.get("EventSource") == "aws:sns" for record in records):
        found = [_read(record["Sns"]["Message"]) for record in records]
    else:
        found = [event.get("detail") or event]  # EventBridge puts it into `detail`
    return found if all(_is_from_ses(each) for each in found) else []


def _read(text: str) -> Event:
    if text.startswith(GREETING):
        return {"notificationType": CONNECTED}
    try:
        notification = json.loads(text)
    except ValueError:
        return {}
    return notification if isinstance(notification, dict) else {}


def _is_from_ses(notification: Event) -> bool:
    kind = _kind(notification)
    return bool(kind) and ("mail" in notification or kind == CONNECTED)


def _kind(notification: Event) -> str:
    return str(notification.get("notificationType") or notification.get("eventType") or "")


def _reports(notification: Event) -> Iterator[MailReport]:
    kind = _kind(notification)
    if kind == "Bounce" and notification["bounce"]["bounceType"] == "Permanent":
        bounce = notification["bounce"]
        yield from _each(notification, bounce, bounce["bouncedRecipients"], BOUNCED, arrived=False)
    elif (
        kind == "Complaint" and notification["complaint"].get("complaintFeedbackType") != "not-spam"
    ):
        complaint = notification["complaint"]
        arrived = complaint.get("complaintSubType") != SUPPRESSED
        recipients = complaint["complainedRecipients"]
        yield from _each(notification, complaint, recipients, COMPLAINED, arrived=arrived)


def _each(
    notification: Event, body: Event, recipients: list[Event], reason: str, *, arrived: bool
) -> Iterator[MailReport]:
    headers = {it["name"].lower(): it["value"] for it in notification["mail"].get("headers") or ()}
    for recipient in recipients:
        address = parseaddr(recipient["emailAddress"])[1]
        yield MailReport(body["feedbackId"], address, reason, arrived, headers)
