#!/usr/bin/env python3
"""run.py API WRITER TOKEN pairs GROUP | order | odd COUNT | fresh COUNT | real STATE COUNT | answers STATE COUNT:
searches, and says what is not as it should be.

pairs: a group of pairs.json: body, q, and the highlight, or null when q does not find the body.
order: order.json. odd: COUNT random queries of signs and words, some in the words of JSON, in one of two chats that are
alike. fresh: COUNT messages are posted, searched for, edited and searched for. real: COUNT pieces of the texts that `script/demo --state STATE` has loaded. answers: prints the answers to COUNT pieces.

SEARCH_SOURCE in the environment: the engine that has to answer, `mysql` by default. SEARCH_WAIT: a command of bash
that is run when the messages are posted; pairs and order are searched for before it, too.
"""
import html
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import unicodedata
import urllib.parse

import check

HERE = pathlib.Path(__file__).parent
SOURCE = os.environ.get("SEARCH_SOURCE", "mysql")
WAIT = os.environ.get("SEARCH_WAIT")


class Client:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)

    def ask(self, method, path, value=None):
        body = None if value is None else json.dumps(value).encode()
        self.connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status not in (200, 201):
            sys.exit(f"{method} {path}: {answer.status} {data[:300]!r}")
        return json.loads(data), answer.headers


