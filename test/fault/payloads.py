#!/usr/bin/env python3
"""payloads.py COMMAND …: jobs that no client of the API would write, into queue:default, and what became of them.

  again VAR SEED LIST PERCENT   so many of the CreateMessageJobs in LIST once more: some as they are, some under
                                another number. Prints {"same": n, "renumbered": n}
  random VAR SEED N CHAT MUTANT N payloads of every kind: what makes sense is for CHAT, what was damaged was for
                                MUTANT. What it pushed is written to $FILE
  compare VAR                   each payload of $FILE is where it belongs, unchanged and once. Exit 1 if not
"""
import base64
import collections
import json
import os
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from invariants import Redis, mysql, read_job  # pylint: disable=wrong-import-position

WRAPPERS = ("ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper", "Sidekiq::ActiveJob::Wrapper")
LETTERS = "abc ÄÖß עברית 漢字 🦜 \\ \" / \u0001 \u0000 \u2028 </b> 'x' %s"


def push(redis, payload, random_end=None):
    """To the end where new jobs come, or to either."""
    word = "RPUSH" if random_end and random_end.random() < 0.5 else "LPUSH"
    redis.ask(word, "queue:default", payload)


def take_number(redis, key):
    """As another producer takes one."""
    number = redis.ask("INCR", key)
    redis.ask("INCR", "queue_seq")
    return number


# ---- the same again


def again(var, seed, from_list, percent):
    choice, redis = random.Random(seed), Redis(f"{var}/run/redis.sock")
    waiting = [payload.decode() for payload in redis.ask("LRANGE", from_list, 0, -1)]
    pushed = collections.Counter()
    for payload in waiting:
        job = read_job("", payload)
        if job.kind != "message" or choice.random() * 100 >= percent:
            continue
        if choice.random() < 0.5:
            for _ in range(choice.randint(1, 3)):
                push(redis, payload, choice)
            pushed["same"] += 1
        else:
            # not before the first: it is whoever comes first that keeps the message
            number = take_number(redis, f"chat:{job.id}:message_counter")
            push(redis, payload.replace(f"[{job.id},{job.number},", f"[{job.id},{number},", 1))
            pushed["renumbered"] += 1
    print(json.dumps(pushed))


# ---- anything


