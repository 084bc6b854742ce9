"""Measures the most expensive sentences for quick add; docs/performance.md promises 50 ms.

python -m benchmarks.quickadd
"""

import itertools
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

from todos.quickadd import LIMIT, read
from todos.quickadd.grammar import load

CORPUS = Path(__file__).parent.parent / "tests" / "todos" / "quickadd" / "corpus.json"
LIMIT_MS = 50
RUNS = 2


def hostile() -> dict[str, str]:
    """Every word of the grammar, repeated up to the limit, and texts with long matches."""
    words = {
        "".join(texts) for those in load().classes.values() for pairs in those.values()
        for texts, _value in pairs
    }  # fmt: skip
    pairs = [" ".join(pair) for pair in itertools.product(["every", "每", "1"], words)]
    texts = [
        *words,
        *pairs,
        "每周一二三四五六日、",
        "every mon, tue, ",
        "!1 ",
        '#"',
        "@a",
        "1st and ",
        "(",
        "\0",
    ]
    return {text: (text * LIMIT)[:LIMIT] for text in texts}


def cost(text: str, now: datetime) -> float:
    """Milliseconds, the best of a few runs."""
    best = float("inf")
    for _ in range(RUNS):
        begin = process_time()
        read(text, now, ZoneInfo("Europe/Berlin"))
        best = min(best, process_time() - begin)
    return best * 1000


def main() -> int:
    now = datetime(2026, 11, 26, 10, tzinfo=UTC)
    read("warm up tomorrow", now, ZoneInfo("Europe/Berlin"))
    corpus = json.loads(CORPUS.read_text(encoding="utf-8"))["sentences"]
    ordinary = sorted(cost(sentence["text"], now) for sentence in corpus)
    worst = sorted(((cost(text, now), name) for name, text in hostile().items()), reverse=True)
    print(f"ordinary: median {ordinary[len(ordinary) // 2]:.2f} ms, most {ordinary[-1]:.2f} ms")
    for milliseconds, name in worst[:5]:
        print(f"hostile: {milliseconds:6.2f} ms  {name!r} repeated to {LIMIT} characters")
    return int(worst[0][0] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
