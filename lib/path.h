/* path: a raw REQUEST_URI cut into segments, nothing decoded. */
#ifndef PARLEY_PATH_H
#define PARLEY_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATH_SEGMENTS 8

/* All pointers are borrowed from the request URI. */
struct path {
	struct {
		const char *at;
		size_t len; /* bytes, never 0 */
	} seg[PATH_SEGMENTS];
	unsigned n;        /* segments; 0 is the root */
	const char *query; /* behind the '?'; "" when there is none, never NULL */
	size_t query_len;  /* bytes */
};

/* Split an origin-form (/path?query) or absolute-form (http://host/path?query) URI. 0, or -1 and
 * *p unchanged: it begins otherwise, has more than PATH_SEGMENTS segments, an empty one, or a slash
 * at its end. A '#' is an ordinary character. */
int path_split(struct path *p, const char *request_uri);
/* A canonical decimal number 1..4294967295? Then it is stored. */
bool path_number(const char *s, size_t len, uint32_t *number);
/* Exactly 32 lower-case hexadecimal digits? */
bool path_token(const char *s, size_t len);

#endif
