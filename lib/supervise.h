/* supervise: a master and its pre-forked processes.
 *
 * The master starts them, starts them again when they end (with a pause when one ends at once), and
 * does nothing else. TERM or INT: the processes are told to finish their request and end; whoever
 * has not after `stop_ms` is killed. HUP: all are told so, and new ones take their places.
 * A process whose master dies is told, too. */
#ifndef PARLEY_SUPERVISE_H
#define PARLEY_SUPERVISE_H

#include <stdint.h>

#include "err.h"

struct supervise {
	int64_t processes;
	int64_t stop_ms;
	int (*run)(void *arg); /* a process: returns its exit status; TERM is blocked when it begins */
	void *arg;
};

/* Returns when told to stop and all processes have ended. 0, or -1: ERR_SYSTEM, ERR_MEMORY. */
int supervise(const struct supervise *s, struct err *e);

#endif
