"""What an account may hold is limited: each app counts what is its own, this is how it refuses."""

from core.errors import Refused


class QuotaReached(Refused):
    """The account holds as much as it may, so nothing was done; `name` is that of the quota."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail, code="quota_reached")
        self.name = name
