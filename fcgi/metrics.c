/* Metrics: what this machine's programs did and have open, and what waits in Redis. */
#include "metrics.h"

#include "clock.h"
#include "groups.h"
#include "health.h"
#include "outbox.h"
#include "search_state.h"
#include "service.h"

static void add_up(struct buf *text, const char *part, bool up)
{
	buf_addf(text, "parley_up{part=\"%s\"} %d\n", part, up);
}

static void add_depth(struct buf *text, const struct depth *d)
{
	const struct { struct metrics_gauge gauge; int64_t value; } single[] = {
		{ { "queue_in_flight", "Jobs that a worker has taken." }, d->in_flight },
		{ { "queue_retry", "Failed jobs that wait for their next try." }, d->retry },
		{ { "queue_schedule", "Jobs that wait for their time." }, d->schedule },
		{ { "queue_dead", "Jobs that nobody tries any more." }, d->dead },
	};
	size_t i;

	metrics_write_head(text, "queue_depth", "gauge", "Jobs that wait in a queue.");
	for (i = 0; i < DEPTH_QUEUE__MAX; i++)
		buf_addf(text, "queue_depth{queue=\"%s\"} %lld\n",
			 depth_queue_name((enum depth_queue)i), (long long)d->queue[i]);
	metrics_write_head(text, "queue_oldest_age_seconds", "gauge",
			   "Age of the oldest job that waits in the queue default.");
	buf_addf(text, "queue_oldest_age_seconds %.3f\n", (double)d->oldest_age_ms / 1000);
	for (i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		metrics_write_head(text, single[i].gauge.name, "gauge", single[i].gauge.help);
		buf_addf(text, "%s %lld\n", single[i].gauge.name, (long long)single[i].value);
	}
}

static void add_warnings(struct buf *text, struct redis *r)
{
	struct durability d;

	if (durability_read(&d, r, NULL))
		return;
	metrics_write_head(text, "redis_warnings", "gauge",
			   "What /health finds wrong with how safe Redis is.");
	buf_addf(text, "redis_warnings %zu\n", durability_warnings(&d));
}

static void add_gauge(struct buf *text, const char *name, const char *help)
{
	metrics_write_head(text, name, "gauge", help);
	buf_addf(text, "%s ", name);
}

static double seconds_since(int64_t us)
{
	int64_t now = clock_wall_us();

	return us && us < now ? (double)(now - us) / 1e6 : 0;
}

/* How far Elasticsearch is behind. */
static void add_index(struct buf *text, struct db *db)
{
	struct outbox_depth d;
	struct search_state s;

	if (outbox_depth(db, &d, NULL) || search_state_read(db, &s, NULL))
		return;
	add_gauge(text, "outbox_length", "Changes that Elasticsearch was not told of yet.");
	buf_addf(text, "%llu\n", (unsigned long long)d.waiting);
	add_gauge(text, "outbox_oldest_age_seconds", "Age of the oldest of them.");
	buf_addf(text, "%.3f\n", seconds_since(d.oldest_us));
	add_gauge(text, "outbox_refused", "Changes that Elasticsearch has refused, and that are set aside.");
	buf_addf(text, "%llu\n", (unsigned long long)d.refused);
	if (!s.succeeded_us)
		return;
	add_gauge(text, "index_last_success_seconds", "Time since Elasticsearch took what it was told, or nothing waited.");
	buf_addf(text, "%.3f\n", seconds_since(s.succeeded_us));
}

/* What cannot be asked is left out: a scrape never fails for a part that is down. */
static void metrics(struct service *s, struct request *r, struct reply *p)
{
	struct depth depth;
	bool redis, mysql;

	(void)r;
	redis = !queue_depth(&s->redis, clock_wall_us(), &depth, NULL);
	mysql = health_mysql(&s->db);
	p->status = 200;
	p->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_write_head(&p->body, "parley_up", "gauge",
			   "1: the part works. Without the part metrics, what is counted is missing here.");
	add_up(&p->body, "redis", redis);
	add_up(&p->body, "mysql", mysql);
	add_up(&p->body, "metrics", s->metrics.tally.file != NULL);
	if (redis) {
		add_depth(&p->body, &depth);
		add_warnings(&p->body, &s->redis);
	}
	if (mysql && elastic_configured(&s->conf))
		add_index(&p->body, &s->db);
	metrics_write(&s->metrics, &p->body);
}

const struct route metrics_routes[] = {
	{ HTTP_GET, "/metrics", metrics, ROUTE_ADMIN },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
