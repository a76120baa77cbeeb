/* What every job program is made of. */
#include "worker.h"

#include <string.h>
#include <sys/time.h>

#include "clock.h"
#include "compare.h"
#include "log.h"
#include "program.h"
#include "stop.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000

static bool take_slot(struct worker *w, const struct worker_kind *kind, int64_t wanted, int *status)
{
	int64_t most = kind->many ? w->conf.workers : 1;
	struct err e = ERR_INIT;
	int taken = slot_take(&w->slot, &w->conf, kind->name, wanted, most, &e);

	*status = taken < 0;
	if (taken < 0)
		LOG(LOG_ERROR, "no slot", LOG_S("error", e.text));
	return taken == 1;
}

/* A program without metrics works on. */
static void open_metrics(struct worker *w, const char *name)
{
	struct err e = ERR_INIT;

	if (metrics_open(&w->metrics, &w->conf, name, &e))
		LOG(LOG_WARN, "no metrics", LOG_S("error", e.text));
	w->redis.metrics = w->db.metrics = &w->metrics;
}

static bool connections(struct worker *w, const struct worker_kind *kind, int *status)
{
	struct err e = ERR_INIT;

	if (redis_init(&w->redis, &w->conf, NULL, &e) ||
	    db_init(&w->db, &w->conf, kind->role, NULL, &e)) {
		LOG(LOG_ERROR, "cannot start", LOG_S("error", e.text));
		*status = 1;
		return false;
	}
	open_metrics(w, kind->name);
	queue_init(&w->queue, &w->redis, kind->queue ? kind->queue : "", w->slot.name);
	w->reaped = !kind->queue;
	return true;
}

static void end(struct worker *w)
{
	if (w->until_ms)
		LOG(LOG_INFO, "stopped", LOG_S("slot", w->slot.name));
	if (w->redis.conf)
		redis_clear(&w->redis);
	if (w->db.conf)
		db_clear(&w->db);
	metrics_close(&w->metrics);
	slot_release(&w->slot);
	conf_clear(&w->conf);
}

/* True: work. False: exit with *status. */
static bool start(struct worker *w, const struct worker_kind *kind, int argc, char **argv, int *status)
{
	int64_t wanted = 0, seconds = 0;
	const struct program_option options[] = {
		{ "--slot", "N", "take this slot, not the lowest free one", &wanted, NULL, NULL },
		{ "--for", "SECONDS", "stop after so long, between two batches", &seconds, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum program_start how;

	memset(w, 0, sizeof(*w));
	w->slot.fd = -1;
	*status = 0;
	how = program_start(&w->conf, kind->name, kind->purpose, options, argc, argv, status);
	if (how != PROGRAM_RUN || (kind->wanted && !kind->wanted(&w->conf)) || !take_slot(w, kind, wanted, status) ||
	    !connections(w, kind, status)) {
		end(w);
		return false;
	}
	w->until_ms = seconds ? clock_mono_ms() + seconds * 1000 : INT64_MAX;
	stop_catch();
	LOG(LOG_INFO, "started", LOG_S("slot", w->slot.name));
	program_check_redis(&w->conf);
	return true;
}

int worker_main(const struct worker_kind *kind, int argc, char **argv, void (*run)(struct worker *w))
{
	struct worker w;
	int status;

	if (!start(&w, kind, argc, argv, &status))
		return status;
	run(&w);
	end(&w);
	return 0;
}

bool worker_goes_on(const struct worker *w)
{
	return !stop_asked() && clock_mono_ms() < w->until_ms;
}

void worker_went_well(struct worker *w)
{
	w->back_off_ms = 0;
}

/* Between two pauses the lease is renewed: a longer one would let it lapse, and count as a worker that died. */
static int64_t longest_pause(const struct worker *w)
{
	int64_t renewal_ms = w->conf.lease_ms / 6;

	return renewal_ms < PAUSE_MAX_MS ? renewal_ms : PAUSE_MAX_MS;
}

void worker_back_off(struct worker *w, const char *what, const struct err *e)
{
	int64_t most_ms = longest_pause(w);

	if (w->back_off_ms < PAUSE_MIN_MS)
		w->back_off_ms = PAUSE_MIN_MS < most_ms ? PAUSE_MIN_MS : most_ms;
	LOG(LOG_WARN, what, LOG_S("error", e->text), LOG_N("pause_ms", w->back_off_ms));
	worker_alarm(0);
	clock_sleep_ms(w->back_off_ms);
	w->back_off_ms = w->back_off_ms * 2 > most_ms ? most_ms : w->back_off_ms * 2;
}

static bool reap_own(struct worker *w, struct err *e)
{
	int64_t moved = queue_reap_own(&w->queue, e);

	if (moved < 0)
		return false;
	if (moved > 0)
		LOG(LOG_WARN, "put back what the last process of this slot left",
		    LOG_N("jobs", moved));
	w->reaped = true;
	return true;
}

/* 1: go on; 0: Redis had gone back and is recovered; -1 */
static int prepare(struct worker *w, struct err *e)
{
	if (!compare(&w->redis, &w->db, e) && (w->reaped || reap_own(w, e)))
		return 1;
	return e->code == ERR_BEHIND && program_recover(&w->redis, &w->db) ? 0 : -1;
}

bool worker_ready(struct worker *w)
{
	struct err e = ERR_INIT;
	int rc = prepare(w, &e);

	if (rc < 0)
		worker_back_off(w, "not ready", &e);
	else if (!rc)
		worker_went_well(w);
	return rc > 0;
}

int worker_prepare(struct worker *w, struct err *e)
{
	int rc = prepare(w, e);

	return rc > 0 || (!rc && prepare(w, e) > 0) ? 0 : -1;
}

/* In short steps, so that a stop is not kept waiting. */
void worker_rest(const struct worker *w, int64_t until_ms)
{
	while (worker_goes_on(w) && clock_mono_ms() < until_ms)
		clock_sleep_ms(until_ms - clock_mono_ms() < 100 ? until_ms - clock_mono_ms() : 100);
}

void worker_alarm(int64_t ms)
{
	struct itimerval t = { .it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void one_batch(struct worker *w, void (*work)(struct worker *, struct batch *), struct batch *b)
{
	metrics_begin(&w->metrics);
	work(w, b); /* whether that goes well is for it to say */
	metrics_end(&w->metrics);
}

static void one_round(struct worker *w, void (*work)(struct worker *, struct batch *))
{
	struct err e = ERR_INIT;
	struct batch b;

	if (!worker_ready(w))
		return;
	if (queue_drain(&w->queue, w->conf.batch_jobs, &b, &e)) {
		worker_back_off(w, "cannot take jobs", &e);
		return;
	}
	if (!b.seq && !b.n)
		w->redis.compared = false; /* queue_seq is missing, or nothing was ever given: look */
	if (b.n)
		one_batch(w, work, &b);
	else if (!queue_wait(&w->queue, w->conf.wait_s, &e))
		worker_went_well(w);
	else if (!stop_asked())
		worker_back_off(w, "cannot wait for jobs", &e);
	batch_clear(&b);
}

void worker_loop(struct worker *w, void (*work)(struct worker *w, struct batch *b))
{
	while (worker_goes_on(w))
		one_round(w, work);
}
