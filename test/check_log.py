#!/usr/bin/env python3
"""Compares what clients were told (logs of test/load) with what MySQL holds.

Nothing acknowledged may be lost, doubled or renumbered, and the numbers are 1..N without a gap. A
message whose request ended in an error or without an answer may be there, once. Prints the
differences, then a summary as one line of JSON; exit 1 if there is a difference.
"""
import argparse
import collections
import json
import re
import sys

FIELDS = 8  # of a line that was not cut off by a kill
SHOWN = 10  # differences of a kind that are printed

ESCAPED = re.compile(r"\\(.)")
UNESCAPED = {"n": "\n", "t": "\t", "0": "\0"}


class Differences:
    def __init__(self):
        self.count = collections.Counter()

    def add(self, kind, text):
        self.count[kind] += 1
        if self.count[kind] <= SHOWN:
            print(f"{kind}: {text}")
        elif self.count[kind] == SHOWN + 1:
            print(f"{kind}: … and more")


def posts(path):
    """The POSTs of a log: (start in µs, status, number as text, index of the URL, body id)."""
    with open(path, encoding="utf-8") as log:
        for line in log:
            field = line.rstrip("\n").split("\t")
            if not line.endswith("\n") or len(field) < FIELDS:
                continue  # a kill cut it off
            if len(field) == FIELDS or field[8] == "post":
                yield int(field[0]), field[2], field[3], int(field[5]), field[7]


def read_log(path, urls, sent, acknowledged, diff):
    """Adds to `sent` (body id → status) and `acknowledged` (number → body id)."""
    for _, status, number, url, body in posts(path):
        if urls and url not in urls:
            continue
        if body in sent:
            diff.add("sent twice", f"{body} is in the logs more than once")
        sent[body] = status
        if status != "201":
            continue
        if not number.isdigit():
            diff.add("no number", f"{body} was answered 201 without a number")
        elif int(number) in acknowledged:
            diff.add("number given twice",
                     f"{number} to {acknowledged[int(number)]} and {body}")
        else:
            acknowledged[int(number)] = body


def read_rows(path, diff):
    """The rows as number → body id: a body begins with its id, a blank ends it."""
    rows = {}
    with open(path, encoding="utf-8", errors="replace", newline="\n") as tsv:
        for line in tsv:
            number, _, body = line.rstrip("\n").partition("\t")
            body = ESCAPED.sub(lambda m: UNESCAPED.get(m[1], m[1]), body)
            if int(number) in rows:
                diff.add("number stored twice", number)
            rows[int(number)] = (body.split() or [""])[0]
    return rows


def compare(sent, acknowledged, rows, unlogged, diff):
    stored = collections.defaultdict(list)
    for number, body in rows.items():
        stored[body].append(number)
    for number, body in sorted(acknowledged.items()):
        if number not in rows:
            diff.add("lost", f"{number}, acknowledged for {body}, is not stored")
        elif rows[number] != body:
            diff.add("another body", f"{number} was acknowledged for {body}, holds {rows[number]}")
        for other in stored[body]:
            if other != number:
                diff.add("another number", f"{body} is stored as {other}, acknowledged as {number}")
    strange = [body for body in stored if body not in sent]
    for body, numbers in stored.items():
        if len(numbers) > 1:
            diff.add("stored twice", f"{body} as {', '.join(map(str, sorted(numbers)))}")
    if len(strange) > unlogged:
        for body in strange:
            diff.add("not sent", f"{stored[body][0]} holds {body!r}, which no log has")
    top = max(max(rows, default=0), max(acknowledged, default=0))
    for number in range(1, top + 1):
        if number not in rows:
            diff.add("gap", f"{number} of 1..{top} is not stored")
    for number in rows:
        if number < 1:
            diff.add("gap", f"{number} is no number of a message")
    return {"unsure_stored": sum(1 for body in stored if sent.get(body, "201") != "201"),
            "not_logged": len(strange), "max": top}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--log", action="append", required=True, metavar="FILE",
                        help="a log of test/load; can be given again")
    parser.add_argument("--rows", required=True, metavar="FILE",
                        help='of one chat: mariadb -N -B -e "SELECT number, LEFT(body, 64) …"')
    parser.add_argument("--url", action="append", type=int, metavar="N",
                        help="only what went to the URL of this index (several chats in a log)")
    parser.add_argument("--unlogged", type=int, default=0, metavar="N",
                        help="so many bodies may be in no log: the load was killed with N clients")
    args = parser.parse_args()
    diff = Differences()
    sent, acknowledged = {}, {}
    try:
        for path in args.log:
            read_log(path, args.url, sent, acknowledged, diff)
        rows = read_rows(args.rows, diff)
    except (OSError, ValueError) as error:
        print(f"check_log: {error}", file=sys.stderr)
        return 2
    summary = {"sent": len(sent), "acknowledged": len(acknowledged), "stored": len(rows)}
    summary.update(compare(sent, acknowledged, rows, args.unlogged, diff))
    summary["differences"] = dict(diff.count)
    print(json.dumps(summary, ensure_ascii=False))
    return 1 if diff.count else 0


if __name__ == "__main__":
    sys.exit(main())