class Maker:
    """Payloads, each with a tag that tells it from all others, and where it belongs."""

    def __init__(self, redis, seed, chat, mutant):
        self.redis, self.choice = redis, random.Random(seed)
        self.chat, self.mutant = chat, mutant
        self.made = 0

    def tag(self):
        self.made += 1
        return f"t14-{self.made}-{self.choice.getrandbits(48):012x}"

    def text(self, tag):
        n = self.choice.choice((0, 1, 20, 300, 5000))
        return tag + " " + "".join(self.choice.choices(LETTERS, k=n))

    def envelope(self, kind, args, names):
        """A payload of any form for these arguments."""
        choice = self.choice
        if names and choice.random() < 0.4:
            args = [dict(zip(names, args))]
        job = {"class": kind, "args": args, "queue": "default", "retry": True}
        if choice.random() < 0.4:
            inner = {"job_class": kind, "queue_name": "default", "arguments": args, "executions": 0}
            if choice.random() < 0.5:
                inner["job_id"] = "%08x-%04x-4%03x-8%03x-%012x" % tuple(
                    choice.getrandbits(n) for n in (32, 16, 12, 12, 48))
            if isinstance(args[:1], list) and args and isinstance(args[0], dict):
                inner["arguments"] = [{**args[0], "_aj_ruby2_keywords": list(args[0])}]
            job = {"class": choice.choice(WRAPPERS), "wrapped": kind, "args": [inner], "queue": "default"}
        if choice.random() < 0.7:
            job["jid"] = f"{choice.getrandbits(96):024x}"
        if choice.random() < 0.8:
            at = 1700000000 + choice.random() * 1e6
            job["created_at"] = choice.choice((at, int(at), int(at * 1000)))
        return job

    def dump(self, job):
        return json.dumps(job, ensure_ascii=self.choice.random() < 0.5,
                          separators=self.choice.choice(((",", ":"), (", ", ": ")))).encode()

    def message(self, tag, body=None):
        number = take_number(self.redis, f"chat:{self.chat}:message_counter")
        body = self.text(tag) if body is None else body
        job = self.envelope("CreateMessageJob", [self.chat, number, body], ("chat_id", "number", "body"))
        return job, number, body

    # Each kind: (payload, where it belongs, what is there)

    def stored(self):
        job, number, body = self.message(self.tag())
        return self.dump(job), "row", [number, body]

    def chat_job(self):
        app = self.chat >> 32
        number = take_number(self.redis, f"chat_app:{app}:chat_counter")
        self.redis.ask("SETNX", f"chat:{app << 32 | number}:message_counter", 0)
        job = self.envelope("CreateChatJob", [app, number],
                            (self.choice.choice(("chat_application_id", "application_id")), "number"))
        return self.dump(job), "chat", app << 32 | number

    def too_long(self):
        tag = self.tag()
        job, number, _ = self.message(tag, tag + " " + "ü" * 40000)
        return self.dump(job), "dead", [tag, number]

    def no_text(self):
        tag = self.tag()
        job, number, _ = self.message(tag, self.choice.choice((None, 42, [1], {"a": "b"}, True)) or 0)
        job["tag"] = tag
        return self.dump(job), "dead", [tag, number]

    def bad_arguments(self):
        tag = self.tag()
        args = self.choice.choice(([], ["x"], [self.chat], [self.chat, 0, "x"], [self.chat, -1, "x"],
                                   [self.chat, 1 << 32, "x"], [self.chat, 1.5, "x"], [1, 1, "x"],
                                   [None, None, None], [1 << 70, 1, "x"], [self.chat, "1", "x"]))
        job = self.envelope("CreateMessageJob", args, None)
        job["tag"] = tag
        return self.dump(job), "dead", [tag, 0]

    def unknown(self):
        tag = self.tag()
        kind = self.choice.choice(("HardJob", "createmessagejob", "CreateMessageJob ", "", "Ünï::Jöb"))
        job = self.envelope(kind, [self.text(tag), 1.0, {}, []], None)
        return self.dump(job), "queue:unclaimed", None

    def no_job(self):
        tag = self.tag()
        return self.choice.choice((
            json.dumps(tag).encode(), f"[{{}},\"{tag}\"]".encode(), tag.encode(),
            b"[" * self.choice.randint(1, 100000) + tag.encode(), f"{{\"class\":\"{tag}".encode(),
            b"\x00\xff" + tag.encode() + self.choice.randbytes(self.choice.randint(0, 3000)),
            f"{{\"class\":42,\"args\":[\"{tag}\"]}}".encode(), f"{{\"args\":[\"{tag}\"]}}".encode(),
            b"{" + tag.encode() + b" " * self.choice.choice((0, 100, 10000, 1 << 20)))), "queue:unclaimed", None

    def index(self):
        job = self.envelope("IndexMessageJob", [self.choice.getrandbits(40)], ("message_id",))
        job["tag"] = self.tag()
        return self.dump(job), "queue:index", None

    def mutated(self):
        """A payload in which something outside the tag was damaged: it may be anything now."""
        tag = self.tag()
        number = take_number(self.redis, f"chat:{self.mutant}:message_counter")
        job = self.envelope("CreateMessageJob", [self.mutant, number, tag + " " + "y" * 20],
                            ("chat_id", "number", "body"))
        payload = self.dump(job)
        at = payload.index(tag.encode())
        parts = [payload[:at], payload[at + len(tag):]]
        for _ in range(self.choice.randint(1, 3)):
            side = self.choice.randrange(2)
            parts[side] = self.damage(parts[side])
        return parts[0] + tag.encode() + parts[1], "anywhere", tag

    def damage(self, part):
        choice, at = self.choice, self.choice.randint(0, len(part))
        end = min(len(part), at + choice.randint(1, 12))
        return choice.choice((part[:at] + part[end:], part[:at] + choice.randbytes(end - at) + part[end:],
                              part[:end] + part[at:], part[:at] + choice.randbytes(3) + part[at:]))

    def make(self):
        kinds = [self.stored] * 6 + [self.mutated] * 4 + [self.no_job] * 3 + [self.unknown] * 2 + [
            self.chat_job, self.too_long, self.no_text, self.bad_arguments, self.index]
        return self.choice.choice(kinds)()


