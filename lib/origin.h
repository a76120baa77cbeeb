/* origin: the origins (RFC 6454) of web pages that may use the API, as a list in one text:
 * "https://chat.example.com http://localhost:5173", separated by blanks or commas. "*" is every one. */
#ifndef PARLEY_ORIGIN_H
#define PARLEY_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

/* How much of the text's beginning is an origin, scheme://host or scheme://host:port; 0: nothing. */
size_t origin_len(const char *text);

/* Is each of the list an origin: scheme://host or scheme://host:port, nothing behind it?
 * 0, or -1 with ERR_INVALID: the text quotes the first that is none. */
int origin_check(const char *list, struct err *e);
/* Does the list have what a browser sent as Origin? Case does not matter, nor does a port in the list
 * that http or https have anyway. "null" (a page without an origin) is in "*" only. */
bool origin_listed(const char *list, const char *origin);

#endif
