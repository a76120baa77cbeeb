#!/usr/bin/env python3
"""proxy.py LISTEN SERVER CONTROL: stands between programs and a server, and harms what passes.

LISTEN and SERVER are paths of unix sockets, or ports of 127.0.0.1. A command is the body of an HTTP
request to the unix socket CONTROL; the answer is what `state` says, or 400. A message is what a client
sends until the server answers: all that the programs send to Redis and MySQL goes to and fro like that.

  pass               all well again; what was held back goes on its way
  refuse             no connection is taken, those that stand are reset
  black-hole         whoever connects gets a connection, and nothing passes in any
  reset              those that stand are reset, once
  resets N           each is reset after 1..N answers
  cut N              each answer is cut off after at most N bytes, and its connection closed
  slices             the first 300 bytes of whatever passes come one by one
  delay MS           each message waits so long
  drop PERCENT TEXT  of so many messages with TEXT the server gets all and the client no answer
  stop before TEXT   the first client whose message has TEXT is stopped (SIGSTOP) before the server gets it
  stop after TEXT    the same, when the server has answered and the client has not got it
  kill TEXT          whoever sends TEXT is killed (SIGKILL) before the server gets it
  seed N             what is left to chance begins anew
  server ADDRESS     is the server from now on; what stands is reset
  state              {"open": connections, "dropped", "killed", "stopped": [pids]}
"""
import asyncio
import json
import os
import random
import signal
import socket
import struct
import sys

AT_ONCE = 65536
SLICED = 300   # bytes of a piece that pass one by one
KEPT = 1 << 20 # of a message, to look for a text in


def new_socket(address):
    if address.isdigit():
        return socket.socket(), ("127.0.0.1", int(address))
    return socket.socket(socket.AF_UNIX), address


def reset(sock):
    """Closes a connection so that the other side sees an error, not an end."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def client_pid(sock):
    size = struct.calcsize("3i")
    return struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[0]


class Link:
    """A client's connection, and the one to the server that goes with it."""

    def __init__(self, proxy, client):
        self.proxy, self.client, self.server = proxy, client, None
        self.message = b""
        self.answers_left = None
        self.broken = False
        self.tasks = []

    async def run(self):
        loop = asyncio.get_running_loop()
        try:
            await self.proxy.may_pass()
            self.server, address = new_socket(self.proxy.server)
            self.server.setblocking(False)
            await loop.sock_connect(self.server, address)
            for sock in (self.client, self.server):
                if sock.family == socket.AF_INET:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.tasks = [asyncio.create_task(self.up()), asyncio.create_task(self.down())]
            await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        except OSError:
            pass
        finally:
            await self.close()

    async def close(self):
        """Last of all: the loop must not look at a descriptor that is another's by then."""
        self.proxy.links.discard(self)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for sock in (self.client, self.server):
            if sock is not None:
                (reset if self.broken else socket.socket.close)(sock)

    async def send(self, to, data):
        loop = asyncio.get_running_loop()
        if self.proxy.mode == "slices":
            for i in range(min(len(data), SLICED)):
                await loop.sock_sendall(to, data[i:i + 1])
                await asyncio.sleep(0)
            data = data[SLICED:]
        await loop.sock_sendall(to, data)

    async def up(self):
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self.client, AT_ONCE):
                self.message = (self.message + data)[-KEPT:]
                await self.proxy.may_pass()
                if self.proxy.mode == "delay":
                    await asyncio.sleep(self.proxy.number / 1000)
                if self.proxy.kills(self):
                    return
                await self.proxy.stops("before", self)
                await self.send(self.server, data)
        except OSError:
            pass

    async def down(self):
        loop = asyncio.get_running_loop()
        try:
            while data := await loop.sock_recv(self.server, AT_ONCE):
                await self.proxy.may_pass()
                await self.proxy.stops("after", self)
                data, goes_on = self.proxy.harm(self, data)
                if self.message:
                    self.message = b""
                await self.send(self.client, data)
                if not goes_on:
                    self.broken = True
                    return
        except OSError:
            pass


