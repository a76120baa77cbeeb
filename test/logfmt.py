"""Prints the lines of a log in logfmt as JSON objects; an error, and status 1, at the first that is none.

The grammar: pairs with one blank between them, each a name, "=", and a value, which is a JSON string or has
neither blanks nor quotes nor "="."""
import json
import re
import sys

PAIR = re.compile(r'([A-Za-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=\\]+)(?: (?=\S)|$)')


def read(line):
    fields, at = {}, 0
    while at < len(line):
        pair = PAIR.match(line, at)
        if not pair:
            raise ValueError("no pair at %d: %r" % (at, line))
        name, value = pair.groups()
        fields[name] = json.loads(value) if value.startswith('"') else value
        at = pair.end()
    return fields


with open(sys.argv[1], encoding="ascii") as log:
    for line in log:
        print(json.dumps(read(line.rstrip("\n"))))
