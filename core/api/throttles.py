from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.write_limit import SAFE_METHODS, Standing, count_write


class WriteThrottle(BaseThrottle):
    """Counts an account's writes to the API; core.middleware.WriteLimitMiddleware counts forms."""

    standing: Standing

    def allow_request(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS or request.user.pk is None:
            return True
        self.standing = count_write(request.user.pk)
        request._request.write_standing = self.standing  # type: ignore[attr-defined]  # noqa: SLF001 - for the headers
        return not self.standing.is_refused

    def wait(self) -> float:
        return self.standing.seconds
