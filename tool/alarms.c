/* What `queue status --alert` says. */
#include <string.h>

#include "clock.h"
#include "show.h"
#include "status.h"

#define LOOK_EVERY_MS 500
#define OVERDUE_S 60    /* what is due is queued within seconds, where `schedule` runs */
#define FAILING_S 86400 /* what has failed for a day needs somebody */
#define US 1000000LL

struct alarms {
	struct buf *out;
	struct status *s;
	const struct alarm_limits *limits;
	int n;
};

/* A line: "<number><what>"; how many there are is part of it when `n` is not below 0. */
static void raise_alarm(struct alarms *a, int64_t n, const char *what)
{
	if (n >= 0)
		show_number(a->out, n);
	buf_addf(a->out, "%s\n", what);
	a->n++;
}

static void span_alarm(struct alarms *a, const char *before, int64_t ms, const char *behind)
{
	buf_addstr(a->out, before);
	show_span(a->out, ms);
	buf_addf(a->out, "%s\n", behind);
	a->n++;
}

static void see_servers(struct alarms *a)
{
	const struct err *errors[] = { &a->s->redis, &a->s->mysql, &a->s->slots };
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i]->code != ERR_NONE)
			raise_alarm(a, -1, errors[i]->text);
}

static void see_queues(struct alarms *a)
{
	const struct status *s = a->s;
	int64_t depth = s->depth.queued + s->depth.in_flight, age_s = s->depth.oldest_age_ms / 1000;
	size_t i;

	if (depth > a->limits->depth)
		raise_alarm(a, depth, " jobs wait: the queue is deep");
	if (age_s > a->limits->age_s)
		span_alarm(a, "the oldest job in `default` has waited for ", s->depth.oldest_age_ms, "");
	for (i = 0; i < s->queues; i++)
		if (!strcmp(s->queue[i].name, JOB_QUEUE_UNCLAIMED) && s->queue[i].n)
			raise_alarm(a, s->queue[i].n,
				    " jobs of unknown classes wait in `unclaimed` (queue peek unclaimed)");
}

static void see_zsets(struct alarms *a)
{
	const struct status_place *retry = &a->s->zset[0], *dead = &a->s->zset[2], *p;

	if (dead->n)
		raise_alarm(a, dead->n, " dead: they were given up (queue peek dead)");
	for (p = retry; p < dead; p++)
		if (p->n && p->oldest_us + OVERDUE_S * US < a->s->now_us) {
			buf_addf(a->out, "%s: ", p->name);
			span_alarm(a, "the first job is overdue by ", (a->s->now_us - p->oldest_us) / 1000,
				   ": does `schedule` run?");
		}
	if (retry->failing_us && retry->failing_us + FAILING_S * US < a->s->now_us)
		span_alarm(a, "retry: a job has been failing for ",
			   (a->s->now_us - retry->failing_us) / 1000, " (queue peek retry)");
}

static void see_history(struct alarms *a)
{
	const struct status *s = a->s;

	if (s->losses)
		raise_alarm(a, (int64_t)s->losses,
			    " times Redis lost what it had acknowledged (queue verify; queue repair)");
	if (s->redis.code != ERR_NONE || s->mysql.code != ERR_NONE)
		return;
	if (s->mark && (!s->queue_seq_there || s->queue_seq < s->mark))
		raise_alarm(a, -1, "Redis is behind what MySQL has seen of it: creating is refused");
}

static void see_outbox(struct alarms *a)
{
	const struct status *s = a->s;
	int64_t ms = s->outbox.waiting ? (s->now_us - s->outbox.oldest_us) / 1000 : 0;

	if (s->mysql.code != ERR_NONE || !s->elastic)
		return;
	if (ms / 1000 > a->limits->age_s)
		span_alarm(a, "Elasticsearch has not been told what changed for ", ms, ": does `index` run?");
	if (s->outbox.refused)
		raise_alarm(a, (int64_t)s->outbox.refused, " changes were refused by Elasticsearch (queue verify)");
}

/* Cron starts a job program within a minute of the last one's end: only who is not seen for longer than
 * that is missing. */
static void see_workers(struct alarms *a, struct tool *t)
{
	int64_t until = clock_mono_ms() + a->limits->wait_s * 1000;

	while (!status_stores(a->s) && clock_mono_ms() < until) {
		clock_sleep_ms(LOOK_EVERY_MS);
		status_read_workers(a->s, t);
	}
	if (!status_stores(a->s))
		raise_alarm(a, -1, "no worker is alive: nothing is stored");
}

int status_alarms(struct buf *out, struct status *s, struct tool *t, const struct alarm_limits *l)
{
	struct alarms a = { out, s, l, 0 };

	see_servers(&a);
	if (s->redis.code == ERR_NONE) {
		see_queues(&a);
		see_zsets(&a);
	}
	see_history(&a);
	see_outbox(&a);
	see_workers(&a, t);
	return a.n;
}
