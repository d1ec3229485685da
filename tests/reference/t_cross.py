#!/usr/bin/env python3
"""When a quantity crossed its low limit, from the raw counters of a recording.

Shares no code with the engine: it reads what `ks dump --raw --format json` prints and applies the
definition of a crossing: the end of the first interval whose own value reaches the limit and stays
at or above it for 80 % of the next five seconds.

usage: ks dump X.parquet --raw --format json --columns COLUMNS | t_cross.py QUANTITY LIMIT
QUANTITY  stall TABLE.COLUMN   share of time, of a counter of microseconds
          demand               runnable and blocked tasks for each CPU, less the recorder
Prints the time in RFC 3339, or `none`.
"""

import json
import sys
from datetime import datetime, timezone


def nanoseconds(text):
    """RFC 3339 with nanoseconds, which datetime cannot hold."""
    whole, rest = text.rstrip("Z").split(".")
    seconds = datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * 10**9 + int(rest.ljust(9, "0"))


def readings(lines):
    """Each time with the values of its columns."""
    by_time = {}
    for line in lines:
        row = json.loads(line)
        by_time.setdefault(row["time"], {})[row["column"]] = row["value"]
    return [(nanoseconds(time), time, values) for time, values in sorted(by_time.items())]


def stall(column):
    def value(before, after):
        if column not in before[2] or column not in after[2]:
            return None
        grown = after[2][column] - before[2][column]
        return grown * 1000 / (after[0] - before[0])

    return value


def demand(_before, after):
    values = after[2]
    running, blocked = values.get("cpu.procs_running"), values.get("cpu.procs_blocked")
    cpus = values.get("cpu.cpus_online")
    if None in (running, blocked, cpus):
        return None
    return (max(running - 1, 0) + blocked) / cpus


def crossing(rows, value, limit):
    intervals = [
        (after[0], after[1], after[0] - before[0], value(before, after))
        for before, after in zip(rows, rows[1:])
    ]
    for at, (end, text, _, first) in enumerate(intervals):
        if first is None or first < limit:
            continue
        total = held = 0
        for later, _, length, quantity in intervals[at + 1 :]:
            if later - end > 5 * 10**9:
                break
            total += length
            held += length if quantity is not None and quantity >= limit else 0
        if total > 0 and held >= 0.8 * total:
            return text
    return None


def main():
    quantity, limit = sys.argv[1], float(sys.argv[-1])
    value = demand if quantity == "demand" else stall(sys.argv[2])
    print(crossing(readings(sys.stdin), value, limit) or "none")


main()
