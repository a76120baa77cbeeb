#!/usr/bin/env python3
"""steady.py API WRITER TOKEN STILL ROWS BUSY…: searches of which the answer is known, while others write.

The chat STILL has messages 1..ROWS, number n with the word "still" and the one that word(n) makes, and nobody writes
there. In the chats BUSY this program posts, edits and deletes. Each search has to find exactly what is there: a message
by its word, nothing by a word that it had once or had when it was deleted, all of STILL by "still". A message that
changes while it is searched for says nothing.

USR1 begins another phase, TERM ends it all. STEADY_PAUSE_MS in the environment (10) lies between two requests of each of
those that write and search. Every half second, and at the end, a line of JSON goes to standard output:
{"phases": [{"searches", "elasticsearch", "mysql", "uncertain", "wrong"}…], "posted", "edited", "deleted", "wrong": [text…]}
Exit 1 when a search was wrong, or anything was not answered.
"""
import http.client
import itertools
import json
import os
import random
import signal
import sys
import threading
import traceback
import urllib.parse

WRITERS, SEARCHERS = 3, 3
PAUSE_S = int(os.environ.get("STEADY_PAUSE_MS", "10")) / 1000
SHOWN = 20      # of what was wrong
TOTAL_MAX = 10000


def word(number):
    return f"n{number:07d}z"


class Message:
    def __init__(self, path, number, text):
        self.path, self.number, self.former = path, number, []
        self.state = (text, True)  # its word, and whether it lives; None while it changes


class Steady:
    def __init__(self, api, writer, token, still, rows, busy):
        self.api, self.writer = (urllib.parse.urlsplit(url).netloc for url in (api, writer))
        self.still, self.rows = f"/applications/{token}/chats/{still}/messages", int(rows)
        self.busy = [f"/applications/{token}/chats/{chat}/messages" for chat in busy]
        self.known, self.numbers = [], itertools.count(1)
        self.lock, self.over, self.wrong = threading.Lock(), threading.Event(), []
        self.figures = {"posted": 0, "edited": 0, "deleted": 0}
        self.phases = []
        self.begin_phase()

    def begin_phase(self, *_):
        self.phases.append(dict.fromkeys(("searches", "elasticsearch", "mysql", "uncertain", "wrong"), 0))

    def count(self, where, name):
        with self.lock:
            where[name] += 1

    def complain(self, text):
        with self.lock:
            self.phases[-1]["wrong"] += 1
            self.wrong.append(text)

    @staticmethod
    def ask(host, method, path, value=None):
        """Status, headers and body; a connection of its own, so that none is closed between two requests."""
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            body = None if value is None else json.dumps(value).encode()
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def expect(self, wanted, host, method, path, value=None):
        status, _, body = self.ask(host, method, path, value)
        if status != wanted:
            raise ValueError(f"{method} {path}: {status} {body[:200]!r}")
        return body

    # ---- who writes

    def new_word(self):
        with self.lock:
            return f"b{next(self.numbers):07d}z"

    def post(self):
        path, text = random.choice(self.busy), self.new_word()
        host = random.choice((self.api, self.writer))
        body = self.expect(201, host, "POST", path, {"body": f"A busy {text} was posted"})
        message = Message(path, json.loads(body)["number"], text)
        self.known.append(message)
        self.count(self.figures, "posted")
        return message

    def edit(self, message):
        text, (old, _) = self.new_word(), message.state
        message.state = None
        self.expect(200, self.api, "PATCH", f"{message.path}/{message.number}", {"body": f"Now it is {text}!"})
        message.former.append(old)
        message.state = (text, True)
        self.count(self.figures, "edited")

    def delete(self, message):
        text, _ = message.state
        message.state = None
        self.expect(204, self.api, "DELETE", f"{message.path}/{message.number}")
        message.state = (text, False)
        self.count(self.figures, "deleted")

    def write(self, own):
        """Each writer changes only its own messages."""
        living = [message for message in own[-200:] if message.state[1]]
        kind = random.random()
        if kind < 0.5 or not living:
            own.append(self.post())
        elif kind < 0.8:
            self.edit(random.choice(living))
        else:
            self.delete(random.choice(living))

    # ---- who searches

    def search(self, path, q, wanted, still_so=lambda: True):
        """Are these the hits? `still_so`: they had to be."""
        phase = self.phases[-1]
        query = urllib.parse.urlencode({"q": q, "limit": 20})
        status, headers, body = self.ask(self.api, "GET", f"{path}/search?{query}")
        if status != 200 or headers["X-Search-Incomplete"]:
            self.complain(f"{q}: {status} {dict(headers)} {body[:200]!r}")
            return
        if not still_so():
            self.count(phase, "uncertain")
            return
        self.count(phase, "searches")
        self.count(phase, headers["X-Search-Source"])
        got = [hit["number"] for hit in json.loads(body)], int(headers["X-Total-Count"])
        if got != wanted:
            self.complain(f"{q} in {path}: {got}, not {wanted}, from {headers['X-Search-Source']}")

    def look(self, own):
        kind = random.random()
        if kind < 0.05:
            newest = list(range(self.rows, max(0, self.rows - 20), -1))
            self.search(self.still, "still", (newest, min(self.rows, TOTAL_MAX)))
        elif kind < 0.4 or not self.known:
            number = random.randint(1, self.rows)
            self.search(self.still, word(number), ([number], 1))
        else:
            self.look_for(random.choice(self.known[-500:] if kind < 0.7 else self.known))

    def look_for(self, message):
        state = message.state
        if state is None:
            return
        text, lives = state
        if message.former and random.random() < 0.3:
            text, lives = random.choice(message.former), False
        wanted = ([message.number], 1) if lives else ([], 0)
        self.search(message.path, text, wanted, lambda: message.state is state)

    # ---- the run

    def loop(self, step):
        own = []
        while not self.over.wait(PAUSE_S):
            try:
                step(own)
            except Exception:
                self.complain(traceback.format_exc())
                return

    def tell(self):
        print(json.dumps({"phases": self.phases, **self.figures, "wrong": self.wrong[:SHOWN]}), flush=True)

    def run(self):
        signal.signal(signal.SIGUSR1, self.begin_phase)
        signal.signal(signal.SIGTERM, lambda *_: self.over.set())
        threads = [threading.Thread(target=self.loop, args=(step,))
                   for step in [self.write] * WRITERS + [self.look] * SEARCHERS]
        for thread in threads:
            thread.start()
        while not self.over.wait(0.5):
            self.tell()
        for thread in threads:
            thread.join()
        self.tell()
        return 1 if self.wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    sys.exit(Steady(*sys.argv[1:6], sys.argv[6:]).run())
