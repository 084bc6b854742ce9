"""Measures the search for the next day of the most expensive rules, which may never come.

python -m benchmarks.recurrence; docs/performance.md promises 50 ms.
"""

import sys
from datetime import date
from time import process_time

from todos.recurrence import read

LIMIT_MS = 50
RUNS = 5
EVERY_DAY = "MO,TU,WE,TH,FR,SA,SU"
HOSTILE = (
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;INTERVAL=7;BYDAY=MO,WE",
    "FREQ=WEEKLY;INTERVAL=53;BYMONTH=2;BYDAY=MO;WKST=SU",
    "FREQ=MONTHLY;BYMONTHDAY=20,21,22,23,24,25,26;BYDAY=1MO,1TU,1WE,1TH,1FR,1SA,1SU",
    f"FREQ=MONTHLY;BYDAY={EVERY_DAY};BYSETPOS=31",
    "FREQ=YEARLY;BYMONTHDAY=-31,31;BYMONTH=2,4,6,9,11",
    "FREQ=YEARLY;BYMONTHDAY=1;BYDAY=2MO,2TU,2WE,2TH,2FR,2SA,2SU;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12",
    f"FREQ=YEARLY;BYDAY={EVERY_DAY};BYSETPOS=" + ",".join(map(str, range(-62, -1))),
)


def cost(text: str) -> float:
    """Milliseconds to read the rule and find its next day, the best of a few runs."""
    start = date(2027, 2, 2)
    best = float("inf")
    for _ in range(RUNS):
        begin = process_time()
        read(text).after(start, start)
        best = min(best, process_time() - begin)
    return best * 1000


def main() -> int:
    found = sorted(((cost(text), text) for text in HOSTILE), reverse=True)
    for milliseconds, text in found:
        print(f"{milliseconds:6.2f} ms  {text}")
    return int(found[0][0] > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