def make_random(var, seed, count, chat, mutant):
    redis = Redis(f"{var}/run/redis.sock")
    maker = Maker(redis, seed, chat, mutant)
    with open(os.environ["FILE"], "w", encoding="ascii") as out:
        for _ in range(count):
            payload, where, what = maker.make()
            print(json.dumps([base64.b64encode(payload).decode(), where, what, chat]), file=out, flush=True)
            push(redis, payload)


class Found:
    """What is where, by content."""

    def __init__(self, var, chat):
        redis = Redis(f"{var}/run/redis.sock")
        self.lists = {key: collections.Counter(redis.ask("LRANGE", key, 0, -1))
                      for key in ("queue:unclaimed", "queue:index")}
        self.dead = redis.ask("ZRANGE", "dead", 0, -1)
        self.retry = redis.ask("ZRANGE", "retry", 0, -1)
        self.rows = {int(row[0]): (row[1] == "void", bytes.fromhex(row[2]).decode()) for row in mysql(var, f"""
            SELECT number, IF(version = 0, 'void', 'living'), HEX(body) FROM messages WHERE chat_id = {chat}""")}
        self.chats = {int(row[0]) for row in mysql(var, "SELECT id FROM chats")}
        self.bodies = [bytes.fromhex(row[0]) for row in mysql(
            var, f"SELECT HEX(body) FROM messages WHERE chat_id <> {chat} AND body LIKE '%t14-%'")]

    def count(self, tag):
        tag = tag.encode()
        return (sum(tag in body for body in self.bodies) +
                sum(n for key in self.lists for payload, n in self.lists[key].items() if tag in payload) +
                sum(tag in payload for payload in self.dead + self.retry))

    def is_there(self, payload, where, what):
        if where == "row":
            return self.rows.get(what[0]) == (False, what[1])
        if where == "chat":
            return what in self.chats
        if where == "dead":
            dead = sum(what[0].encode() in job for job in self.dead)
            return dead == 1 and (not what[1] or self.rows.get(what[1], (False,))[0])
        if where == "anywhere":
            return self.count(what) == 1
        return self.lists[where][payload] == 1


def compare(var):
    wrong, kinds = 0, collections.Counter()
    with open(os.environ["FILE"], encoding="ascii") as lines:
        pushed = [json.loads(line) for line in lines]
    found = Found(var, pushed[0][3])
    for payload, where, what, _ in pushed:
        payload = base64.b64decode(payload)
        kinds[where] += 1
        if not found.is_there(payload, where, what):
            wrong += 1
            if wrong <= 10:
                print(f"not in {where} ({str(what)[:60]}): {payload[:200]!r}")
    print(json.dumps({"pushed": len(pushed), "wrong": wrong, **kinds}))
    return 1 if wrong else 0


def main():
    command, var, *rest = sys.argv[1:]
    if command == "again":
        return again(var, int(rest[0]), rest[1], float(rest[2]))
    if command == "random":
        return make_random(var, *map(int, rest))
    return compare(var)


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("again", "random", "compare"):
        sys.exit(__doc__)
    sys.exit(main())
