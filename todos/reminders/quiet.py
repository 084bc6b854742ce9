"""Quiet hours: reminders due in them wait until they end."""

from datetime import datetime, time, timedelta

from accounts.models import User
from todos.models.due import moment_of


def quiet_end(person: User, at: datetime) -> datetime | None:
    """The end of the quiet hours around the moment; None outside them, and without any."""
    try:
        begin, end = time.fromisoformat(person.quiet_from), time.fromisoformat(person.quiet_until)
    except ValueError:
        return None
    today = at.astimezone(person.zone).date()
    for day in (today - timedelta(days=1), today):
        begins = moment_of(day, begin, person.zone)
        ends = moment_of(day + timedelta(days=end <= begin), end, person.zone)
        if begin != end and begins <= at < ends:
            return ends
    return None
