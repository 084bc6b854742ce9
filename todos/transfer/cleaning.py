"""Validates imported objects with the columns of the models, as every entry point does.

An object with an invalid title or name is refused. Any other invalid member is dropped and
reported. Too long text is cut; the notes keep the whole title.
"""

from typing import Any, Final

from django.core.exceptions import ValidationError

from core.values import line
from todos.models.tags import NAME_LENGTH as TAG_LENGTH
from todos.models.todos import NOTES_LENGTH, TITLE_LENGTH
from todos.transfer.members import MODELS, members
from todos.transfer.records import Record

NEEDED: Final = ("title", "name", "query")
REFERENCES: Final = frozenset({"id", "list", "parent", "is_inbox", "finished_with", "trashed_with"})
MOST_TAGS: Final = 20


def cleaned(record: Record) -> dict[str, Any] | None:
    """The columns of the object without its references; None for a refused one, with a problem."""
    if record.is_refused:
        return None
    if record.kind == "todo":
        _fit(record)
    found = _columns(record)
    for name in NEEDED:
        if name in members(MODELS[record.kind]) and not found.get(name):
            if not any(it.attr == name for it in record.problems):
                record.add_problem("required", "This member is required.", name)
            return None
    return found


def _columns(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in members(MODELS[record.kind]).items():
        if name in REFERENCES or record.values.get(name) is None:
            continue
        try:
            found[name] = member.read(record.values[name])
        except ValidationError as error:
            code = error.error_list[0].code or "invalid"
            record.add_problem(code, " ".join(error.messages), name)
    return found


def _fit(record: Record) -> None:
    """Shorten titles, notes and tags, because other programs allow longer ones and more."""
    values = record.values
    title, notes = values.get("title"), values.get("notes") or ""
    if isinstance(title, str) and len(line(title)) > TITLE_LENGTH:
        values["title"] = f"{line(title)[: TITLE_LENGTH - 1]}…"
        values["notes"] = notes = f"{title}\n\n{notes}".strip() if isinstance(notes, str) else title
        record.add_problem("cut", "The title was cut; the notes have all of it.", "title")
    if isinstance(notes, str) and len(notes) > NOTES_LENGTH:
        values["notes"] = f"{notes[: NOTES_LENGTH - 1]}…"
        record.add_problem("cut", "The notes were cut at 10,000 characters.", "notes")
    tags = values.get("tags")
    if isinstance(tags, list):
        kept = [it for it in tags if not isinstance(it, str) or 0 < len(line(it)) <= TAG_LENGTH]
        values["tags"] = kept[:MOST_TAGS]
        if values["tags"] != tags:
            record.add_problem(
                "cut", f"A to-do has at most {MOST_TAGS} tags of {TAG_LENGTH} characters.", "tags"
            )
