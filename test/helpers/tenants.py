#!/usr/bin/env python3
"""Many applications, and everything one of them could try to get at another's data.

tenants.py make FILE COUNT    makes so many; FILE remembers what each has
tenants.py read FILE          each reads all of its own, and tries to read others'
tenants.py change FILE        each tries to change and delete others'; every tenth changes and deletes its
                              own, where others have the same numbers

$API and $WRITER name the services. Each text carries its tenant's mark: an answer with another's mark,
or another's token anywhere in it, is a leak. Prints what was counted; exits with 1 and names them when
there was a leak or an answer that should not have been.
"""
import http.client
import json
import os
import random
import re
import sys
import threading
from urllib.parse import quote, urlsplit

THREADS = 4
MARK = re.compile(r'tenant-(\d+)-')
TOKEN = re.compile(r'[0-9a-f]{32}')
HEADERS = ('Location', 'Link')


class Client:
    """One thread's connections, and what was wrong with the answers it got."""

    def __init__(self):
        self.connections = {}
        self.requests = 0
        self.wrong = []

    def ask(self, base, method, path, body=None):
        self.requests += 1
        for last in (False, True):
            connection = self.connections.get(base)
            if not connection:
                connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
                self.connections[base] = connection
            try:
                data = None if body is None else json.dumps(body)
                headers = {} if body is None else {'Content-Type': 'application/json'}
                connection.request(method, path, data, headers)
                answer = connection.getresponse()
                return answer, answer.read().decode('utf-8')
            except (http.client.HTTPException, ConnectionError):
                # a kept connection that the server has closed meanwhile; creating is never sent twice
                self.connections.pop(base).close()
                if last or method == 'POST':
                    raise
        raise AssertionError

    def expect(self, tenant, statuses, base, method, path, body=None):
        """Asks as that tenant; everything in the answer must be its own. What comes back is the JSON."""
        answer, text = self.ask(base, method, path, body)
        where = f'{method} {path} as {tenant["token"]}: {answer.status}'
        if answer.status not in statuses:
            self.wrong.append(f'{where}, expected {statuses}: {text[:200]}')
        for mark in MARK.findall(text):
            if int(mark) != tenant['mark']:
                self.wrong.append(f'{where}: a text of tenant {mark}')
        headers = ' '.join(answer.getheader(name) or '' for name in HEADERS)
        for token in TOKEN.findall(text + ' ' + headers):
            if token != tenant['token']:
                self.wrong.append(f'{where}: the token {token}')
        for target in re.findall(r'<([^>]*)>', answer.getheader('Link') or ''):
            if not target.startswith(f'/applications/{tenant["token"]}/'):
                self.wrong.append(f'{where}: a link to {target}')
        kind = answer.getheader('Content-Type') or ''
        return (json.loads(text) if 'json' in kind and text else None), answer


API, WRITER = os.environ['API'], os.environ['WRITER']


def own(tenant, below=''):
    return f'/applications/{tenant["token"]}{below}'


def text_of(tenant, chat, message):
    """Words that all share, and one that only this message has."""
    return f'tenant-{tenant["mark"]}- common words, secret{tenant["mark"]}x{chat}x{message}end'


# --- make ---------------------------------------------------------------------------------------------


def make(client, mark):
    """Numbers overlap: everyone has chat 1 and message 1, some have more than others."""
    answer, text = client.ask(API, 'POST', '/applications', {'name': f'tenant-{mark}- application'})
    if answer.status != 201:
        raise SystemExit(f'{answer.status}: {text}')
    tenant = {'mark': mark, 'token': json.loads(text)['token'], 'chats': []}
    for chat in range(1, 2 + mark % 3):
        base = (API, WRITER)[mark % 2]
        got, answer = client.expect(tenant, [201], base, 'POST', own(tenant, '/chats'), {})
        if got['number'] != chat or answer.getheader('Location') != own(tenant, f'/chats/{chat}'):
            client.wrong.append(f'chat {chat} of {tenant["token"]} is {got}')
        messages = 1 + (mark + chat) % 3
        tenant['chats'].append(messages)
        for message in range(1, messages + 1):
            path = own(tenant, f'/chats/{chat}/messages')
            got, answer = client.expect(tenant, [201], base, 'POST', path,
                                        {'body': text_of(tenant, chat, message)})
            if answer.getheader('Location') != f'{path}/{message}':
                client.wrong.append(f'{path}: Location {answer.getheader("Location")}')
    return tenant


