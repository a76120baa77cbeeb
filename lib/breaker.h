/* breaker: keeps the processes of a program off a server that does not answer in time.
 *
 * A breaker lies in memory that a master shares with its processes. After a time-out it is open for
 * some time: everybody fails at once instead of waiting again. Then one process tries (it takes the
 * probe), and what it finds counts for all. Only time-outs open it: a refused connection costs
 * nothing, and the next request may find the server back. */
#ifndef PARLEY_BREAKER_H
#define PARLEY_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct breaker {
	_Atomic int64_t until_ms; /* clock_mono_ms from which on one may try; 0: closed */
};

/* May this caller try? False while the breaker is open; when its time is over, true for the first
 * caller, who holds the others off for another `open_ms`. A NULL breaker never refuses. */
bool breaker_allows(struct breaker *b, int64_t open_ms);
/* What the try brought. */
void breaker_opened(struct breaker *b, int64_t open_ms);
void breaker_closed(struct breaker *b);

#endif
