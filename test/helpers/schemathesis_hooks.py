"""Hooks of schemathesis (load/schemathesis.bats): what the description says in words only, because JSON
Schema cannot: requests that it allows and the API refuses with good reason are not sent as valid ones."""
from urllib.parse import quote

import schemathesis

HITS_MAX = 10_000
BODY_MAX = 65_535  # bytes of UTF-8
TERMS_MAX = 32
ADDRESS_MAX = 15_000  # bytes, escaped; web servers refuse headers of more than 16 KiB


def number(value, otherwise):
    try:
        return int(value)
    except (TypeError, ValueError):
        return otherwise


def is_allowed(query):
    if 'after' in query and 'before' in query:
        return False
    if 'page' in query:
        limit, page = number(query.get('limit'), 50), number(query['page'], 1)
        if (page - 1) * limit >= HITS_MAX:
            return False
    q = str(query.get('q', ''))
    return len(q.split()) <= TERMS_MAX and len(quote(q, errors='replace')) <= ADDRESS_MAX


def texts(value):
    if isinstance(value, dict):
        for member in value.values():
            yield from texts(member)
    elif isinstance(value, str):
        yield value


@schemathesis.hook
def filter_case(context, case):
    if any(len(text.encode('utf-8', 'replace')) > BODY_MAX for text in texts(case.body)):
        return False
    return is_allowed(case.query or {})
