/* place: where jobs are, as the command line calls it. */
#ifndef PARLEY_PLACE_H
#define PARLEY_PLACE_H

#include <stdbool.h>

#include "command.h"

enum place_kind { PLACE_ZSET, PLACE_QUEUE, PLACE_FLIGHT };

struct place {
	const char *name; /* "retry"; a zset's is its key */
	enum place_kind kind;
	const char *score; /* what a zset's score means: "due_at", "died_at" */
};

#define PLACE_MOST 8

struct place_list {
	const struct place *list[PLACE_MOST];
	int n;
};

#define PLACE_ANY false
#define PLACE_ZSETS true

/* NULL: there is none of that name. */
const struct place *place_find(const char *name);
/* Reads a command's words; without any, retry and dead. 0, or -1: said on standard error. */
int place_parse(struct place_list *p, const struct command *c, bool zsets_only, int words, char **word);

#endif
