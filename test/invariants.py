#!/usr/bin/env python3
"""Compares what clients were told (logs of test/load) with MySQL and Redis, by the invariants.

  I1  every 201 is in MySQL once, under the number that was answered
  I2  nothing else is; what was answered otherwise is there at most once
  I3  a chat's rows are 1..last number, and its counts and its counter say so; likewise an application's
  I4  no two 201 share a number
  I5  all queues and in-flight lists are empty, and nobody is suspected
  I6  at any moment whatever was acknowledged is a row, or a job in Redis
  I7  counters are at or above every number in MySQL and in jobs
  I9  whatever is in retry or dead says what failed, when and how often

`check` looks at the end, when all has been drained: all but I6. `watch` looks at I6 again and again until
TERM. Prints violations, then a summary as one line of JSON; exit 1 if there is a violation.

With --lost-before, Redis has lost what it had acknowledged, at that moment: then a 201 of a request that
had begun before may be missing or share its number with a later one, unless its row was there (--kept).
"""
import argparse
import collections
import json
import os
import signal
import socket
import subprocess
import sys
import time

from check_log import Differences, posts

SERVED = ("default", "counts")
LOOKS = 3  # of a watch, at least
SNAPSHOT = """
local out = {}
for _, queue in ipairs({'queue:default', 'queue:counts', 'queue:index'}) do
  out[#out + 1] = queue
  out[#out + 1] = redis.call('LRANGE', queue, 0, -1)
end
for _, list in ipairs(redis.call('SMEMBERS', 'inflight')) do
  out[#out + 1] = list
  out[#out + 1] = redis.call('LRANGE', list, 0, -1)
end
for _, zset in ipairs({'retry', 'schedule', 'dead'}) do
  out[#out + 1] = zset
  out[#out + 1] = redis.call('ZRANGE', zset, 0, -1)
end
return out
"""

Post = collections.namedtuple("Post", "start_us status number place body")
Row = collections.namedtuple("Row", "kind body")
Job = collections.namedtuple("Job", "place kind id number body")
Chat = collections.namedtuple("Chat", "id number count stored last deleted")


# ---- the servers


class Redis:
    """Just enough of the protocol."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def ask(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) +
                            b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis has gone")
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise ConnectionError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"$" and rest != b"-1":
            return self.file.read(int(rest) + 2)[:-2]
        return None if kind == b"$" else rest


def mysql(var, sql):
    """Rows of text fields."""
    run = subprocess.run(
        ["mariadb", "--no-defaults", f"--socket={var}/run/mysql.sock", "--user=parley",
         "--connect-timeout=5", "--default-character-set=utf8mb4", "--batch", "--skip-column-names",
         "parley"], input=sql.encode(), capture_output=True, check=False, timeout=60)
    if run.returncode:
        raise ConnectionError(run.stderr.decode(errors="replace").strip())
    return [line.split("\t") for line in run.stdout.decode(errors="replace").splitlines()]


def text_id(body):
    """A body begins with its id, a blank ends it."""
    return (body.split() or [""])[0]


def arguments(payload):
    """A job's class and its arguments as a list; (None, []) of what is no job."""
    try:
        job = json.loads(payload)
        kind, args = job["class"], job["args"]
        if "wrapped" in job:
            kind, args = job["wrapped"], args[0]["arguments"]
        if len(args) == 1 and isinstance(args[0], dict):
            named = args[0]
            args = [named.get(key) for names in (("chat_id", "chat_application_id", "application_id"),
                                                 ("number",), ("body",))
                    for key in names if key in named]
        return kind, args
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None, []


def read_job(place, payload):
    kind, args = arguments(payload)
    if kind == "CreateMessageJob" and len(args) == 3 and isinstance(args[2], str):
        return Job(place, "message", args[0], args[1], text_id(args[2]))
    if kind == "CreateChatJob" and len(args) == 2:
        return Job(place, "chat", args[0], args[1], None)
    return Job(place, None, 0, 0, None)


