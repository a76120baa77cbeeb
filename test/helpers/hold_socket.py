#!/usr/bin/env python3
"""Holds a listening socket for a program, as systemd does, and starts the program whenever it ended.

hold_socket.py SOCKET PIDFILE PROGRAM...: PIDFILE names the running program. Ends, and ends the
program, on TERM.
"""

import os
import signal
import socket
import sys


def start(program, pidfile):
    """Fork the program; LISTEN_PID has to be its own."""
    pid = os.fork()
    if pid:
        with open(pidfile + ".new", "w", encoding="ascii") as file:
            file.write(f"{pid}\n")
        os.rename(pidfile + ".new", pidfile)
        return pid
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = "1"
    os.execv(program[0], program)


def main():
    """Start the program again and again."""
    path, pidfile, *program = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(4096)
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)  # where LISTEN_FDS begins
    pid = stopping = 0

    def stop(_signal, _frame):
        nonlocal stopping
        stopping = 1
        os.kill(pid, signal.SIGTERM)

    while not stopping:
        pid = start(program, pidfile)
        signal.signal(signal.SIGTERM, stop)
        os.waitpid(pid, 0)  # Python goes on with it after a signal
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


main()
