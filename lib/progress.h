/* progress: how far a long run is, how fast, and how long it still takes, in one line on standard error, when that
 * is a terminal. */
#ifndef PARLEY_PROGRESS_H
#define PARLEY_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_LINE 79

struct progress {
	const char *what; /* "reading jobs"; borrowed */
	uint64_t done, of; /* of 0: nobody knows how many there are */
	uint64_t before;   /* of them done when it began: they say nothing about how fast it is */
	int64_t began_ms;
	int64_t shown_ms; /* when it was last drawn; 0: never */
	bool terminal;
};

void progress_begin(struct progress *p, const char *what, uint64_t of);
/* So many were done before it began: it is gone on with. */
void progress_before(struct progress *p, uint64_t done);
/* So many more are done. Draws at most ten times a second. */
void progress_add(struct progress *p, uint64_t done);
/* Takes the line away. Also before something else is printed: it is drawn again by itself. */
void progress_end(struct progress *p);
/* The line, as it is at clock_mono_ms now_ms. Rate and time left are not in it before it has run for a second.
 * Returns `out`. */
char *progress_text(const struct progress *p, int64_t now_ms, char out[PROGRESS_LINE]);

#endif
