"""What a mail server reports about a mail after it was sent; MAIL_REPORTS names the handler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class MailReport:
    """Of one recipient. `id` is the same however often the report comes.

    `reason` is why no more mails are to be sent there, `arrived` whether this one came to the
    mailbox all the same. `headers` are the headers of the mail by name, in lower case, if the
    server sends them.
    """

    id: str
    address: str
    reason: str
    arrived: bool
    headers: Mapping[str, str]


Handler = Callable[[MailReport], None]
