/* bury: puts a job that waits for its time among the dead. */
#ifndef PARLEY_BURY_H
#define PARLEY_BURY_H

#include "db.h"
#include "job.h"
#include "redis.h"

/* First its number gets a void row, then it moves, in one script: whatever breaks off in between, the
 * job still waits, and fills its row when it is done. One that failed before is moved as it is; what it
 * lacks to lie among the dead is added (error_class "Killed").
 * 1; 0: it is not in the zset any more; -1 with *e. */
int bury(struct redis *r, struct db *db, const char *zset, const struct job *j, struct err *e);
/* Gives a job of a zset a new text, which differs from its old one; its score stays. 1; 0: it is not
 * there any more; -1 with *e. */
int bury_rewrite(struct redis *r, const char *zset, const struct job *j, const struct buf *text,
		 struct err *e);

#endif
