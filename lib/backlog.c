/* The age of what waits. */
#include "backlog.h"

#include "clock.h"
#include "queue.h"

#define LOOK_MS 1000

int backlog_check(struct backlog *b, struct redis *r, struct err *e)
{
	int64_t limit_s = r->conf->queue_age_limit_s, now = clock_mono_ms();

	if (!limit_s)
		return 0;
	if (now >= b->next_ms) {
		b->next_ms = now + LOOK_MS;
		if (queue_age(r, clock_wall_us(), &b->age_ms, NULL))
			b->age_ms = 0;
	}
	if (b->age_ms <= limit_s * 1000)
		return 0;
	return err_set(e, ERR_SCRIPT, "QFULL the oldest job waits for %lld s",
		       (long long)b->age_ms / 1000);
}
