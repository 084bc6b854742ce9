"""Removes credentials, query strings and phone numbers from text for logs and lists."""

import re

_CREDENTIAL = r"\w{0,40}(?:password|passwd|secret|token|api[-_]?key|session[-_]?id|csrf)\w{0,40}"
# A value: quoted (also inside quoted JSON), or up to the next blank or separator.
_VALUE = (
    r"(?:b?\"(?:[^\"\\]|\\.)*\"?|b?'(?:[^'\\]|\\.)*'?|\\+\"(?:(?!\\+\").)*(?:\\+\")?|[^\s,;&}\])]+)"
)
_REDACTIONS = (
    # A header that carries credentials: to the end of the line or of the quoted text.
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\*[\"']?\s*[:=]\s*(?:\[?\(?b?\\*[\"'])?)"
            r"[^\r\n\"']+"
        ),
        r"\1\2[redacted]",
    ),
    # A field whose name marks a credential, in any spelling.
    (
        re.compile(rf"(?i)({_CREDENTIAL}\\*[\"']?\s*(?:[:=]|=>|,(?=\s*b?[\"']))\s*){_VALUE}"),
        r"\1[redacted]",
    ),
    (re.compile(r"(?i)\b(Bearer|Basic)\s+[^\s,;\"']+"), r"\1 [redacted]"),
    (re.compile(r"nudge_[\w-]{20,}"), "nudge_[redacted]"),
    # The password of a URL such as postgresql://user:password@host/name.
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,20}://[^\s:/@]*):[^\s\"']*@"), r"\1:[redacted]@"),
    # Query strings, and links that grant access: confirmation, reset, calendar feed.
    (re.compile(r"([\w/.~%-])\?[^\s\"'<>]+"), r"\1?[redacted]"),
    (
        re.compile(
            r"(/(?:confirm-email|password/reset/key|feeds|account/keep|account/invited)/)[^\s\"'/?]+"
        ),
        r"\1[redacted]",
    ),
    # A session key by itself: 32 of a-z0-9. Hexadecimal digests and UUIDs stay readable.
    (re.compile(r"\b(?=[a-f0-9]*[g-z])[a-z0-9]{32}\b"), "[redacted]"),
    # A phone number (E.164, also with blanks or dashes); its last two digits stay. Its plus may be
    # escaped as in a URL, once or twice, or as in a path of the admin.
    (
        re.compile(
            r"(?:\+|%(?:25)*2[Bb]|_2B)[1-9](?:[ ().-]{0,2}\d){3,12}[ ().-]{0,2}(\d{2})(?!\d)"
        ),
        r"+…\1",
    ),
    # A number without a plus, only after the name of such a field: other digits may be ids or
    # times.
    (
        re.compile(
            r"(?i)((?:phone|mobile|msisdn|recipient)(?:[ _-]?(?:number|no))?"
            r"\\*[\"']?\s*[:=]\s*\\*[\"']?)\d{5,15}(\d{2})(?!\d)"
        ),
        r"\1…\2",
    ),
)


def redact(text: str) -> str:
    """The text without query strings, credentials and whole phone numbers."""
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text
