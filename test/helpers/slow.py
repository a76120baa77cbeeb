#!/usr/bin/env python3
"""slow.py PORT CLIENTS SECONDS [STATUS]: clients that a web server should get rid of.

CLIENTS connections of several kinds, each in a different way never done with its request. What came of
each kind goes to stdout as JSON: {"kind": {"clients": n, "gone": n, "first_s": s, "last_s": s}}, when
all were ended by the server, or after SECONDS. The file STATUS holds the number of those still there.
"""
import json
import selectors
import socket
import sys
import time

POST = b"POST /applications HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\n"

# What is sent at once, and then again and again.
KINDS = {
    "silent": (b"", b""),
    "half a line": (b"GET /heal", b""),
    "half a header": (b"GET /health HTTP/1.1\r\nHost: sl", b""),
    "half a body": (POST + b'Content-Length: 1000\r\n\r\n{"name":', b""),
    "a line by the byte": (b"GET /", b"a"),
    "a header by the byte": (b"GET /health HTTP/1.1\r\nHost: slow\r\nX-Slow: ", b"a"),
    "a body by the byte": (POST + b"Content-Length: 100000\r\n\r\n", b" "),
    "chunks by the byte": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "an endless header": (b"GET /health HTTP/1.1\r\nHost: slow\r\n", b"X-Slow: " + b"a" * 500 + b"\r\n"),
    "an endless body": (POST + b"Transfer-Encoding: chunked\r\n\r\n",
                        b"10000\r\n" + b" " * 65536 + b"\r\n"),
}


class Client:
    def __init__(self, port, kind):
        self.kind = kind
        self.first, self.more = KINDS[kind]
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.began = time.monotonic()
        self.gone = None

    def send(self):
        data, self.first = self.first or self.more, b""
        try:
            if data:
                self.socket.send(data)
        except BlockingIOError:
            pass  # the server does not read on
        except OSError:
            self.end()

    # Whatever the server says is no end: its closing is.
    def read(self):
        try:
            if self.socket.recv(65536) == b"":
                self.end()
        except BlockingIOError:
            pass
        except OSError:
            self.end()

    def end(self):
        if self.gone is None:
            self.gone = time.monotonic() - self.began
            self.socket.close()


def watch(selector, until):
    while (left := until - time.monotonic()) > 0:
        for key, _ in selector.select(left):
            key.data.read()
            if key.data.gone is not None:
                selector.unregister(key.fileobj)


def summary(clients):
    result = {}
    for kind in KINDS:
        times = [c.gone for c in clients if c.kind == kind and c.gone is not None]
        result[kind] = {"clients": sum(c.kind == kind for c in clients), "gone": len(times)}
        if times:
            result[kind].update(first_s=round(min(times), 1), last_s=round(max(times), 1))
    return result


def main(port, count, seconds, status=None):
    names = list(KINDS)
    clients = [Client(port, names[n % len(names)]) for n in range(count)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.socket, selectors.EVENT_READ, client)
    began = time.monotonic()
    for second in range(seconds):
        for client in clients:
            if client.gone is None:
                client.send()
                if client.gone is not None:
                    selector.unregister(client.socket)
        watch(selector, began + second + 1)
        left = sum(c.gone is None for c in clients)
        if status:
            with open(status, "w", encoding="ascii") as file:
                print(left, file=file)
        if not left:
            break
    print(json.dumps(summary(clients)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]), *sys.argv[4:])
