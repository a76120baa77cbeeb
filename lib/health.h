/* health: are the parts there? Each check is real and bounded in time by the connections' time-outs. */
#ifndef PARLEY_HEALTH_H
#define PARLEY_HEALTH_H

#include "db.h"
#include "durability.h"
#include "elastic.h"
#include "queue.h"
#include "redis.h"

enum health_status { HEALTH_OK, HEALTH_DOWN, HEALTH_DISABLED };

struct health_part {
	enum health_status status;
	int64_t latency_us; /* of the check; meaningful when it is not disabled */
};

struct health {
	struct health_part mysql, redis, elasticsearch;
	struct err elasticsearch_error; /* why it is down, for the log */
	bool durability_known;
	struct durability durability; /* of Redis */
	bool depth_known;
	struct depth depth;
};

void health_check(struct health *h, struct redis *r, struct db *db, struct elastic *el);
/* No part is down. */
bool health_good(const struct health *h);
const char *health_word(enum health_status s);

/* One question each, for load balancers. */
bool health_redis(struct redis *r);
bool health_mysql(struct db *db);

/* Does Elasticsearch answer, within a second, that its cluster is green or yellow? It is asked also while
 * its breaker is open, which is closed when it does. False: *e says why not. */
bool health_elasticsearch(struct elastic *el, struct err *e);

#endif
