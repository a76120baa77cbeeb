/* verifying: what `queue verify` and `queue repair` share. */
#ifndef PARLEY_VERIFYING_H
#define PARLEY_VERIFYING_H

#include "buf.h"
#include "tool.h"
#include "verify.h"

struct verifying {
	const struct command *c;
	struct verify verify;
	bool json;
	struct buf out;         /* not printed yet */
	uint64_t n, renumbered; /* printed so far */
	struct buf found;       /* of struct difference; `queue repair` */
	uint64_t left;          /* the same: said to be left to people */
};

/* Opens the tool and finds the application of the one word, if there is one. An exit status: all but
 * TOOL_GOOD was said. */
int verifying_parse(struct verifying *w, struct tool *t, const struct command *c, bool all, int words,
		    char **word);
/* 0 or -1: ERR_SYSTEM, ERR_MEMORY. */
int verifying_print(struct verifying *w, struct err *e);

#endif
