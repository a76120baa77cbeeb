/* listen: the socket of a FastCGI program. */
#ifndef PARLEY_LISTEN_H
#define PARLEY_LISTEN_H

#include "err.h"

/* The listening socket: descriptor 0 when it is one (lighttpd, spawn-fcgi), else the first that
 * LISTEN_FDS hands over (systemd), else one opened at `address`: "unix:/path" or "host:port" (an
 * IPv6 host in brackets). It is non-blocking and close-on-exec. -1: ERR_SYSTEM or ERR_INVALID; a
 * socket that somebody answers on is an error, a left-over one is replaced. */
int listen_open(const char *address, struct err *e);
/* Removes the file of a socket that listen_open made. */
void listen_remove(const char *address);

#endif
