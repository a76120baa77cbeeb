/* What `queue verify` finds. */
#include "difference.h"

#include <string.h>

#include "json.h"

const char *difference_name(enum difference_kind k)
{
	static const char *const names[DIFFERENCE__MAX] = {
		[DIFFERENCE_BEHIND] = "behind",
		[DIFFERENCE_COUNTER_LOW] = "counter_low",
		[DIFFERENCE_COUNTER_MISSING] = "counter_missing",
		[DIFFERENCE_COUNTER_LEFT] = "counter_left",
		[DIFFERENCE_LEFTOVER] = "leftover",
		[DIFFERENCE_ENTRY] = "entry",
		[DIFFERENCE_GAP] = "gap",
		[DIFFERENCE_STORED] = "stored",
		[DIFFERENCE_COUNT] = "count",
		[DIFFERENCE_LAST] = "last",
		[DIFFERENCE_LOSS] = "loss",
		[DIFFERENCE_NO_INDEX] = "no_index",
		[DIFFERENCE_REFUSED] = "refused",
		[DIFFERENCE_INDEX] = "index",
	};

	return names[k];
}

void difference_text(struct buf *out, const struct difference *d)
{
	if (*d->token)
		buf_addf(out, "%.6s", d->token);
	if (d->chat)
		buf_addf(out, " chat %lu", (unsigned long)d->chat);
	buf_addf(out, "%s%s", *d->token ? ": " : "", d->detail);
}

void difference_json(struct buf *out, const struct difference *d)
{
	buf_addf(out, "{\"kind\":\"%s\"", difference_name(d->kind));
	if (*d->token)
		buf_addf(out, ",\"application\":\"%.6s\"", d->token);
	if (d->chat)
		buf_addf(out, ",\"chat\":%lu", (unsigned long)d->chat);
	if (d->from && d->from == d->to)
		buf_addf(out, ",\"number\":%lu", (unsigned long)d->from);
	if (d->from)
		buf_addf(out, ",\"from\":%lu,\"to\":%lu,\"missing\":%llu", (unsigned long)d->from,
			 (unsigned long)d->to, (unsigned long long)d->missing);
	buf_addstr(out, ",\"detail\":");
	json_quote(out, d->detail, strlen(d->detail));
	buf_addch(out, '}');
}
