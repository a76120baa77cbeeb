/* grams: short pieces of a folded text, by which an index finds any part of it.
 *
 * A text is taken as its code points, with a mark between two of them where a word begins or ends
 * (text_makes_word), and at its own ends where the caller says so. Grams are written for an analyzer that
 * splits at white space, inside a JSON string: a space is U+FDD0, the mark U+FDD1, and the four control
 * characters that Java takes for white space are U+FDD2 to U+FDD5. These code points are noncharacters:
 * where a text has them itself they are U+FFFD. */
#ifndef PARLEY_GRAMS_H
#define PARLEY_GRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#define GRAMS_WINDOW 3 /* code points */

struct gram_point {
	int point;            /* as it is written */
	unsigned char len;
	char bytes[6];        /* in a JSON string */
};

struct grams {
	struct buf points; /* a struct gram_point each; owned */
	struct buf pairs;  /* for grams_short; owned */
};

#define GRAMS_INIT { BUF_INIT, BUF_INIT }

/* Takes the text: valid UTF-8, folded. `before` and `behind`: a mark stands there if the text begins, or
 * ends, with a word. 0 or -1: out of memory. */
int grams_take(struct grams *g, const char *text, size_t len, bool before, bool behind);
void grams_clear(struct grams *g);

/* How many code points and marks there are. */
size_t grams_length(const struct grams *g);
/* Append the text as it stands between spaces: every window of three, in order; all single ones, then all
 * pairs, each once (in a text made for that, some more often); all of it in one piece. 0 or -1: out of memory. */
int grams_windows(const struct grams *g, struct buf *out);
int grams_short(struct grams *g, struct buf *out);
int grams_whole(const struct grams *g, struct buf *out);

#endif