class Proxy:
    def __init__(self, listen, server):
        self.listen, self.server = listen, server
        self.random = random.Random(0)
        self.links, self.listener, self.accepting = set(), None, None
        self.mode, self.number, self.text, self.when = "pass", 0, b"", ""
        self.dropped, self.killed, self.stopped = 0, 0, []
        self.gate = asyncio.Event()  # open: bytes pass
        self.gate.set()
        self.released = asyncio.Event()

    # ---- what a link asks

    async def may_pass(self):
        await self.gate.wait()

    def has_text(self, link):
        return self.text in link.message

    def kills(self, link):
        if self.mode != "kill" or not self.has_text(link):
            return False
        try:
            os.kill(client_pid(link.client), signal.SIGKILL)
            self.killed += 1
        except OSError:
            pass
        return True

    async def stops(self, when, link):
        if self.mode != "stop" or self.when != when or self.stopped or not self.has_text(link):
            return
        pid = client_pid(link.client)
        os.kill(pid, signal.SIGSTOP)
        self.stopped.append(pid)
        await self.released.wait()

    def harm(self, link, data):
        """What of an answer passes, and whether the connection goes on."""
        if self.mode == "cut":
            return data[:self.random.randint(0, self.number)], False
        if self.mode == "drop" and link.message and self.has_text(link):
            if self.random.randrange(100) < self.number:
                self.dropped += 1
                return b"", False
        if self.mode == "resets":
            if link.answers_left is None:
                link.answers_left = self.random.randint(1, self.number)
            link.answers_left -= 1
            if link.answers_left <= 0:
                return b"", False
        return data, True

    # ---- connections

    def open(self):
        if self.listener is not None:
            return
        self.listener, address = new_socket(self.listen)
        if not self.listen.isdigit():
            if os.path.exists(self.listen):
                os.unlink(self.listen)
        else:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(address)
        self.listener.listen(1024)
        self.listener.setblocking(False)
        self.accepting = asyncio.create_task(self.accept())

    def close(self):
        if self.listener is None:
            return
        self.accepting.cancel()
        self.listener.close()
        self.listener = None

    async def accept(self):
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self.listener)
            client.setblocking(False)
            link = Link(self, client)
            self.links.add(link)
            link.task = asyncio.create_task(link.run())

    def reset_all(self):
        for link in list(self.links):
            link.broken = True
            link.task.cancel()

    # ---- commands

    def command(self, line):
        word, _, rest = line.strip().partition(" ")
        if word == "state":
            return
        if word == "seed":
            self.random.seed(rest)
            return
        if word == "reset":
            self.reset_all()
            return
        if word == "server":
            self.server = rest
            self.reset_all()
            return
        self.begin(word, rest)

    def begin(self, word, rest):
        number, text, when = 0, "", ""
        if word in ("resets", "cut", "delay"):
            number = int(rest)
        elif word == "drop":
            number, text = rest.split(" ", 1)
        elif word == "stop":
            when, text = rest.split(" ", 1)
        elif word == "kill":
            text = rest
        elif word not in ("pass", "refuse", "black-hole", "slices"):
            raise ValueError(f"no such command: {word}")
        self.mode, self.number, self.text, self.when = word, int(number), text.encode(), when
        self.stopped = []
        self.released.set()
        self.released = asyncio.Event()
        if word == "refuse":
            self.close()
            self.reset_all()
        else:
            self.open()
        if word == "black-hole":
            self.gate.clear()
        else:
            self.gate.set()

    def state(self):
        return {"open": len(self.links), "dropped": self.dropped, "killed": self.killed,
                "stopped": self.stopped}

    async def control(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
        try:
            self.command((await reader.readexactly(length)).decode())
            status, body = "200 OK", json.dumps(self.state())
        except ValueError as error:
            status, body = "400 Bad Request", str(error)
        writer.write(f"HTTP/1.0 {status}\r\n\r\n{body}\n".encode())
        await writer.drain()
        writer.close()


async def main():
    listen, server, control = sys.argv[1:4]
    proxy = Proxy(listen, server)
    proxy.open()
    controls = await asyncio.start_unix_server(proxy.control, control)
    async with controls:
        await controls.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main())
