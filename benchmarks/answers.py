"""Measures the most expensive text messages to read; docs/performance.md promises 50 ms.

python -m benchmarks.answers
"""

import itertools
import os
import sys
from datetime import UTC, datetime
from time import process_time
from zoneinfo import ZoneInfo

LIMIT_MS = 50
RUNS = 2
LENGTH = 1600  # of one text
LINES = 10


def hostile() -> dict[str, str]:
    """Every word, alone and after another, repeated up to the limit, on one line and on ten."""
    from todos.answers.reading import load

    grammar = load()
    words = [*grammar.verbs, *grammar.numerals, *grammar.units, "please", "请", "1, ", "1-", "9"]
    words += [
        "#",
        "第",
        "no. ",
        "half an ",
        "“",
        "\uff1f",
        ".",
        " ",
        "\u200b",
        "\0",
        "😀",
        "1 h",
        "-1",
    ]
    pairs = ["".join(pair) for pair in itertools.product(("done 1, ", "snooze ", "推迟"), words)]
    texts = {text: (text * LENGTH)[:LENGTH] for text in (*words, *pairs)}
    lines = {
        f"{text} x {LINES}": "\n".join([text * LENGTH][:1] * LINES)[: LENGTH * LINES]
        for text in ("done 1, ", "snooze 1 h ", "推迟1 ")
    }
    return texts | lines


def cost(text: str) -> float:
    """Milliseconds to read all lines, the best of a few runs."""
    from todos.answers.reading import read
    from todos.answers.times import later

    now, zone, best = datetime(2026, 11, 26, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin"), 1e9
    for _ in range(RUNS):
        begin = process_time()
        for line in text.splitlines()[:LINES]:
            later(read(line).rest, now, zone)
        best = min(best, process_time() - begin)
    return best * 1000


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    cost("warm up tomorrow")
    ordinary = cost("snooze 2 tomorrow 9am")
    worst = sorted(((cost(text), name) for name, text in hostile().items()), reverse=True)
    print(f"ordinary: {ordinary:.2f} ms")
    for milliseconds, name in worst[:5]:
        print(f"{milliseconds:6.2f} ms  {name!r}")
    return int(worst[0][0] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