def read_jobs(redis):
    """[(place, payload)] of whatever waits anywhere, at one moment."""
    flat = redis.ask("EVAL", SNAPSHOT, 0)
    return [(flat[i].decode(), payload.decode(errors="replace"))
            for i in range(0, len(flat), 2) for payload in flat[i + 1]]


# ---- the clients


def place_of(text):
    """What a URL posts to: "app:7", where chats are created, or the id of a chat."""
    return ("chats", int(text[4:])) if text.startswith("app:") else ("messages", int(text))


def read_posts(logs):
    return [Post(start, status, int(number) if number.isdigit() else 0,
                 place_of(places.split(",")[url]), body)
            for path, places in logs
            for start, status, number, url, body in posts(path)]


def acknowledged(all_posts):
    return [post for post in all_posts if post.status == "201"]


# ---- the end


class World:
    """All that MySQL and Redis hold of some applications."""

    def __init__(self, var, applications):
        self.redis = Redis(f"{var}/run/redis.sock")
        within = " OR ".join(f"{{0}} BETWEEN {a << 32} AND {(a << 32) + 0xffffffff}"
                             for a in sorted(applications))
        self.payloads = read_jobs(self.redis)
        self.jobs = [read_job(*payload) for payload in self.payloads]
        self.rows = {}
        self.bodies = collections.defaultdict(list)
        for chat, number, kind, body in mysql(var, f"""
                SELECT chat_id, number, CASE WHEN deleted_at IS NULL THEN 'living'
                  WHEN version = 0 THEN 'void' ELSE 'deleted' END,
                  HEX(SUBSTRING_INDEX(LEFT(body, 72), ' ', 1))
                FROM messages WHERE {within.format('chat_id')}"""):
            row = Row(kind, bytes.fromhex(body).decode(errors="replace"))
            self.rows[int(chat), int(number)] = row
            if kind == "living":
                self.bodies[row.body].append((int(chat), int(number)))
        self.chats = {int(r[0]): Chat(*map(int, r)) for r in mysql(var, f"""
            SELECT id, number, messages_count, messages_stored, last_message_number,
              deleted_at IS NOT NULL FROM chats WHERE {within.format('id')}""")}
        self.applications = {int(r[0]): list(map(int, r[1:])) for r in mysql(var, f"""
            SELECT id, chats_count, chats_stored, last_chat_number, deleted_at IS NOT NULL
            FROM chat_applications WHERE id IN ({','.join(map(str, sorted(applications)))})""")}
        self.renumbered = {(int(chat), int(given)): int(number) for chat, given, number in mysql(
            var, f"""SELECT chat_id, given_number, number FROM renumbered_messages
            WHERE {within.format('chat_id')}""")}
        self.counters = self.read_counters(
            {**{f"chat:{chat}:message_counter": chat for chat in self.chats},
             **{f"chat_app:{app}:chat_counter": ("app", app) for app in self.applications}})

    def read_counters(self, keys):
        """By chat id, or ("app", id): the number, or None."""
        names = list(keys)
        values = self.redis.ask("MGET", *names) if names else []
        return {keys[name]: None if value is None else int(value)
                for name, value in zip(names, values)}

    def dead_bodies(self):
        return {job.body for job in self.jobs if job.place == "dead" and job.kind == "message"}


