/* Metrics: what this machine's programs did and have open, and what waits in Redis. */
#include "metrics.h"

#include "clock.h"
#include "groups.h"
#include "health.h"
#include "outbox.h"
#include "room.h"
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

struct taken {
	const char *server;
	struct room room;
};

/* Of a server that does not tell there is nothing. */
static void add_connections(struct buf *text, const struct room_mysql *mysql, const struct room_redis *redis)
{
	const struct taken rows[] = { { "mysql", mysql->connections },
				      { "mysql_account", mysql->account },
				      { "redis", redis->connections } };
	size_t i, n = sizeof(rows) / sizeof(rows[0]);

	metrics_write_head(text, "server_connections", "gauge",
			   "Connections that a server has, those of others included.");
	for (i = 0; i < n; i++)
		if (rows[i].room.used)
			buf_addf(text, "server_connections{server=\"%s\"} %llu\n", rows[i].server,
				 (unsigned long long)rows[i].room.used);
	metrics_write_head(text, "server_connections_limit", "gauge", "Connections that it allows.");
	for (i = 0; i < n; i++)
		if (rows[i].room.limit)
			buf_addf(text, "server_connections_limit{server=\"%s\"} %llu\n", rows[i].server,
				 (unsigned long long)rows[i].room.limit);
}

static void add_memory(struct buf *text, const struct room *memory)
{
	if (!memory->used)
		return;
	add_gauge(text, "redis_memory_bytes", "Memory that Redis has in use.");
	buf_addf(text, "%llu\n", (unsigned long long)memory->used);
	if (!memory->limit)
		return;
	add_gauge(text, "redis_memory_limit_bytes", "Its maxmemory, from which on it takes nothing more.");
	buf_addf(text, "%llu\n", (unsigned long long)memory->limit);
}

static void add_rooms(struct service *s, bool redis, bool mysql, struct buf *text)
{
	struct room_mysql m = { 0 };
	struct room_redis r = { 0 };

	if (mysql && room_mysql(&m, &s->db, NULL))
		m = (struct room_mysql){ 0 };
	if (redis && room_redis(&r, &s->redis, NULL))
		r = (struct room_redis){ 0 };
	add_connections(text, &m, &r);
	add_memory(text, &r.memory);
}

/* What all programs counted, and whether each that belongs to this machine's Parley is there. */
static void add_counted(const struct service *s, struct buf *text)
{
	const struct conf *c = &s->conf;
	const struct metrics_wanted wanted[] = {
		{ "api", c->api_processes },  { "writer", c->writer_processes },
		{ "search", c->search_processes }, { "persist", c->workers },
		{ "recount", 1 }, { "schedule", 1 }, { "purge", 1 },
		{ "index", elastic_configured(c) },
	};
	const size_t n = sizeof(wanted) / sizeof(wanted[0]);

	_Static_assert(sizeof(wanted) / sizeof(wanted[0]) <= METRICS_WANTED, "they have room");
	metrics_write(&s->metrics, wanted, n, text);
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
	add_rooms(s, redis, mysql, &p->body);
	if (mysql && elastic_configured(&s->conf))
		add_index(&p->body, &s->db);
	add_counted(s, &p->body);
}

const struct route metrics_routes[] = {
	{ HTTP_GET, "/metrics", metrics, ROUTE_ADMIN },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
