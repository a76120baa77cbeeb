#!/usr/bin/python3
"""Reads a page of /metrics on standard input, strictly, and prints its samples as JSON:
{'name{label="value",...}': number, ...}, a line each, labels in alphabetical order.

Exits with 1 and says why when the page breaks a rule of Prometheus' text format 0.0.4: Debian's
python3-prometheus-client parses it, and what that forgives is checked here."""
import json
import re
import sys

from prometheus_client.parser import text_string_to_metric_families

LINE = re.compile(
    r'# (HELP|TYPE) [a-z_][a-z0-9_]* \S.*|'
    r'[a-z_][a-z0-9_]*(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})?'
    r' (0|[1-9][0-9]*)(\.[0-9]+)?')
SUFFIX = {'histogram': re.compile(r'_(bucket|sum|count)$')}


def fail(why):
    sys.exit('metrics: ' + why)


def check_lines(text):
    """Each line by itself; HELP, TYPE and samples of a family together and in this order."""
    if not text.endswith('\n'):
        fail('the last line does not end')
    seen, family, kind = set(), None, None
    for line in text[:-1].split('\n'):
        if not LINE.fullmatch(line):
            fail('not a line of the format: ' + line)
        words = line.split(' ')
        if words[:2] == ['#', 'HELP']:
            family, kind = words[2], None
            if family in seen:
                fail('twice: ' + family)
            seen.add(family)
        elif words[:2] == ['#', 'TYPE']:
            if words[2] != family or kind:
                fail('TYPE without its HELP: ' + line)
            kind = words[3]
        else:
            name = re.split('[{ ]', line)[0]
            if kind in SUFFIX:
                name = SUFFIX[kind].sub('', name)
            if name != family or not kind:
                fail('not below its HELP and TYPE: ' + line)


def check_histogram(family):
    """The buckets of each set of labels rise, and end with +Inf, which is the count."""
    groups = {}
    for sample in family.samples:
        labels = {k: v for k, v in sample.labels.items() if k != 'le'}
        group = groups.setdefault(json.dumps(labels, sort_keys=True), {'bucket': []})
        part = sample.name[len(family.name) + 1:]
        if part == 'bucket':
            group['bucket'].append((float(sample.labels['le']), sample.value))
        else:
            group[part] = sample.value
    for labels, group in groups.items():
        bounds, counts = zip(*group['bucket'])
        if list(bounds) != sorted(set(bounds)) or list(counts) != sorted(counts):
            fail('buckets do not rise: ' + labels)
        if bounds[-1] != float('inf') or counts[-1] != group['count'] or 'sum' not in group:
            fail('no +Inf, count and sum that belong together: ' + labels)


def main():
    text = sys.stdin.read()
    samples = {}
    check_lines(text)
    for family in text_string_to_metric_families(text):
        if family.type not in ('counter', 'gauge', 'histogram') or not family.documentation:
            fail('no type or no help: ' + family.name)
        if family.type == 'histogram':
            check_histogram(family)
        for sample in family.samples:
            if family.type == 'counter' and not sample.name.endswith('_total'):
                fail('a counter that is not called so: ' + sample.name)
            labels = ','.join(f'{k}="{v}"' for k, v in sorted(sample.labels.items()))
            key = sample.name + ('{' + labels + '}' if labels else '')
            if key in samples:
                fail('twice: ' + key)
            samples[key] = int(sample.value) if sample.value == int(sample.value) else sample.value
    json.dump(samples, sys.stdout, sort_keys=True, indent=0)


main()
