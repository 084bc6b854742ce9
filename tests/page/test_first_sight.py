"""A first visit loads what the first sight needs, and that is not much."""

import gzip
import re
from functools import cache
from pathlib import Path

from core.scripts import shortened
from tests.config.conftest import ROOT
from todos import shell

STATIC = ROOT / "static"
IMPORTS = re.compile(r'(?:^|;)\s*(?:import|export)\b(?:[^";=(]*\bfrom)?\s*"([^"]+)"', re.MULTILINE)
LATER = re.compile(r"""\bimport\("([^"]+)"\)""")
MOST = 58_000  # bytes, compressed as a CDN does it; 11,000 of them are Preact and its signals


def file_of(name: str) -> Path:
    own = name.removeprefix("#app/")
    return STATIC / "app" / own if own != name else STATIC / "vendor" / f"{name}.js"


@cache
def code_of(name: str) -> str:
    return file_of(name).read_text()


def reached(names: list[str]) -> set[str]:
    """These modules, and all that they import before they run."""
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names += IMPORTS.findall(code_of(name))
    return found


FIRST = reached(["#app/main.js"])


def test_the_shell_announces_what_the_first_sight_needs_and_nothing_else(alice, web):
    """A new import of a part that comes later fails here: see static/app/later.js."""
    told = re.findall(r'rel="modulepreload" href="([^"]+)"', web(alice).get("/todos/").text)
    addresses = shell.modules()
    assert set(told) == {addresses[name] for name in FIRST - {"#app/main.js"}}
    assert len(told) == len(set(told))


def test_the_first_sight_is_small():
    sizes = {name: len(gzip.compress(shortened(code_of(name)).encode())) for name in FIRST}
    assert sum(sizes.values()) <= MOST, sorted(sizes.items(), key=lambda size: -size[1])


def test_what_keeps_early_keys_runs_first_and_needs_nothing_of_the_page(alice, web):
    page = web(alice).get("/todos/").text
    addresses = shell.modules()
    first = [addresses["#app/hold.js"], addresses["#app/main.js"]]
    assert re.findall(r'<script src="([^"]+)" type="module"', page) == first
    needs = reached(["#app/hold.js"])
    assert needs == {"#app/hold.js", "#app/line.js", "#app/browser.js"}


def test_every_other_module_is_reached_by_a_part_that_comes_later():
    later = {part for name in FIRST for part in LATER.findall(code_of(name))}
    assert {"#app/views/detail.js", "#app/views/understood.js", "#app/drag.js"} <= later
    assert FIRST | reached(sorted(later)) == set(shell.modules())
