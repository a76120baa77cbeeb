/* query: the parameters of a query string (application/x-www-form-urlencoded, as the URL Standard
 * reads it: '+' is a space, empty parts between '&' are skipped, a name without '=' has the value ""). */
#ifndef PARLEY_QUERY_H
#define PARLEY_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define QUERY_MAX 64 /* parameters */

struct query {
	struct {
		const char *name, *value; /* borrowed from `text`; decoded, NUL-terminated */
	} param[QUERY_MAX];
	size_t n;   /* parameters in use */
	char *text; /* owned; NULL when there are no parameters */
};

#define QUERY_INIT { .n = 0 }

/* Parse `len` bytes (without the '?'); `text` may be NULL when len is 0. What *q held before is not
 * freed. 0, or -1 with *q unchanged: ERR_INVALID (a bad percent escape, invalid UTF-8 or a NUL after
 * decoding, more than QUERY_MAX parameters; the text quotes nothing from the query) or ERR_MEMORY. */
int query_parse(struct query *q, const char *text, size_t len, struct err *e);
/* Frees the memory; *q is then empty. */
void query_clear(struct query *q);

/* The value of the first parameter called `name`, borrowed; NULL when absent. */
const char *query_get(const struct query *q, const char *name);
/* How many parameters are called `name`. */
size_t query_count(const struct query *q, const char *name);
/* A parameter that is a canonical decimal number between min and max. 1: found and stored; 0: absent,
 * *value unchanged; -1: ERR_INVALID (not such a number, empty, out of bounds, given twice), *value
 * unchanged, and the text names the parameter and the bounds. */
int query_number(const struct query *q, const char *name, uint64_t min, uint64_t max,
		 uint64_t *value, struct err *e);

#endif
