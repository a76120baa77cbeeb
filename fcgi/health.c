/* Health: for people and monitoring, and for load balancers. */
#include "health.h"

#include "groups.h"
#include "log.h"
#include "service.h"

static void add_part(struct buf *json, const char *name, const struct health_part *part,
		     const struct durability *durability)
{
	buf_addf(json, "\"%s\":{\"status\":\"%s\"", name, health_word(part->status));
	if (part->status != HEALTH_DISABLED)
		buf_addf(json, ",\"latency_ms\":%.3f", (double)part->latency_us / 1000);
	if (durability)
		durability_write(durability, json);
	buf_addch(json, '}');
}

static void add_queue(struct buf *json, const struct health *h)
{
	const struct depth *d = &h->depth;

	if (!h->depth_known) {
		buf_addstr(json, "\"queue\":{\"depth\":null,\"oldest_age_s\":null,\"retry\":null,"
				 "\"dead\":null}");
		return;
	}
	buf_addf(json,
		 "\"queue\":{\"depth\":%lld,\"oldest_age_s\":%.3f,\"retry\":%lld,\"dead\":%lld}",
		 (long long)d->queued + (long long)d->in_flight, (double)d->oldest_age_ms / 1000,
		 (long long)d->retry, (long long)d->dead);
}

static void health(struct service *s, struct request *r, struct reply *p)
{
	struct health h;
	bool good;

	(void)r;
	health_check(&h, &s->redis, &s->db, &s->elastic);
	if (h.elasticsearch.status == HEALTH_DOWN)
		LOG(LOG_WARN, "elasticsearch is down", LOG_S("error", h.elasticsearch_error.text));
	good = health_good(&h);
	reply_json(p, good ? 200 : 503);
	buf_addf(&p->body, "{\"status\":\"%s\",\"services\":{", good ? "healthy" : "unhealthy");
	add_part(&p->body, "mysql", &h.mysql, NULL);
	buf_addch(&p->body, ',');
	add_part(&p->body, "redis", &h.redis, h.durability_known ? &h.durability : NULL);
	buf_addch(&p->body, ',');
	add_part(&p->body, "elasticsearch", &h.elasticsearch, NULL);
	buf_addstr(&p->body, "},");
	add_queue(&p->body, &h);
	buf_addch(&p->body, '}');
}

/* ------------------------------------------------------------------ for load balancers */

static void answer(struct reply *p, bool good, const char *word)
{
	reply_json(p, good ? 200 : 503);
	buf_addf(&p->body, "{\"status\":\"%s\"}", word);
}

static void live(struct service *s, struct request *r, struct reply *p)
{
	(void)s;
	(void)r;
	answer(p, true, "live");
}

static void answer_ready(struct reply *p, bool good)
{
	answer(p, good, good ? "ready" : "not ready");
}

/* Without Redis it reads, without MySQL it takes messages. */
static void api_ready(struct service *s, struct request *r, struct reply *p)
{
	(void)r;
	answer_ready(p, health_redis(&s->redis) || health_mysql(&s->db));
}

static void writer_ready(struct service *s, struct request *r, struct reply *p)
{
	(void)r;
	answer_ready(p, health_redis(&s->redis));
}

const struct route health_routes[] = {
	{ HTTP_GET, "/health", health, 0 },
	{ HTTP_GET, "/health/live", live, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};

const struct route api_ready_routes[] = {
	{ HTTP_GET, "/health/ready", api_ready, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};

const struct route writer_ready_routes[] = {
	{ HTTP_GET, "/health/ready", writer_ready, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
