#!/usr/bin/env python3
"""Deletes chats while others post to them and their counters get lost, so that heals and deletions race.

delete_race.py API WRITER REDIS-SOCKET TOKEN ROUNDS: in each round a chat is made, six clients post to it
over both services, one removes its counter from Redis again and again, and after a while it is deleted.
A 201 to a POST that began after the 204 was received is a failure. Prints a JSON summary; exits 1 on any.
"""
import collections
import http.client
import json
import random
import socket
import sys
import threading
import time
import urllib.parse

CLIENTS = 6
AFTER_S = 0.15


class Redis:
    """Inline commands over the unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")

    def ask(self, *words):
        self.socket.sendall(" ".join(words).encode() + b"\r\n")
        return self.lines.readline().decode().strip()


def ask(base, method, path, body=None):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=30)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def find_application(redis_path, token):
    redis = Redis(redis_path)
    redis.ask("GET", f"chat_app:token:{token}")  # answers with the value's length first
    return int(redis.lines.readline())


class Round:
    def __init__(self, api, writer, redis_path, token):
        self.api, self.bases, self.redis_path = api, [api, writer], redis_path
        status, text = ask(writer, "POST", f"/applications/{token}/chats", "{}")
        assert status == 201, (status, text)
        self.number = json.loads(text)["number"]
        self.chat = f"/applications/{token}/chats/{self.number}"
        self.deleted_at = None
        self.stop = threading.Event()
        self.late, self.answers = [], collections.Counter()
        self.numbers = []

    def post(self, base):
        while not self.stop.is_set():
            began = time.monotonic()
            status, text = ask(base, "POST", f"{self.chat}/messages", '{"body":"race"}')
            self.answers[status] += 1
            if status == 201:
                self.numbers.append(json.loads(text)["number"])
                if self.deleted_at and began > self.deleted_at:
                    self.late.append(json.loads(text)["number"])

    def lose(self, application):
        redis = Redis(self.redis_path)
        key = f"chat:{(application << 32) | self.number}:message_counter"
        while not self.stop.is_set():
            redis.ask("DEL", key)
            time.sleep(random.uniform(0.001, 0.02))

    def run(self, application):
        threads = [threading.Thread(target=self.post, args=(self.bases[i % 2],)) for i in range(CLIENTS)]
        threads.append(threading.Thread(target=self.lose, args=(application,)))
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.02, 0.25))
        while ask(self.api, "DELETE", self.chat)[0] != 204:
            pass
        self.deleted_at = time.monotonic()
        time.sleep(AFTER_S)
        self.stop.set()
        for thread in threads:
            thread.join()


def main():
    api, writer, redis_path, token, rounds = sys.argv[1:]
    application = find_application(redis_path, token)
    total, failures = collections.Counter(), 0
    for _ in range(int(rounds)):
        one = Round(api, writer, redis_path, token)
        one.run(application)
        total.update(one.answers)
        twice = len(one.numbers) - len(set(one.numbers))
        if one.late or twice or set(one.answers) - {201, 404, 503}:
            failures += 1
            print(f"chat {one.number}: late {one.late}, twice {twice}, {dict(one.answers)}", file=sys.stderr)
    print(json.dumps({"rounds": int(rounds), "answers": dict(total), "failures": failures}))
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
