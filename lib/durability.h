/* durability: how safe is what Redis acknowledges? What is in force of its configuration, one word for
 * it, and what is wrong with it: one table of findings for /health, /metrics and the programs' start. */
#ifndef PARLEY_DURABILITY_H
#define PARLEY_DURABILITY_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "redis.h"

enum durability_field {
	DURABILITY_APPENDONLY,   /* "yes", "no" */
	DURABILITY_APPENDFSYNC,  /* "always", "everysec", "no" */
	DURABILITY_ON_REWRITE,   /* no-appendfsync-on-rewrite: "yes", "no" */
	DURABILITY_POLICY,       /* maxmemory-policy: "noeviction" */
	DURABILITY_ROLE,         /* "master", "replica" */
	DURABILITY_REPLICAS,     /* connected ones */
	DURABILITY_MIN_REPLICAS, /* min-replicas-to-write */
	DURABILITY_AOF_WRITE,    /* "ok", "err": the last write to the append-only file */
	DURABILITY_AOF_REWRITE,  /* the same of its last rewrite */
	DURABILITY_SNAPSHOT,     /* the same of the last snapshot */
	DURABILITY__MAX
};

#define DURABILITY_VALUE 24
#define DURABILITY_WARNING 160

struct durability {
	char value[DURABILITY__MAX][DURABILITY_VALUE]; /* "": Redis does not tell */
};

/* Asks with INFO and CONFIG GET; a server that refuses CONFIG (hosted ones do) leaves its part untold.
 * 0, or -1 with *e: Redis does not answer. */
int durability_read(struct durability *d, struct redis *r, struct err *e);
/* When is what it acknowledges on disk: "always" (before the answer), "everysec", "none" (nobody knows
 * when, or never), or "unknown". */
const char *durability_word(const struct durability *d);
/* What is wrong, a finding at a time: *row is 0 before the first call. False: that was all. */
bool durability_warning(const struct durability *d, size_t *row, char out[DURABILITY_WARNING]);
size_t durability_warnings(const struct durability *d);
/* Adds it all as members of an object: ,"appendonly":"yes", … "warnings":[] */
void durability_write(const struct durability *d, struct buf *json);

#endif
