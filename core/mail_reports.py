"""What a mail server says later of a mail of ours; MAIL_REPORTS names who is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MailReport:
    """Of one recipient. `id` is the same however often the report comes.

    `reason` is why no more mails are to be sent there, `arrived` whether this one came to the
    mailbox all the same. `headers` are those of the mail, if the server tells them, by their names
    in lower case.
    """

    id: str
    address: str
    reason: str
    arrived: bool
    headers: Mapping[str, str]


Handler = Callable[[MailReport], None]
