/* scan: searches a chat on MySQL: reads its messages, the newest first, and matches each. */
#ifndef PARLEY_SCAN_H
#define PARLEY_SCAN_H

#include "db.h"
#include "hits.h"
#include "text.h"

struct scan {
	struct db *db;            /* borrowed */
	struct text_query *query; /* borrowed */
	uint64_t chat;
	int64_t budget_ms;
	size_t wanted; /* this many of the best hits will be shown */
};

/* Adds the hits to `hits`. 1: all of them, as far as they count; 0: the budget was spent before the
 * chat's oldest message; -1: what db_query says, or ERR_MEMORY. */
int scan_run(const struct scan *s, struct hits *hits, struct err *e);

#endif
