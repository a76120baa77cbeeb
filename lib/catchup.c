/* A read waits for accepted writes to be stored. */
#include "catchup.h"

#include "clock.h"

#define FIRST_PAUSE_MS 1
#define LONGEST_PAUSE_MS 20
#define PATIENCE_LOST_MS 1000

int catchup_wait(struct catchup *c, int (*arrived)(void *arg, struct err *e), void *arg,
		 struct err *e)
{
	int64_t now = clock_mono_ms(), until = now + c->wait_ms, pause = FIRST_PAUSE_MS;
	int rc = 0;

	if (now < c->not_before_ms)
		return 0;
	while (!rc && now < until) {
		clock_sleep_ms(pause < until - now ? pause : until - now);
		pause = pause * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : pause * 2;
		rc = arrived(arg, e);
		now = clock_mono_ms();
	}
	if (!rc)
		c->not_before_ms = now + PATIENCE_LOST_MS;
	return rc;
}
