"""Records devices that an API client logs out, as the page does."""

from collections.abc import Iterable

from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession

from accounts.devices import end_all


class DevicesAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]  # allauth is untyped
    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        end_all(sessions)
