#!/usr/bin/env python3
"""Hands a MySQL client's bytes on from one unix socket to another and writes down the size of the
largest command, as the protocol counts it: all packets of one command together.

packets.py LISTEN SERVER FILE: FILE holds the size so far, replaced whenever it grows.
"""
import os
import socket
import sys
import threading

FULL = 0xFFFFFF  # a packet of this size is continued by the next


class Meter:
    def __init__(self, path):
        self.path = path
        self.largest = 0
        self.lock = threading.Lock()

    def add(self, size):
        with self.lock:
            if size <= self.largest:
                return
            self.largest = size
            with open(self.path + ".new", "w", encoding="ascii") as file:
                file.write(f"{size}\n")
            os.replace(self.path + ".new", self.path)


class Commands:
    """Follows one client's stream: headers of four bytes (length, number), each before its bytes."""

    def __init__(self, meter):
        self.meter = meter
        self.header = b""
        self.left = 0  # bytes of the present packet that are still to come
        self.size = 0  # of the command so far

    def feed(self, data):
        at = 0
        while at < len(data):
            if self.left:
                step = min(self.left, len(data) - at)
                self.left -= step
                at += step
                continue
            step = 4 - len(self.header)
            self.header += data[at:at + step]
            at += step
            if len(self.header) < 4:
                return
            self.left = int.from_bytes(self.header[:3], "little")
            self.header = b""
            self.size += self.left
            if self.left < FULL:
                self.meter.add(self.size)
                self.size = 0


def copy(source, target, follow):
    try:
        while data := source.recv(1 << 16):
            if follow:
                follow.feed(data)
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    listen, server, path = sys.argv[1:]
    meter = Meter(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(listen)
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(server)
        for pair in ((client, upstream, Commands(meter)), (upstream, client, None)):
            threading.Thread(target=copy, args=pair, daemon=True).start()


if __name__ == "__main__":
    main()
