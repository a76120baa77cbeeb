/* ahead: what Elasticsearch refused because it has, or remembers, a higher version than MySQL.
 *
 * Mostly a newer state was told in between, and all is well. Else somebody wrote to the index by hand, or
 * MySQL was restored from a backup: then MySQL's version is raised, and the message is told once more. Unless it
 * would have to be raised so far that there is no room for changes: that is BULK_REFUSED, and MySQL finds it. */
#ifndef PARLEY_AHEAD_H
#define PARLEY_AHEAD_H

#include "bulk.h"
#include "db.h"
#include "elastic.h"

/* Looks at the operations that are BULK_AHEAD in the index they were sent to last, which has this alias.
 * *again: how many are told once more, through the outbox. 0 or -1 with *e. */
int ahead_settle(struct db *db, struct elastic *el, const char *alias, struct bulk *b, int64_t timeout_ms,
		 uint64_t *again, struct err *e);

#endif
