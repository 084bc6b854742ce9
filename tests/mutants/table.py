"""The mutants of tests/mutants/*.toml."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LANES = ("fast", "postgres", "page", "check")


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change of one file; `survives` explains why no test has to notice it."""

    id: str
    what: str
    file: str
    old: str
    new: str
    killers: tuple[str, ...]
    lane: str = "fast"
    survives: str = ""

    def applied_to(self, text: str) -> str:
        return text.replace(self.old, self.new, 1)

    def is_named_by(self, pattern: str) -> bool:
        return pattern == self.id or fnmatchcase(self.file, pattern)


def read(path: Path) -> list[Mutant]:
    """Raises TypeError if an entry has an unknown key or lacks one."""
    entries = tomllib.loads(path.read_text())["mutant"]
    return [Mutant(**{**entry, "killers": tuple(entry["killers"])}) for entry in entries]


def load() -> list[Mutant]:
    paths = sorted(Path(__file__).parent.glob("*.toml"))
    return [mutant for path in paths for mutant in read(path)]


def chosen(mutants: Iterable[Mutant], patterns: list[str], lane: str) -> list[Mutant]:
    """Those with one of these ids or files, all without a pattern; of one lane or of all."""
    return [
        mutant
        for mutant in mutants
        if lane in ("all", mutant.lane)
        and (not patterns or any(mutant.is_named_by(pattern) for pattern in patterns))
    ]


def package_tests(file: str) -> str:
    """The folder of tests that mirrors the package of a file."""
    top, _, rest = file.partition("/")
    name = rest.partition("/")[0] if top in ("templates", "static") else top
    folder = f"tests/{name}"
    return folder if name and (ROOT / folder).is_dir() else "tests/config"