class Chat:
    def __init__(self, api, path):
        self.api, self.path, self.folded = api, path, {}

    def post(self, writer, body):
        number = writer.ask("POST", f"{self.path}/messages", {"body": body})[0]["number"]
        self.folded[number] = check.fold(body)
        return number

    def page(self, q, page):
        query = urllib.parse.urlencode({"q": q, "limit": 200, "page": page})
        return self.api.ask("GET", f"{self.path}/messages/search?{query}")

    def search(self, q):
        """All the hits, page by page."""
        hits, headers = self.page(q, 1)
        total = int(headers["X-Total-Count"])
        source = SOURCE if all(check.terms(q)) else "mysql"  # a term of nothing: nobody has to look
        if headers["X-Search-Source"] != source or headers["X-Search-Incomplete"]:
            sys.exit(f"{q!r}: {headers}")
        while len(hits) < total:
            more, _ = self.page(q, len(hits) // 200 + 1)
            if not more:
                break
            hits += more
        if len(hits) != total:
            sys.exit(f"{q!r}: {len(hits)} hits, X-Total-Count says {total}")
        return hits

    def differences(self, q):
        """What the plain search would answer otherwise; and the hits."""
        hits = self.search(q)
        got, want = [hit["number"] for hit in hits], check.search(q, self.folded)[:10000]
        if got != want:
            missing, extra = set(want) - set(got), set(got) - set(want)
            yield (f"{q!r} in {self.path}: missing {sorted(missing)[:5]}, too many {sorted(extra)[:5]}"
                   + ("" if missing or extra else ", in another order"))
        for hit in hits:
            shown = html.unescape(re.sub("</?em>", "", hit["highlight"]))
            if shown != hit["body"]:
                yield f"{q!r}: the highlight of {hit['body']!r} is {hit['highlight']!r}"


def new_chat(api, writer, token):
    return Chat(api, writer.ask("POST", f"/applications/{token}/chats", {})[1]["Location"])


def twice():
    """Once for what was just posted; again, when there is something to wait for."""
    yield
    if WAIT:
        subprocess.run(["bash", "-c", WAIT], check=True)
        yield


def run_pairs(api, writer, token, group):
    """All bodies of a group are in one chat."""
    pairs = json.loads((HERE / "pairs.json").read_text())[group]
    chat = new_chat(api, writer, token)
    numbers = {body: chat.post(writer, body) for body in {body: 0 for body, _, _ in pairs}}
    for _ in twice():
        for body, q, highlight in pairs:
            hit = {hit["number"]: hit for hit in chat.search(q)}.get(numbers[body])
            got = hit and hit["highlight"]
            if got != highlight:
                yield f"{q!r} in {body!r}: {got!r}, not {highlight!r}"
            yield from chat.differences(q)
    print(f"{len(pairs)} pairs")


def run_order(api, writer, token):
    cases = json.loads((HERE / "order.json").read_text())
    chats = [new_chat(api, writer, token) for _ in cases]
    for chat, case in zip(chats, cases):
        for body in case["bodies"]:
            chat.post(writer, body)
    for _ in twice():
        for chat, case in zip(chats, cases):
            got = [hit["number"] for hit in chat.search(case["q"])]
            if got != case["order"]:
                yield f"{case['name']}: {got}, not {case['order']}"
            yield from chat.differences(case["q"])


ODD = ["a", "b", "ab", "word", "Word", "é", "ß", '"', '"', "\\", "{", "}", "[", "]", ":", ",", "}}]}", '"}},{"match_all":{}}',
       "*", "?", "~", "/", "^", "(", ")", "+", "-", "&&", "||", "!", "<em>", "%", "_", "\u0001", "\ufdd0", "\ufdd1",
       "\u2420", " ", " ", "\n", "\u3000", "😀", "か\u3099", "AND", "NOT", "chat_id", "g3"]


def odd(most):
    return "".join(random.choices(ODD, k=random.randint(1, most)))


def run_odd(api, writer, token, count):
    random.seed(6)
    other = api.ask("POST", "/applications", {"name": "other"})[0]["token"]
    chats = [new_chat(api, writer, owner) for owner in (token, token, other)]
    for body in [odd(12) for _ in range(300)]:
        for chat in chats:
            chat.post(writer, body if re.sub(f"[{check.WHITE}]", "", body) else body + ".")
    chats[0].post(writer, "once more, here alone: word")
    for _ in twice():
        done = 0
        while done < int(count):
            q = odd(4)
            if re.sub(f"[{check.WHITE}]", "", q) and not ("\ufdd0" in q or "\ufdd1" in q):
                yield from random.choice(chats).differences(q)
                done += 1
    print(f"{count} queries")


def run_fresh(api, writer, token, count):
    """Each message is found at once, and after an edit by its new text only."""
    chat = None
    for i in range(int(count)):
        if i % 300 == 0:  # with an indexer that is stopped, the tail must not get too long
            chat = new_chat(api, writer, token)
        number = chat.post((api, writer)[i % 2], f"posted{i}x")
        hits = [hit["number"] for hit in chat.search(f"posted{i}x")]
        if hits != [number]:
            yield f"posted{i}x, message {number} of {chat.path}: {hits}"
        api.ask("PATCH", f"{chat.path}/messages/{number}", {"body": f"edited{i}x"})
        hits = [hit["number"] for hit in chat.search(f"edited{i}x")]
        left = chat.search(f"posted{i}x")
        if hits != [number] or left:
            yield f"edited{i}x, message {number} of {chat.path}: {hits}, {left}"
    print(f"{count} messages")


# ---- real texts ----

def change(text):
    """The same for search: in another case, with other accents, taken apart or put together."""
    swapped = "".join(random.choice((char, char, char.upper(), char.lower(), char.casefold()))
                      for char in text)
    kind = random.choice(("as it is", "bare", "accents", "NFD", "NFC"))
    if kind == "bare":
        return "".join(char for char in unicodedata.normalize("NFD", swapped)
                       if unicodedata.category(char) != "Mn")
    if kind == "accents":
        return "".join(char + random.choice(("", "", "\u0301", "\u0308")) if char.isalpha() else char
                       for char in swapped)
    return swapped if kind == "as it is" else unicodedata.normalize(kind, swapped)


def piece(body, least=3):
    """3 to 20 characters in a row, or None; a third of them as a phrase, if no quote of theirs ends it."""
    length = random.randint(least, 20)
    start = random.randrange(max(1, len(body) - length + 1))
    part = body[start:start + length].replace("\0", "")
    if len(part) < least or not re.sub(f"[{check.WHITE}]", "", part):
        return None
    q = change(part)
    return f'"{q}"' if random.random() < 1 / 3 and '"' not in q else q


def read_chat(api, path):
    chat, bodies, link = Chat(api, path), {}, f"{path}/messages?limit=200"
    while link:
        messages, headers = api.ask("GET", link)
        for message in messages:
            bodies[message["number"]] = message["body"]
            chat.folded[message["number"]] = check.fold(message["body"])
        link = re.search('<([^>]*)>; rel="next"', headers.get("Link") or "")
        link = link and link[1]
    return chat, bodies


def read_chats(api, state):
    chats = [read_chat(api, chat["path"])
             for application in json.loads(pathlib.Path(state).read_text())["applications"]
             for chat in application["chats"]]
    return [chat for chat in chats if chat[1]]


def run_answers(api, _writer, _token, state, count):
    """Nothing is said to be wrong: what is printed is compared with what the other engine answers."""
    random.seed(8)
    chats, done = read_chats(api, state), 0
    while done < int(count):
        chat, bodies = random.choice(chats)
        q = piece(random.choice(list(bodies.values())), 1)
        if q and len(check.terms(q)) <= 32:
            hits = chat.search(q)
            print(json.dumps([chat.path, q, len(hits), hits]))
            done += 1
    yield from ()


def run_real(api, _writer, _token, state, count):
    random.seed(4)
    chats = read_chats(api, state)
    done = found = 0
    while done < int(count):
        chat, bodies = random.choice(chats)
        number = random.choice(list(bodies))
        q = piece(bodies[number], random.choice((1, 3)))
        if not q or len(check.terms(q)) > 32:
            continue
        hits = check.search(q, chat.folded)
        if number not in hits:
            yield f"the plain search does not find {q!r} in {bodies[number]!r}"
        yield from chat.differences(q)
        done += 1
        found += len(hits)
    print(f"{done} pieces, {found} hits, in {sum(len(bodies) for _, bodies in chats)} messages of "
          f"{len(chats)} chats")


def main():
    api, writer, token, what, *more = sys.argv[1:]
    run = {"pairs": run_pairs, "order": run_order, "odd": run_odd, "fresh": run_fresh, "real": run_real,
           "answers": run_answers}[what]
    wrong = list(run(Client(api), Client(writer), token, *more))
    for line in wrong[:20]:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