# --- read ---------------------------------------------------------------------------------------------


def follow(client, tenant, path):
    """All pages, one after the other, of one item each."""
    items = []
    while path:
        got, answer = client.expect(tenant, [200], API, 'GET', path)
        items += got
        links = dict(reversed(pair) for pair in
                     re.findall(r'<([^>]*)>; rel="(\w+)"', answer.getheader('Link') or ''))
        path = links.get('next')
    return items


def read_own(client, tenant):
    chats = follow(client, tenant, own(tenant, '/chats?limit=1'))
    if [chat['number'] for chat in chats] != list(range(1, len(tenant['chats']) + 1)):
        client.wrong.append(f'chats of {tenant["token"]}: {chats}')
    for chat, messages in enumerate(tenant['chats'], 1):
        rows = follow(client, tenant, own(tenant, f'/chats/{chat}/messages?limit=1'))
        if [row['body'] for row in rows] != [text_of(tenant, chat, n + 1) for n in range(messages)]:
            client.wrong.append(f'messages of chat {chat} of {tenant["token"]}: {rows}')


def read_others(client, tenant, other):
    """What another has and this tenant has not, by its numbers, its token as a cursor, its words."""
    def get(below, statuses):
        return client.expect(tenant, statuses, API, 'GET', own(tenant, below))[0]

    for chat in numbers_beyond(tenant):
        for below in ('', '/messages', '/messages/1', '/messages/search?q=common'):
            get(f'/chats/{chat}{below}', [404])
    for chat, messages in enumerate(tenant['chats'], 1):
        get(f'/chats/{chat}/messages/{messages + 1}', [404])
    for cursor in ('after', 'before'):
        get(f'/chats?{cursor}={other["token"]}', [400])
        get(f'/chats/1/messages?{cursor}={other["token"]}', [400])
        for number in (0, 1, 2**32, 2**53 - 1):
            get(f'/chats?{cursor}={number}', [200])
            get(f'/chats/1/messages?{cursor}={number}', [200])
    mixed = tenant['token'][:16] + other['token'][16:]
    for token in (mixed, tenant['token'].upper() if not tenant['token'].isdigit() else mixed):
        client.expect(tenant, [404], API, 'GET', f'/applications/{token}/chats')
    for path in ('/../', '/%2e%2e/', '/..%2f', '//'):
        client.expect(tenant, [400, 404], API, 'GET',
                      own(tenant) + path + other['token'] + '/chats/1/messages')
    search_others(client, tenant, other)


def search_others(client, tenant, other):
    def hits(q, page=''):
        path = own(tenant, f'/chats/1/messages/search?q={quote(q)}{page}')
        return client.expect(tenant, [200], API, 'GET', path)[0]

    if hits(f'secret{other["mark"]}x1x1end') or hits(f'tenant-{other["mark"]}-'):
        client.wrong.append(f'{tenant["token"]} finds what {other["token"]} said')
    if len(hits('common')) != tenant['chats'][0] or hits('common', '&limit=200&page=2'):
        client.wrong.append(f'{tenant["token"]} does not find just what it said itself')


def numbers_beyond(tenant):
    """Chats that this tenant does not have: others' numbers, and what would reach the next
    application's if numbers ran over."""
    first = len(tenant['chats']) + 1
    return list(range(first, 5)) + [2**32 - 1, 2**32, 2**32 + 1, 2**53 + 1, 2**64 + 1]


# --- change -------------------------------------------------------------------------------------------

# members that a request must not be able to set
SMUGGLED = {'id': 1, 'chat_id': 1, 'number': 1, 'chat_application_id': 1}


