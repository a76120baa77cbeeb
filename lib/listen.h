/* listen: the socket of a FastCGI program.
 *
 * Its life: opened (or handed over by another program), perhaps beside one that somebody else listens
 * on, whose place it then takes; shut, so that nobody gets in any more while those who are in are
 * served; closed by the kernel with the last process that has it. */
#ifndef PARLEY_LISTEN_H
#define PARLEY_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

enum listen_owner {
	LISTEN_FOREIGN, /* handed over by another program, which has it open too */
	LISTEN_OWN,
	LISTEN_BESIDE   /* own, and bound to a name of its own until listen_take_place */
};

struct listener {
	int fd; /* -1: none */
	enum listen_owner owner;
	char *address;          /* owned */
	bool taken;             /* listen_open failed because somebody listens there already */
	uint64_t device, inode; /* of an own Unix socket's file; inode 0: it has none */
};

/* The listening socket: descriptor 0 when it is one (lighttpd, spawn-fcgi), else the first that
 * LISTEN_FDS hands over (systemd), else one opened at `address`: "unix:/path" or "host:port" (an
 * IPv6 host in brackets). It is non-blocking and, unless it is descriptor 0, close-on-exec.
 * A Unix socket that somebody answers on is an error; with `beside` the new one lies beside it and
 * gets nothing yet. A left-over one is replaced.
 * -1: ERR_SYSTEM, ERR_INVALID or ERR_MEMORY; *l is cleared by listen_clear in any case. */
int listen_open(struct listener *l, const char *address, bool beside, struct err *e);
/* A socket that was opened beside another comes in its place, in one step: whoever connects gets the
 * one or the other. Nothing for others. -1: ERR_SYSTEM. */
int listen_take_place(struct listener *l, struct err *e);
/* Lets nobody in any more. An own Unix socket's file is removed, if it is still its file, and who
 * connects to it is refused; who is in its queue already can still be accepted. */
void listen_shut(struct listener *l);
/* Frees the address; closes nothing. */
void listen_clear(struct listener *l);

/* Is it a socket that somebody listens on? */
bool listen_is_listening(int fd);

#endif
