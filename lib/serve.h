/* serve: the loop of one FastCGI process: accept, read, dispatch, answer. */
#ifndef PARLEY_SERVE_H
#define PARLEY_SERVE_H

#include <stdatomic.h>
#include <stdint.h>

#include "guard.h"
#include "metrics.h"

struct serve {
	int socket;                        /* listening, non-blocking, shared with the siblings */
	const struct route *const *tables; /* ends with NULL */
	struct service *service;
	struct guard guard;
	struct metrics *metrics;           /* borrowed */
	int64_t requests;                  /* end after so many; 0: never */
	int64_t drain_ms;                  /* how long it may serve after TERM */
	/* The master's: nobody listens after this process and its siblings, so serve all who wait. */
	const atomic_bool *drain;
	atomic_bool *up;                   /* set when it begins to wait for connections */
	void (*after)(struct service *s);  /* what is to be done between two requests, but not after TERM */
};

/* Returns the exit status: 0 after TERM or after `requests`. TERM must be blocked; it is let in only
 * while the process waits for a connection, so no request is ever cut. After TERM it still serves
 * one that it may have been woken for, or, to drain, all who wait in the socket. */
int serve(const struct serve *s);

#endif
