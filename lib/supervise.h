/* supervise: a master and its pre-forked processes.
 *
 * The master starts them, starts them again when they end (with a pause when one ends at once), and
 * does nothing else. A process whose master dies is told to end.
 * TERM or INT: the processes are told to finish and end; whoever has not after `stop_ms` is killed.
 * HUP: the master has its own program's file checked, and executes it in its own place
 * (lib/handover.h). The processes of the program before go on until those of the new one are up: for
 * each of these one of them is told to end. If the file or the settings are no good, all stays. */
#ifndef PARLEY_SUPERVISE_H
#define PARLEY_SUPERVISE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

struct supervise {
	int64_t processes;
	int64_t stop_ms;
	char *const *argv;       /* the master's own, for HUP */
	const pid_t *old;        /* processes of the program before, whose children they still are */
	size_t n_old;
	void *arg;
	/* A process: sets *up when it does its work; returns its exit status. TERM is blocked when it
	 * begins. */
	int (*run)(void *arg, atomic_bool *up);
	/* The master's, each at its time: */
	void (*up)(void *arg);   /* all processes are up, for the first time */
	void (*shut)(void *arg); /* they will now be told to end, and none comes after them */
	/* Executes the program, to which it leaves these processes; returns when that fails. */
	void (*replace)(void *arg, pid_t *pids, size_t n);
};

/* Blocks the master's signals: until supervise looks, they wait. */
void supervise_block_signals(void);
/* Returns when told to stop and all processes have ended. 0, or -1: ERR_SYSTEM, ERR_MEMORY. */
int supervise(const struct supervise *s, struct err *e);

#endif
