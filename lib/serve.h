/* serve: the loop of one FastCGI process: accept, read, dispatch, answer. */
#ifndef PARLEY_SERVE_H
#define PARLEY_SERVE_H

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
	void (*after)(struct service *s);  /* what is to be done between two requests */
};

/* Returns the exit status: 0 after TERM or after `requests`. TERM must be blocked; it is let in only
 * while the process waits for a connection, so no request is ever cut. */
int serve(const struct serve *s);

#endif
