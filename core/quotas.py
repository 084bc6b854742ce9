"""The error for a full account. Each app counts its own objects."""

from core.errors import Refused


class QuotaReached(Refused):
    """The account has reached the quota `name`, so nothing was changed."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail, code="quota_reached")
        self.name = name
