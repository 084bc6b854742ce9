"""Runs the commands in a text message, and writes the answer."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from core.values import fold, shows_something
from core.write_limit import count_write
from sms import service
from sms.service import Asked, Reply
from todos.answers.changes import HELD, Changes
from todos.answers.reading import Command, language_of, load, read
from todos.answers.times import LATER, Later, later, shown
from todos.api.members import DueMember
from todos.api.quick import lists_of, members_of
from todos.models import Todo
from todos.models.due import day_bounds
from todos.quickadd import read as read_sentence

MOST_LINES: Final = 10
MOST_LISTED: Final = 9
TITLE: Final = 30  # characters of a title in the answer
NAME: Final = 128  # characters of the search text
OPTIONS: Final = 5


class Answering:
    """One text message. `listed` has the ids that its numbers refer to."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.account, self.zone = asked, asked.account, asked.account.zone
        self.changes = Changes(asked)
        self.refers_to: Sequence[UUID] | None = None
        self.undone = False

    def reply(self) -> Reply:
        lines = [line for line in self.asked.body.splitlines() if shows_something(line)]
        commands = [read(line) for line in lines[:MOST_LINES]]
        if count_write(self.account.pk).is_refused:
            return Reply(self._say(language_of(self.asked.body), "too_many"))
        if not any(command.verb for command in commands):
            return Reply(self._help(language_of(self.asked.body)), is_help=True)
        said = [self._do(number, command) for number, command in enumerate(commands)]
        if len(lines) > MOST_LINES:
            said.append(self._say(commands[0].language, "too_many_lines", count=MOST_LINES))
        return Reply("\n".join(said), self.refers_to, self.changes.undo or None, self.undone)

    # --- The commands ----------------------------------------------------------------------------

    def _do(self, number: int, command: Command) -> str:
        verbs: Mapping[str, Callable[[int, Command], str]] = {
            "done": self._done,
            "snooze": self._snooze,
            "tomorrow": self._to_day,
            "today": self._to_day,
            "add": self._add,
            "list": lambda _number, each: self._list(each),
            "undo": self._undo,
            "help": lambda _number, each: self._help(each.language),
        }
        if not command.verb:
            return self._say(command.language, "unknown", name=_short(command.rest))
        return verbs[command.verb](number, command)

    def _done(self, number: int, command: Command) -> str:
        todos, problems = self._meant(command, command.rest)
        before = [todo.title for todo in todos if todo.is_finished]
        opened = [todo for todo in todos if not todo.is_finished]
        results = [self.changes.finish(self._op(number, place), it) for place, it in _each(opened)]
        return self._summary(command, "done", before, results, problems)

    def _snooze(self, number: int, command: Command) -> str:
        name, when = later(command.rest, self.asked.at, self.zone)
        if command.numbers and command.rest and (name or when is None):
            return self._say(command.language, "when", name=_short(command.rest))
        return self._put_off(number, command, name, when or Later(by=LATER))

    def _to_day(self, number: int, command: Command) -> str:
        """`tomorrow 2`, `tomorrow 2 9am`, `today milk`; `today` alone is a list."""
        if command.verb == "today" and not command.numbers and not command.rest:
            return self._list(command)
        day = load().dates[command.language][command.verb]
        name, when = later(f"{day} {command.rest}", self.asked.at, self.zone)
        if when is None or (command.numbers and name):
            return self._say(command.language, "when", name=_short(command.rest))
        return self._put_off(number, command, name, when)

    def _put_off(self, number: int, command: Command, name: str, when: Later) -> str:
        todos, problems = self._meant(command, name)
        results = []
        for place, todo in _each(todos):
            due = when.due(todo.due, self.asked.at, self.zone)
            if due is None:
                return self._say(command.language, "when", name=_short(command.rest))
            results.append(self.changes.move(self._op(number, place), todo, due))
        return self._summary(command, "moved", [], results, problems)

    def _add(self, number: int, command: Command) -> str:
        if not shows_something(command.rest):
            return self._say(command.language, "empty")
        lists = lists_of(self.account)
        reading = read_sentence(
            command.rest, self.asked.at, self.zone, lambda name: fold(name) in lists
        )
        members = members_of(reading, lists)
        given = {name: value for name, value in members.items() if name != "list" or value}
        result = self.changes.add(self._op(number), given)
        return self._summary(command, "added", [], [result], [])

    def _undo(self, number: int, command: Command) -> str:
        """Undo the earlier lines of this message, otherwise the last message with changes."""
        undo, self.changes.undo = self.changes.undo, []
        if not (undo or self.undone):
            undo, self.undone = self.asked.undoable or [], True
        if not undo:
            return self._say(command.language, "nothing_to_undo")
        said: dict[str, list[str]] = {"undone": [], "changed": [], "gone": []}
        for result in self.changes.take_back(number, undo):
            said[_outcome(result)].append(_name(result))
        told = ((key, names) for key, names in said.items() if names)
        return "\n".join(self._say(command.language, key, names=_joined(it)) for key, it in told)

    def _list(self, command: Command) -> str:
        now = self.asked.at
        shown = Todo.objects.owned_by(self.account).open().started(now, self.zone)
        shown = shown.filter(list__archived_at=None).order_by("due_order", "position", "id")
        if command.verb == "today":
            shown = shown.due_before(day_bounds(now, self.zone)[1])
        todos = list(shown[:MOST_LISTED])
        if not todos:
            nothing = "nothing_today" if command.verb == "today" else "nothing"
            return self._say(command.language, nothing)
        count = shown.count() if len(todos) == MOST_LISTED else len(todos)
        return self._numbered(command, todos, count)

    # --- The to-dos of a command -----------------------------------------------------------------

    def _meant(self, command: Command, name: str) -> tuple[list[Todo], list[str]]:
        """The to-dos of the command, and an error text for each missing one."""
        if command.numbers:
            return self._of_numbers(command)
        if name:
            return self._named(command, name[:NAME])
        if len(self.asked.listed) == 1:  # an answer to a reminder of one to-do
            return self._of_ids(command, {1: self.asked.listed[0]})
        return [], [self._say(command.language, "which_to_do")]

    def _of_numbers(self, command: Command) -> tuple[list[Todo], list[str]]:
        known = dict(enumerate(self.asked.listed, 1))
        todos, problems = self._of_ids(
            command, {number: known[number] for number in command.numbers if number in known}
        )
        unknown = [number for number in command.numbers if number not in known]
        said = [self._say(command.language, "unknown_number", number=it) for it in unknown[:1]]
        return todos, [*problems, *said]

    def _of_ids(self, command: Command, ids: Mapping[int, UUID]) -> tuple[list[Todo], list[str]]:
        rows = Todo.objects.owned_by(self.account).in_bulk(list(ids.values()))
        gone = [str(number) for number, key in ids.items() if key not in rows]
        said = [self._say(command.language, "gone", names=_joined(gone))] if gone else []
        return [rows[key] for key in dict.fromkeys(ids.values()) if key in rows], said

    def _named(self, command: Command, name: str) -> tuple[list[Todo], list[str]]:
        """The open to-do with these words; of several, the one with exactly this title."""
        found = Todo.objects.owned_by(self.account).open().mentioning(name)
        todos = list(found.order_by("due_order", "position", "id")[: OPTIONS + 1])
        called = [todo for todo in todos if fold(todo.title) == fold(name)]
        if len(todos) == 1 or len(called) == 1:
            return (called or todos)[:1], []
        if not todos:
            return [], [self._say(command.language, "unknown_name", name=_short(name))]
        which = self._say(command.language, "which")
        return [], [f"{which}\n{self._numbered(command, todos, found.count())}"]

    # --- The answer ------------------------------------------------------------------------------

    def _summary(
        self,
        command: Command,
        key: str,
        already: list[str],
        results: list[dict[str, Any]],
        problems: list[str],
    ) -> str:
        said = []
        held = [result for result in results if result["status"] in HELD]
        if held:
            said.append(self._outcome_text(command.language, key, held))
        if already:
            names = _joined(map(_short, already))
            said.append(self._say(command.language, "already", names=names))
        said += [self._refusal(command, it) for it in results if it not in held]
        return "\n".join([*said, *problems])

    def _outcome_text(self, language: str, key: str, results: list[dict[str, Any]]) -> str:
        names, due = _joined(map(_name, results)), results[0]["todo"]["due"]
        when = due and shown(DueMember().to_internal_value(due), self.asked.at, self.zone, language)
        if key == "added" and when:
            key = "added_when"
        return self._say(language, key, names=names, when=when or "")

    def _refusal(self, command: Command, result: dict[str, Any]) -> str:
        key = "full" if result.get("code") == "quota_reached" else "refused"
        return self._say(command.language, key, name=_short(command.rest))

    def _numbered(self, command: Command, todos: Sequence[Todo], count: int) -> str:
        """Number as many to-dos as fit into one segment. The next message may use the numbers."""
        lines = [f"{number} {_short(todo.title)}" for number, todo in enumerate(todos, 1)]
        text = self._cut(command, lines, count)
        while len(lines) > 1 and not service.fits_one_segment(text):
            lines.pop()
            text = self._cut(command, lines, count)
        self.refers_to = [todo.pk for todo in todos[: len(lines)]]
        return text

    def _cut(self, command: Command, lines: Sequence[str], count: int) -> str:
        more = count - len(lines)
        last = [self._say(command.language, "more", count=more)] if more else []
        return "\n".join([*lines, *last])

    def _help(self, language: str) -> str:
        return self._say(language, "help")

    def _say(self, language: str, key: str, **values: object) -> str:
        return load().replies[language][key].format(**values)

    def _op(self, number: int, place: int = 0) -> UUID:
        return self.changes.op_id(number, *([place] if place else []))


def _each(todos: Sequence[Todo]) -> "enumerate[Todo]":
    return enumerate(todos)


def _outcome(result: dict[str, Any]) -> str:
    if result["status"] == "conflict" or result.get("code") == "changed_later":
        return "changed"
    return "undone" if result["status"] in HELD else "gone"


def _name(result: dict[str, Any]) -> str:
    return _short(result.get("todo", {}).get("title", ""))


def _short(title: str) -> str:
    plain = service.plain(title)
    return plain if len(plain) <= TITLE else f"{plain[: TITLE - 2].rstrip()}.."


def _joined(names: Any) -> str:
    return "; ".join(names)
