/* Random tokens and ids. */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "clock.h"

void random_bytes(void *out, size_t n)
{
	/* up to 256 bytes come whole or not at all (getrandom(2)) */
	if (getrandom(out, n, 0) != (ssize_t)n)
		abort();
}

uint32_t random_below(uint32_t bound)
{
	uint64_t r;

	random_bytes(&r, sizeof(r));
	return (uint32_t)(r % bound);
}

void random_token(char out[RANDOM_TOKEN])
{
	uint64_t r[2];

	random_bytes(r, sizeof(r));
	snprintf(out, RANDOM_TOKEN, "%016llx%016llx", (unsigned long long)r[0],
		 (unsigned long long)r[1]);
}

void random_jid(char out[RANDOM_JID])
{
	unsigned long long ms = (unsigned long long)(clock_wall_us() / 1000), r;

	random_bytes(&r, sizeof(r));
	snprintf(out, RANDOM_JID, "%011llx%013llx", ms & 0xfffffffffffULL, r >> 12);
}

void random_uuid(char out[RANDOM_UUID])
{
	unsigned long long ms = (unsigned long long)(clock_wall_us() / 1000), r[2];

	random_bytes(r, sizeof(r));
	snprintf(out, RANDOM_UUID, "%08llx-%04llx-7%03llx-%04llx-%012llx", ms >> 16 & 0xffffffff,
		 ms & 0xffff, r[0] & 0xfff, 0x8000 | (r[0] >> 12 & 0x3fff), r[1] >> 16);
}