class Check:
    def __init__(self, world, all_posts, args):
        self.world, self.posts, self.args = world, all_posts, args
        self.diff = Differences()
        self.figures = collections.Counter()
        self.deleted = {(int(chat), int(number)) for chat, number in read_fields(args.deleted)}
        self.kept = {(int(chat), int(number)): body for chat, number, body in read_fields(args.kept)}

    # ---- I1

    def may_be_lost(self, post):
        """It had begun before the loss, and its row was not there yet."""
        return post.start_us < self.args.lost_before and (
            post.place[0] == "chats" or self.kept.get((post.place[1], post.number)) != post.body)

    def lose(self, post, text):
        self.figures["lost"] += 1
        if not self.may_be_lost(post):
            self.diff.add("I1", text)

    def excused(self, kind, post):
        """Another number, or death, where the test is about it."""
        self.figures[kind] += 1
        if kind not in self.args.excuse and not self.args.lost_before:
            self.diff.add("I1", f"{kind}: {post.body}, acknowledged as {post.number}")

    def message(self, post):
        chat = post.place[1]
        row = self.world.rows.get((chat, post.number))
        stored = self.world.bodies.get(post.body, [])
        if row and row.kind == "living" and row.body == post.body:
            if (chat, post.number) in self.deleted:
                self.diff.add("I1", f"{chat}:{post.number} was deleted, and lives")
        elif (chat, post.number) in self.deleted and row and row.kind == "deleted":
            self.figures["deleted"] += 1
        elif stored:
            if self.world.renumbered.get((chat, post.number)) == stored[0][1]:
                self.excused("renumbered", post)
            else:
                self.diff.add("I1", f"{post.body}, acknowledged as {chat}:{post.number}, is "
                                    f"{stored[0][0]}:{stored[0][1]}, and no list says so")
        elif post.body in self.dead:
            self.excused("dead", post)
        else:
            self.lose(post, f"{post.body}, acknowledged as {chat}:{post.number}, is lost; there is "
                            f"{row or 'nothing'}")

    def chat(self, post):
        row = self.world.chats.get(post.place[1] << 32 | post.number)
        if not row:
            self.lose(post, f"chat {post.number} of application {post.place[1]} is lost")

    def i1(self):
        self.dead = self.world.dead_bodies()
        for post in acknowledged(self.posts):
            if not post.number:
                self.diff.add("I1", f"{post.body} was answered 201 without a number")
            elif post.place[0] == "messages":
                self.message(post)
            else:
                self.chat(post)

    # ---- the others

    def i2(self):
        sent = {post.body: post.status for post in self.posts if post.place[0] == "messages"}
        if len(sent) != sum(1 for post in self.posts if post.place[0] == "messages"):
            self.diff.add("I2", "the load has sent a body twice")
        for body, places in self.world.bodies.items():
            if any(body.startswith(prefix) for prefix in self.args.foreign):
                continue
            if len(places) > 1:
                self.figures["doubled"] += len(places) - 1
                self.diff.add("I2", f"{body} is stored as {places}")
            if body not in sent:
                self.diff.add("I2", f"{body!r} at {places[0]} was never sent")
            elif sent[body].startswith("4"):
                self.diff.add("I2", f"{body} was refused with {sent[body]}, and is stored")
            elif sent[body] != "201":
                self.figures["unsure_stored"] += 1

    def same(self, what, got, expected):
        if got != expected:
            self.diff.add("I3", f"{what}: {got}, expected {expected}")

    def gaps(self, what, numbers, last):
        """Numbers that were given and are no row: only where Redis has lost their jobs."""
        missing = last - len(numbers)
        self.figures["gaps"] += missing
        if missing and not self.args.lost_before:
            self.diff.add("I3", f"{what}: {sorted(set(range(1, last + 1)) - numbers)[:5]} of 1..{last} "
                                "are no rows")

    def counter(self, what, key, last):
        """At the last number; above it only where the job of a number was lost."""
        value = self.world.counters[key]
        if value is None or value < last:
            self.diff.add("I7", f"{what}: the counter is {value}, the last number {last}")
        elif value != last:
            self.figures["gaps"] += value - last
            if not self.args.lost_before:
                self.diff.add("I3", f"{what}: the counter is {value}, the last number {last}")

    def i3(self):
        numbers = collections.defaultdict(set)
        living = collections.Counter()
        for (chat, number), row in self.world.rows.items():
            numbers[chat].add(number)
            living[chat] += row.kind == "living"
            self.figures["void"] += row.kind == "void"
        for chat in self.world.chats.values():
            if chat.deleted:
                continue
            what, last = f"chat {chat.id}", max(numbers[chat.id], default=0)
            self.same(f"{what}, messages_count, stored and last", (chat.count, chat.stored, chat.last),
                      (living[chat.id], len(numbers[chat.id]), last))
            self.gaps(what, numbers[chat.id], last)
            self.counter(what, chat.id, last)
        for app, (count, stored, last, deleted) in self.world.applications.items():
            if deleted:
                continue
            mine = [chat for chat in self.world.chats.values() if chat.id >> 32 == app]
            given = {chat.number for chat in mine}
            self.same(f"application {app}, chats_count, stored and last", (count, stored, last),
                      (sum(not chat.deleted for chat in mine), len(mine), max(given, default=0)))
            self.gaps(f"application {app}", given, last)
            self.counter(f"application {app}", ("app", app), last)

    def i4(self):
        first = {}
        for post in acknowledged(self.posts):
            other = first.setdefault((post.place, post.number), post)
            if other is post:
                continue
            self.figures["reused"] += 1
            if not self.args.lost_before:
                self.diff.add("I4", f"{post.place} {post.number} to {other.body} and {post.body}")

    def i5(self):
        places = collections.Counter(
            place for place, _ in self.world.payloads
            if place.startswith("inflight:") or place in [f"queue:{queue}" for queue in SERVED])
        for place, jobs in places.items():
            self.diff.add("I5", f"{jobs} jobs in {place}")
        for queue in SERVED:
            if self.world.redis.ask("HLEN", f"suspects:{queue}"):
                self.diff.add("I5", f"suspects:{queue} is not empty")
        for place, payload in self.world.payloads:
            if place in ("retry", "schedule") and place not in self.args.excuse:
                self.diff.add("I5", f"in {place}: {payload[:200]}")

    def i7(self):
        for job in self.world.jobs:
            key = job.id if job.kind == "message" else ("app", job.id)
            counter = self.world.counters.get(key)
            if job.kind and counter is not None and isinstance(job.number, int) and counter < job.number:
                self.diff.add("I7", f"{key}: the counter is {counter}, a job in {job.place} has "
                                    f"{job.number}")

    def i9(self):
        wanted = {"jid": str, "error_class": str, "error_message": str, "retry_count": int}
        for place, payload in self.world.payloads:
            if place not in ("retry", "dead"):
                continue
            job = json.loads(payload)
            wrong = [key for key, kind in wanted.items() if not isinstance(job.get(key), kind)]
            if not isinstance(job.get("retried_at" if job.get("retry_count") else "failed_at"), float):
                wrong.append("its time")
            if wrong:
                self.diff.add("I9", f"in {place} without {', '.join(wrong)}: {payload[:200]}")

    def run(self):
        for look in (self.i1, self.i2, self.i3, self.i4, self.i5, self.i7, self.i9):
            look()
        names = ("lost", "doubled", "reused", "renumbered", "dead", "deleted", "void", "gaps",
                 "unsure_stored")
        return {"posts": len(self.posts), "acknowledged": len(acknowledged(self.posts)),
                **{name: self.figures[name] for name in names}, "violations": dict(self.diff.count)}


