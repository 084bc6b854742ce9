"""What an account may hold is limited: each app counts what is its own, this is how it refuses."""


class QuotaReached(Exception):  # noqa: N818 - the API's word for it is quota_reached
    """The account holds as much as it may, so nothing was done; `name` is that of the quota."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.name = name
