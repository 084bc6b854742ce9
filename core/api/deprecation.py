"""Marks deprecated routes, in the headers of each response and in the OpenAPI document."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple, TypeVar

from django.utils.http import http_date

Target = TypeVar("Target", bound=Callable[..., Any])


class Deprecation(NamedTuple):
    since: date
    sunset: date  # the first day on which it may be gone
    see: str  # the URL of the page that names the replacement

    @property
    def headers(self) -> dict[str, str]:
        """`Deprecation` of RFC 9745, `Sunset` of RFC 8594."""
        return {
            "Deprecation": f"@{_seconds(self.since)}",
            "Sunset": http_date(_seconds(self.sunset)),
            "Link": f'<{self.see}>; rel="deprecation"; type="text/html"',
        }


def deprecated(*, since: date, sunset: date, see: str) -> Callable[[Target], Target]:
    """Mark a viewset, or one of its actions."""

    def mark(target: Target) -> Target:
        target.deprecation = Deprecation(since=since, sunset=sunset, see=see)  # type: ignore[attr-defined]
        return target

    return mark


def deprecation_of(view: Any) -> Deprecation | None:
    """The mark of the current action, otherwise that of the view."""
    action = getattr(view, getattr(view, "action", None) or "", None)
    mark: Deprecation | None = getattr(action, "deprecation", getattr(view, "deprecation", None))
    return mark


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time.min, UTC).timestamp())