def change_others(client, tenant, other):
    text = {'body': f'tenant-{tenant["mark"]}- was here', 'token': other['token'], **SMUGGLED}
    name = {'name': f'tenant-{tenant["mark"]}- was here', 'token': other['token'], **SMUGGLED}
    for chat in numbers_beyond(tenant):
        for base in (API, WRITER):
            client.expect(tenant, [404], base, 'POST', own(tenant, f'/chats/{chat}/messages'), text)
        for method in ('PATCH', 'PUT', 'DELETE'):
            path = own(tenant, f'/chats/{chat}/messages/1')
            client.expect(tenant, [404], API, method, path, text)
        client.expect(tenant, [404], API, 'DELETE', own(tenant, f'/chats/{chat}'))
    for chat, messages in enumerate(tenant['chats'], 1):
        for method in ('PATCH', 'PUT', 'DELETE'):
            path = own(tenant, f'/chats/{chat}/messages/{messages + 1}')
            client.expect(tenant, [404], API, method, path, text)
    mixed = tenant['token'][:31] + ('0' if tenant['token'][31] != '0' else '1')
    for method in ('PATCH', 'PUT', 'DELETE'):
        client.expect({**tenant, 'token': mixed}, [404], API, method, f'/applications/{mixed}', name)
    client.expect(tenant, [400, 404], API, 'DELETE', own(tenant, f'/../{other["token"]}'))
    client.expect(tenant, [400, 404], API, 'DELETE', own(tenant, f'/..%2f{other["token"]}/chats/1'))


def change_own(client, tenant, other):
    """With numbers that everybody has; and the members of the body that name another are ignored."""
    named = {'token': other['token'], 'chat_application_id': 1, 'chat_id': 1, 'id': 1}
    path = own(tenant, '/chats/1/messages')
    mark = f'tenant-{tenant["mark"]}- '
    for method in ('PATCH', 'PUT'):
        client.expect(tenant, [200], API, method, f'{path}/1', {**named, 'body': f'{mark}edited'})
        client.expect(tenant, [200], API, method, own(tenant), {**named, 'name': f'{mark}renamed'})
    client.expect(tenant, [201], WRITER, 'POST', path, {**named, 'body': f'{mark}another'})
    client.expect(tenant, [204], API, 'DELETE', f'{path}/1')
    client.expect(tenant, [204], API, 'DELETE', own(tenant, '/chats/1'))
    client.expect(tenant, [404], API, 'GET', path)
    if tenant['mark'] % 20 == 0:
        client.expect(tenant, [204], API, 'DELETE', own(tenant))
        client.expect(tenant, [404], API, 'GET', own(tenant, '/chats'))


# --- all ----------------------------------------------------------------------------------------------


def changes(tenant):
    return tenant['mark'] % 10 == 0


def read(client, tenant, tenants):
    read_own(client, tenant)
    read_others(client, tenant, another(tenant, tenants))


def change(client, tenant, tenants):
    change_others(client, tenant, another(tenant, tenants))
    if changes(tenant):
        change_own(client, tenant, another(tenant, tenants))


def another(tenant, tenants):
    """One that has at least as many chats, where there is one."""
    while True:
        other = random.choice(tenants)
        if other is not tenant and len(other['chats']) >= len(tenant['chats']):
            return other


def share(work, items):
    """Each item to one of the threads; their clients, and what came of the items, in order."""
    clients = [Client() for _ in range(THREADS)]
    results = [None] * len(items)

    def run(n):
        try:
            for i in range(n, len(items), THREADS):
                results[i] = work(clients[n], items[i])
        except BaseException as error:  # one thread's end is the test's
            clients[n].wrong.append(f'{type(error).__name__}: {error}')

    threads = [threading.Thread(target=run, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients, results


def main():
    command, path = sys.argv[1:3]
    random.seed(1)
    if command == 'make':
        clients, tenants = share(make, range(int(sys.argv[3])))
        with open(path, 'w', encoding='ascii') as file:
            json.dump(tenants, file)
    else:
        with open(path, encoding='ascii') as file:
            tenants = json.load(file)
        work = {'read': read, 'change': change}[command]
        clients, _ = share(lambda client, tenant: work(client, tenant, tenants), tenants)
    wrong = [line for client in clients for line in client.wrong]
    print('\n'.join(wrong[:20]), file=sys.stderr)
    print(json.dumps({'tenants': len(tenants), 'requests': sum(c.requests for c in clients),
                      'wrong': len(wrong)}))
    return 1 if wrong else 0


sys.exit(main())
