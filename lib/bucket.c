/* Buckets of tokens. */
#include "bucket.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS 256

struct buckets {
	bool ours[BUCKETS];
};

/* Two lower-case hex digits, which are stepped over. -1: there are none. */
static int read_bucket(const char **at)
{
	static const char digits[] = "0123456789abcdef";
	const char *high = **at ? strchr(digits, **at) : NULL;
	const char *low = high && (*at)[1] ? strchr(digits, (*at)[1]) : NULL;

	if (!low)
		return -1;
	*at += 2;
	return (int)((high - digits) * 16 + (low - digits));
}

/* False: not a list. */
static bool parse(struct buckets *b, const char *list)
{
	int from, to, i;

	memset(b, 0, sizeof(*b));
	for (;;) {
		from = to = read_bucket(&list);
		if (from >= 0 && *list == '-') {
			list++;
			to = read_bucket(&list);
		}
		if (from < 0 || to < from)
			return false;
		for (i = from; i <= to; i++)
			b->ours[i] = true;
		if (!*list)
			return true;
		if (*list++ != ',')
			return false;
	}
}

int bucket_check(const char *list, struct err *e)
{
	struct buckets b;

	if (parse(&b, list))
		return 0;
	return err_set(e, ERR_INVALID, "\"%.80s\" is no list of buckets such as 00-3f,80", list);
}

void bucket_token(const char *list, char out[RANDOM_TOKEN])
{
	uint32_t chosen, n = 0;
	struct buckets b;
	char digits[3];
	int i;

	random_token(out);
	if (!parse(&b, list))
		return;
	for (i = 0; i < BUCKETS; i++)
		n += b.ours[i];
	chosen = random_below(n);
	for (i = 0; !b.ours[i] || chosen--; i++)
		;
	snprintf(digits, sizeof(digits), "%02x", (unsigned)i);
	memcpy(out, digits, 2);
}
