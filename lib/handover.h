/* handover: a program takes its own place, in the same process.
 *
 * It executes its file again, by the path it was started with, so that a new file and new settings
 * are used; its pid, its arguments, its environment and its listening socket stay the same, and the
 * processes that it forked stay its own. What the new program must know stands in one variable,
 * PARLEY_HANDOVER, which it removes. */
#ifndef PARLEY_HANDOVER_H
#define PARLEY_HANDOVER_H

#include <stddef.h>
#include <sys/types.h>

#include "err.h"
#include "listen.h"

struct handover {
	struct listener socket;
	pid_t *pids; /* owned: the processes of the program before */
	size_t n;
};

/* What the program before has left for this process. 1: *h is filled, the socket is close-on-exec
 * again; 0: nothing; -1: ERR_MEMORY, or ERR_INVALID: no such socket. */
int handover_receive(struct handover *h, struct err *e);
/* Frees the pids; the socket is the caller's. */
void handover_clear(struct handover *h);

/* Starts the file of now with the same arguments and --check: the pid of a process that ends with 0
 * if this program would start with these settings. -1: ERR_SYSTEM. */
pid_t handover_check(char *const argv[], struct err *e);
/* Becomes the file of now. Returns only when that fails, and then nothing is changed: -1,
 * ERR_SYSTEM or ERR_MEMORY. */
int handover_give(const struct handover *h, char *const argv[], struct err *e);

#endif
