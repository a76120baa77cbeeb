/* progress: how far a long run is, in one line on standard error, when that is a terminal. */
#ifndef PARLEY_PROGRESS_H
#define PARLEY_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; /* "reading jobs"; borrowed */
	uint64_t done, of; /* of 0: nobody knows how many there are */
	int64_t shown_ms; /* when it was last drawn; 0: never */
	bool terminal;
};

void progress_begin(struct progress *p, const char *what, uint64_t of);
/* So many more are done. Draws at most ten times a second. */
void progress_add(struct progress *p, uint64_t done);
/* Takes the line away. Also before something else is printed: it is drawn again by itself. */
void progress_end(struct progress *p);

#endif
