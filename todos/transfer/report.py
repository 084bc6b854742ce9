"""The results of an import or of its dry run, line by line."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from todos.transfer.members import MODELS
from todos.transfer.records import Problem, Record

MOST_LINES: Final = 500  # reported lines, each for lines with problems and for others
SHOWN_TITLE: Final = 60  # characters


@dataclass
class Report:
    """`new`, `kept` and `refused` count objects; `lines` has the first ones of each sort."""

    new: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    refused: int = 0
    warnings: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0
    _told: Counter[bool] = field(default_factory=Counter)

    def tell(self, record: Record, outcome: str) -> None:
        if outcome == "new":
            self.new[record.kind] += 1
        elif outcome == "kept":
            self.kept += 1
        else:
            self.refused += 1
        self._list(record, outcome, record.problems)

    def warn(self, record: Record, problems: list[Problem]) -> None:
        """Read a stored report."""
        self._list(record, "new", problems)

    def _list(self, record: Record, outcome: str, problems: list[Problem]) -> None:
        self.warnings += bool(problems) and outcome != "refused"
        self._told[bool(problems)] += 1
        if self._told[bool(problems)] > MOST_LINES:
            self.left_out += 1
            return
        self.lines.append(
            {
                "line": record.line,
                "kind": record.kind,
                "title": record.title[:SHOWN_TITLE]
                .encode(errors="replace")
                .decode()
                .replace("\0", ""),
                "outcome": outcome,
                "problems": [vars(it) for it in problems],
            }
        )

    @property
    def stored(self) -> dict[str, Any]:
        return {
            "new": {f"{kind}s": self.new[kind] for kind in MODELS},
            "kept": self.kept,
            "refused": self.refused,
            "warnings": self.warnings,
            "lines": sorted(self.lines, key=lambda it: it["line"]),
            "left_out": self.left_out,
        }
