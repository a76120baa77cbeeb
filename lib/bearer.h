/* bearer: a key in an Authorization header (RFC 6750). */
#ifndef PARLEY_BEARER_H
#define PARLEY_BEARER_H

#include "err.h"

enum bearer {
	BEARER_NONE,  /* no such header, or of another scheme */
	BEARER_WRONG,
	BEARER_RIGHT
};

/* Compares in a time that depends on neither key. */
enum bearer bearer_compare(const char *authorization, const char *key);
/* Can the key be sent in that header? 0, or -1 with ERR_INVALID: the text does not quote the key. */
int bearer_check_key(const char *key, struct err *e);

#endif
