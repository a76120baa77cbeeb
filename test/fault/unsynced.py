#!/usr/bin/env python3
"""unsynced.py TRACE AOF: what of an append-only file a power cut could have taken, and cuts it off.

TRACE is what `strace -f -ttt -s 0 -e trace=write,fdatasync,fsync -P AOF -p REDIS` wrote until Redis was killed.
Safe is what was written before the last sync that ended had begun. Prints JSON: {"bytes", "messages", "ms":
from the first of these writes to the kill, "interval_ms": the longest time between two syncs}.
"""
import json
import os
import re
import sys

LINE = re.compile(r"^(\d+)\s+(\d+\.\d+)\s+(.*)$")
WRITE = re.compile(r"^(?:write\(|<\.\.\. write resumed>).*= (\d+)$")
SYNC = re.compile(r"^(?:fdatasync|fsync)\(")
SYNCED = re.compile(r"^(?:(?:fdatasync|fsync)\(.*|<\.\.\. (?:fdatasync|fsync) resumed>.*)= 0$")


def read_trace(path):
    """Writes as (time, bytes), syncs as (begin, end), and the time of the end."""
    writes, syncs, begun, at = [], [], {}, 0.0
    with open(path, encoding="utf-8", errors="replace") as trace:
        for line in trace:
            found = LINE.match(line.rstrip())
            if not found:
                continue
            thread, at, what = found[1], float(found[2]), found[3]
            if written := WRITE.match(what):
                writes.append((at, int(written[1])))
            if SYNC.match(what):
                begun[thread] = at
            if SYNCED.match(what):
                syncs.append((begun[thread], at))
    return writes, syncs, at


def main():
    trace, aof = sys.argv[1:]
    writes, syncs, end = read_trace(trace)
    if not syncs or not writes:
        sys.exit("unsynced: no sync, or no write, is in the trace")
    safe_until = max(begin for begin, _ in syncs)
    unsafe = [(at, size) for at, size in writes if at >= safe_until]
    lost = sum(size for _, size in unsafe)
    size = os.path.getsize(aof)
    with open(aof, "r+b") as file:
        file.seek(size - lost)
        tail = file.read()
        file.truncate(size - lost)
    begins = sorted(begin for begin, _ in syncs)
    gaps = [b - a for a, b in zip(begins, begins[1:])]
    print(json.dumps({
        "bytes": lost, "messages": tail.count(b'"CreateMessageJob"'),
        "ms": round((end - unsafe[0][0]) * 1000) if unsafe else 0,
        "interval_ms": round(max(gaps, default=0) * 1000)}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