def read_fields(path):
    """The fields of each line."""
    if not path:
        return []
    with open(path, encoding="utf-8") as lines:
        return [line.split() for line in lines]


def check(args):
    all_posts = read_posts(args.log)
    applications = {place >> 32 if kind == "messages" else place
                    for kind, place in (place_of(p) for _, ps in args.log for p in ps.split(","))}
    job = Check(World(args.var, applications), all_posts, args)
    summary = job.run()
    print(json.dumps(summary))
    return 1 if job.diff.count else 0


# ---- at any moment


class Watch:
    """A look is the client's log first, then Redis, then MySQL: a job goes from Redis to MySQL, and is
    in both for a moment, so that one on its way is seen in the second place at the latest."""

    def __init__(self, args):
        self.args, self.stop = args, False
        self.diff = Differences()
        self.known = {}    # body: the post, acknowledged, not seen in MySQL yet
        self.offsets = collections.Counter()
        self.looks = self.seen = self.away = 0

    def read_on(self):
        for path, places in self.args.log:
            if not os.path.exists(path):
                continue
            with open(path, "rb") as log:
                log.seek(self.offsets[path])
                data = log.read()
            data = data[:data.rfind(b"\n") + 1]
            self.offsets[path] += len(data)
            for line in data.decode().splitlines():
                field = line.split("\t")
                if field[2] == "201":
                    place = place_of(places.split(",")[int(field[5])])
                    self.known[field[7]] = Post(int(field[0]), "201", int(field[3]), place, field[7])

    def in_redis(self):
        found = set()
        for payload in read_jobs(Redis(f"{self.args.var}/run/redis.sock")):
            job = read_job(*payload)
            found.add(job.body if job.kind == "message" else ("chats", job.id, job.number))
        return found

    def in_mysql(self, wanted):
        """Of these posts, the bodies of those that have a row."""
        found = set()
        messages = {(post.place[1], post.number): post.body for post in wanted
                    if post.place[0] == "messages"}
        chats = {post.place[1] << 32 | post.number: post.body for post in wanted
                 if post.place[0] == "chats"}
        if messages:
            pairs = ",".join(f"({chat},{number})" for chat, number in messages)
            for chat, number, body, deleted in mysql(self.args.var, f"""
                    SELECT chat_id, number, HEX(SUBSTRING_INDEX(LEFT(body, 72), ' ', 1)),
                      deleted_at IS NOT NULL FROM messages WHERE (chat_id, number) IN ({pairs})"""):
                mine = messages[int(chat), int(number)]
                if deleted == "1" or bytes.fromhex(body).decode(errors="replace") == mine:
                    found.add(mine)
        if chats:
            ids = ",".join(map(str, chats))
            found.update(chats[int(row[0])] for row in
                         mysql(self.args.var, f"SELECT id FROM chats WHERE id IN ({ids})"))
        return found

    def look(self):
        self.read_on()
        known = dict(self.known)
        waiting = self.in_redis()
        gone = [post for post in known.values() if post.body not in waiting
                and ("chats", post.place[1], post.number) not in waiting]
        stored = self.in_mysql(gone)
        self.looks += 1
        self.seen += len(known)
        for post in gone:
            if post.body not in stored:
                self.diff.add("I6", f"{post.body}, acknowledged as {post.place[1]}:{post.number}, was "
                                    "neither in Redis nor in MySQL")
            del self.known[post.body]

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stop", True))
        print("watching", flush=True)
        while not self.stop or self.looks < LOOKS:  # (whoever says TERM has the servers up)
            try:
                self.look()
            except (OSError, subprocess.TimeoutExpired):
                self.away += 1  # one of the servers is away: that is no look
            time.sleep(self.args.every / 1000)
        print(json.dumps({"looks": self.looks, "away": self.away, "looked_for": self.seen,
                          "violations": dict(self.diff.count)}))
        return 1 if self.diff.count else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["check", "watch"])
    parser.add_argument("--var", required=True, metavar="DIR", help="PARLEY_VAR: sockets are in its run/")
    parser.add_argument("--log", action="append", nargs=2, required=True, metavar=("FILE", "PLACES"),
                        help="a log of test/load, and for each of its URLs the chat's id or app:ID")
    parser.add_argument("--every", type=int, default=300, metavar="MS", help="watch: between two looks")
    parser.add_argument("--excuse", action="append", default=[],
                        choices=["renumbered", "dead", "retry", "schedule"],
                        help="messages may end so, in this test")
    parser.add_argument("--foreign", action="append", default=[], metavar="PREFIX",
                        help="bodies of another writer's rows begin so")
    parser.add_argument("--deleted", metavar="FILE", help="chat id and number of each deleted message")
    parser.add_argument("--lost-before", type=int, default=0, metavar="US",
                        help="Redis lost data at this time, in µs since 1970")
    parser.add_argument("--kept", metavar="FILE", help="chat id, number and body's id of the rows there were then")
    args = parser.parse_args()
    return check(args) if args.what == "check" else Watch(args).run()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(2)
