/* random: tokens and ids from getrandom(2). */
#ifndef PARLEY_RANDOM_H
#define PARLEY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#define RANDOM_TOKEN 33 /* 32 hex digits and NUL */
#define RANDOM_JID 25   /* 24 hex digits and NUL */
#define RANDOM_UUID 37

/* Fills n bytes (at most 256). Cannot fail once the system is up; aborts if it does. */
void random_bytes(void *out, size_t n);
/* 0 <= result < bound */
uint32_t random_below(uint32_t bound);

/* 32 lower-case hex digits, all random: an application's token, a lease's token. */
void random_token(char out[RANDOM_TOKEN]);
/* A Sidekiq jid that grows with time, so that the index of job keys grows at its end:
 * 11 hex digits of milliseconds since 1970, 13 random ones. */
void random_jid(char out[RANDOM_JID]);
/* RFC 9562 UUID, version 7 (grows with time). */
void random_uuid(char out[RANDOM_UUID]);

#endif
