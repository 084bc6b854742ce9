"""Reports of a mail server about a mail that it accepted; MAIL_REPORTS names the handler."""

from collections.abc import Callable, Mapping
from typing import NamedTuple


class MailReport(NamedTuple):
    """A report about one recipient. Repeats of a report have the same `id`.

    `reason` says why this address must get no more mail. `arrived` is true if this mail reached the
    mailbox nevertheless. `headers` maps lower-case names to the headers of the mail, if the server
    sends them.
    """

    id: str
    address: str
    reason: str
    arrived: bool
    headers: Mapping[str, str]


Handler = Callable[[MailReport], None]
