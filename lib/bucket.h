/* bucket: which tokens are ours. Where several whole Parleys (cells) share the load, a token's first two
 * hex digits, its bucket, say which of them has the application. Lists are as "00-3f,80". */
#ifndef PARLEY_BUCKET_H
#define PARLEY_BUCKET_H

#include "err.h"
#include "random.h"

/* 0, or -1 with ERR_INVALID: not a list of buckets, or an empty one. */
int bucket_check(const char *list, struct err *e);
/* A new token, its bucket one of a valid list's: each is as likely. */
void bucket_token(const char *list, char out[RANDOM_TOKEN]);

#endif
