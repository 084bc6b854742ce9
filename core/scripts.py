"""JavaScript without its comments and needless blanks, as browsers get it.

No name changes, and no text: what stands in a string, a template or a regular expression stays as
it is. tests/page/scripts.test.js compares each file of the page with what was written.
"""

import re
from collections.abc import Iterator

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<word>[\w$\#@]+)
    |(?P<blank>\s+)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
EXPRESSION = re.compile(r"/(?:[^\\/\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
LICENCE = "/*!"
# Behind these a value begins, so that a slash begins a regular expression.
VERBS = re.compile(
    "return|typeof|case|default|in|of|delete|void|throw|new|instanceof|else|do|yield|await"
)
LONE = tuple("{}()[],;:=>?&|")  # need no blank beside them
OPENING, CLOSING = tuple("{([,;:"), tuple("})]")  # no statement ends behind, before them


def shortened(code: str) -> str:
    """The same program; licences stay."""
    kept = [""]
    blank = ""
    for part in _parts(code):
        if part in (" ", "\n"):
            blank = "\n" if "\n" in blank + part else " "
            continue
        kept += [_between(kept[-1], blank, part), part]
        blank = ""
    return "".join(kept).strip() + "\n"


def _between(before: str, blank: str, behind: str) -> str:
    """What is left of a blank between two pieces."""
    if blank == "\n":
        goes = before.endswith(OPENING) or behind.startswith(CLOSING)
    else:
        goes = before.endswith(LONE) or behind.startswith(LONE)
    return "" if goes else blank


def _parts(code: str) -> Iterator[str]:
    """The pieces that stay as they are, and " " or "\\n" for what stands between them."""
    inside: list[int] = []  # the depth of braces in each template around
    last, at = "", 0
    while found := TOKEN.match(code, at):
        piece, kind = found[0], found.lastgroup
        if kind == "mark":
            piece = _whole(code, at, last, inside)
        at += len(piece)
        if kind == "blank" or (kind == "comment" and not piece.startswith(LICENCE)):
            yield "\n" if "\n" in piece else " "
            continue
        yield piece
        last = piece


def _whole(code: str, at: int, last: str, inside: list[int]) -> str:
    """What begins with a mark: a regular expression, a template up to a value in it, or the mark.

    `inside` is kept up to date.
    """
    mark = code[at]
    if mark == "/" and not _ends_value(last):
        return _matched(EXPRESSION, code, at)
    if mark == "`":
        return _template(code, at, inside)
    if mark in "{}" and inside:
        inside[-1] += 1 if mark == "{" else -1
        if inside[-1] < 0:
            inside.pop()
            return _template(code, at, inside)
    return mark


def _template(code: str, at: int, inside: list[int]) -> str:
    text = code[at] + _matched(TEMPLATE, code, at + 1)
    if text.endswith("${"):
        inside.append(0)
    return text


def _matched(pattern: re.Pattern[str], code: str, at: int) -> str:
    found = pattern.match(code, at)
    if not found:
        line = code.count("\n", 0, at) + 1
        raise ValueError(f"Line {line}: what begins with {code[at : at + 20]!r} has no end.")
    return found[0]


def _ends_value(piece: str) -> bool:
    """Whether a slash behind it divides."""
    end = piece[-1:]
    return not VERBS.fullmatch(piece) and (
        end in tuple("\"'`)]}$") or end.isidentifier() or end.isdigit()
    )
