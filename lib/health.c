/* Are the parts there? */
#include "health.h"

#include <string.h>

#include "clock.h"

#define ELASTIC_TIMEOUT_MS 1000

const char *health_word(enum health_status s)
{
	static const char *const words[] = {
		[HEALTH_OK] = "ok", [HEALTH_DOWN] = "down", [HEALTH_DISABLED] = "disabled",
	};

	return words[s];
}

bool health_redis(struct redis *r)
{
	struct redis_call c;

	redis_command(&c, "PING");
	return !redis_send(r, &c, NULL, NULL);
}

bool health_mysql(struct db *db)
{
	int rc = db_row(db, DB_PING, NULL, 1, NULL);

	db_done(db);
	return rc == 1;
}

/* A cluster that is yellow has all its data. */
static int check_status(const struct elastic *el, struct json root, struct err *e)
{
	struct json status = json_member(root, "status");

	if (el->status != 200)
		return elastic_refused(el, e);
	if (json_equals(status, "green", 5) || json_equals(status, "yellow", 6))
		return 0;
	return err_set(e, ERR_ELASTIC, "elasticsearch: its cluster is %s",
		       json_equals(status, "red", 3) ? "red" : "in no state that is known");
}

bool health_elasticsearch(struct elastic *el, struct err *e)
{
	const struct elastic_request r = {
		.method = "GET", .check = true, .timeout_ms = ELASTIC_TIMEOUT_MS,
		.path = "/_cluster/health?filter_path=status&timeout=1s&master_timeout=1s",
	};
	struct json root = { 0 };

	if (elastic_json(el, &r, &root, e) || check_status(el, root, e))
		return false;
	elastic_well(el);
	return true;
}

static void note(struct health_part *part, bool ok, int64_t began_us)
{
	part->status = ok ? HEALTH_OK : HEALTH_DOWN;
	part->latency_us = clock_wall_us() - began_us;
}

void health_check(struct health *h, struct redis *r, struct db *db, struct elastic *el)
{
	int64_t began = clock_wall_us();

	memset(h, 0, sizeof(*h));
	note(&h->redis, health_redis(r), began);
	/* also when it answers PING with an error: what it tells of itself says why */
	h->durability_known = !durability_read(&h->durability, r, NULL);
	if (h->redis.status == HEALTH_OK)
		h->depth_known = !queue_depth(r, clock_wall_us(), &h->depth, NULL);
	began = clock_wall_us();
	note(&h->mysql, health_mysql(db), began);
	if (!elastic_configured(el->conf)) {
		h->elasticsearch.status = HEALTH_DISABLED;
		return;
	}
	began = clock_wall_us();
	note(&h->elasticsearch, health_elasticsearch(el, &h->elasticsearch_error), began);
}

bool health_good(const struct health *h)
{
	return h->mysql.status != HEALTH_DOWN && h->redis.status != HEALTH_DOWN &&
	       h->elasticsearch.status != HEALTH_DOWN;
}
