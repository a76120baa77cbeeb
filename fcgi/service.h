/* service: what one FastCGI process works with, and the main program that all of them share. */
#ifndef PARLEY_SERVICE_H
#define PARLEY_SERVICE_H

#include <stdatomic.h>

#include "backlog.h"
#include "breaker.h"
#include "catchup.h"
#include "conf.h"
#include "db.h"
#include "elastic.h"
#include "metrics.h"
#include "redis.h"
#include "route.h"
#include "tenant.h"

/* In memory that the master shares with its processes. */
struct service_shared {
	struct breaker redis, db;
	atomic_bool drain; /* nobody will listen after these processes */
};

struct service {
	struct conf conf;
	struct service_shared *shared;
	struct metrics metrics; /* this process's */
	bool without_metrics;   /* the master could not open them, and has said so */
	struct redis redis;
	struct db db;
	struct elastic elastic;
	bool fell_back; /* the last search was one for Elasticsearch, and MySQL had to answer it */
	struct tenants tenants;
	struct catchup catchup;
	struct backlog backlog;
};

struct service_kind {
	const char *name, *purpose;
	const struct route *const *tables;       /* ends with NULL */
	int64_t (*processes)(const struct conf *c);
};

/* The whole program: options, settings, socket, master and processes. Returns the exit status. */
int service_main(const struct service_kind *kind, int argc, char **argv);

/* ---- used by several groups of routes */

/* 404. */
void service_no_application(struct reply *p);
void service_no_chat(struct reply *p);
/* The id of the path's application, or 0: the reply is filled in (404, 503). */
uint64_t service_application(struct service *s, const struct request *r, struct reply *p);

#endif
