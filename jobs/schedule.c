/* schedule: brings back due retries and scheduled jobs, and the jobs of workers that are gone. */
#include "clock.h"
#include "key.h"
#include "log.h"
#include "worker.h"

static bool promote(struct worker *w, const char *zset)
{
	struct err e = ERR_INIT;
	int64_t moved = queue_promote(&w->redis, &w->db, zset, clock_wall_us(), &e);

	if (moved > 0)
		LOG(LOG_INFO, "due jobs queued", LOG_S("from", zset), LOG_N("jobs", moved));
	if (moved < 0)
		worker_back_off(w, "cannot look for due jobs", &e);
	return moved >= 0;
}

static bool reap(struct worker *w)
{
	struct err e = ERR_INIT;
	int64_t moved = queue_reap_lapsed(&w->redis, &e);

	if (moved > 0)
		LOG(LOG_WARN, "put back the jobs of workers that are gone", LOG_N("jobs", moved));
	if (moved < 0)
		worker_back_off(w, "cannot look for lapsed leases", &e);
	return moved >= 0;
}

static void loop(struct worker *w)
{
	int64_t promote_at = 0, reap_at = 0, now;

	while (worker_goes_on(w)) {
		if (!worker_ready(w))
			continue;
		now = clock_mono_ms();
		if (now >= reap_at && reap(w)) {
			reap_at = now + w->conf.reap_ms;
			worker_went_well(w);
		}
		if (now >= promote_at && promote(w, KEY_RETRY) && promote(w, KEY_SCHEDULE))
			promote_at = now + w->conf.promote_ms;
		worker_rest(w, promote_at < reap_at ? promote_at : reap_at);
	}
}

int main(int argc, char **argv)
{
	static const struct worker_kind kind = {
		.name = "schedule",
		.purpose = "Queues due retries and scheduled jobs, and those of workers that are gone.",
		.role = DB_ROLE_JOB,
	};

	return worker_main(&kind, argc, argv, loop);
}
