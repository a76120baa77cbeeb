/* What one FastCGI process works with, and the program around it. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "listen.h"
#include "log.h"
#include "program.h"
#include "serve.h"
#include "supervise.h"

struct process { /* what a process is started with */
	const struct service_kind *kind;
	struct service *service;
	int socket;
};

/* A program without metrics works on; that they are missing is said once. */
static void open_metrics(struct service *s, const char *name)
{
	struct err e = ERR_INIT;

	if (s->without_metrics || !metrics_open(&s->metrics, &s->conf, name, &e))
		return;
	LOG(LOG_WARN, "no metrics", LOG_S("error", e.text));
	s->without_metrics = true;
}

/* A request that met a Redis that went back was answered 503; the recovery is nobody's request. */
static void after(struct service *s)
{
	if (s->redis.behind)
		program_recover(&s->redis, &s->db);
}

/* Runs in the process, after the fork: connections are its own. */
static int run(void *arg)
{
	struct process *p = arg;
	struct service *s = p->service;
	struct err e = ERR_INIT;
	int status;

	s->catchup.wait_ms = s->conf.read_wait_ms;
	if (redis_init(&s->redis, &s->conf, &s->shared->redis, &e) ||
	    db_init(&s->db, &s->conf, DB_ROLE_REQUEST, &s->shared->db, &e)) {
		LOG(LOG_ERROR, "cannot start", LOG_S("error", e.text));
		return 1;
	}
	open_metrics(s, p->kind->name);
	s->redis.metrics = s->db.metrics = &s->metrics;
	const struct serve serving = { p->socket, p->kind->tables, s,
				       { s->conf.cors_origins, s->conf.admin_key }, &s->metrics,
				       s->conf.process_requests, after };

	status = serve(&serving);
	redis_clear(&s->redis);
	db_clear(&s->db);
	metrics_close(&s->metrics);
	return status;
}

static int master(const struct service_kind *kind, struct service *s, const char *address)
{
	struct err e = ERR_INIT;
	struct process p = { kind, s, listen_open(address, &e) };
	const struct supervise how = { kind->processes(&s->conf), s->conf.stop_ms, run, &p };
	int rc;

	if (p.socket < 0) {
		fprintf(stderr, "%s: %s\n", kind->name, e.text);
		return 1;
	}
	LOG(LOG_INFO, "started", LOG_S("socket", address), LOG_N("processes", how.processes));
	open_metrics(s, kind->name);
	metrics_close(&s->metrics);
	rc = supervise(&how, &e);
	listen_remove(address);
	LOG(rc ? LOG_ERROR : LOG_INFO, "stopped", LOG_S("error", e.text));
	return rc ? 1 : 0;
}

static int with_settings(const struct service_kind *kind, struct service *s, const char *listen)
{
	char *address = NULL;
	int status = 1;

	if (listen)
		address = strdup(listen);
	else if (asprintf(&address, "unix:%s/run/%s.sock", s->conf.var, kind->name) < 0)
		address = NULL;
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!address || s->shared == MAP_FAILED)
		LOG(LOG_ERROR, "cannot start", LOG_S("error", "out of memory"));
	else
		status = master(kind, s, address);
	free(address);
	return status;
}

/* --routes, for the test that compares them with doc/openapi.json: METHOD PATTERN [admin] */
static int print_routes(const struct route *const *tables)
{
	const struct route *route;

	for (; *tables; tables++)
		for (route = *tables; route->pattern; route++)
			printf("%s %s%s\n", http_method_name(route->method), route->pattern,
			       route->flags & ROUTE_ADMIN ? " admin" : "");
	return 0;
}

int service_main(const struct service_kind *kind, int argc, char **argv)
{
	const char *listen = NULL;
	const struct program_option options[] = {
		{ "--listen", "ADDRESS",
		  "unix:/path or host:port; by default a socket handed over, else "
		  "$PARLEY_VAR/run/NAME.sock", NULL, &listen },
		{ NULL, NULL, NULL, NULL, NULL },
	};
	struct service *s;
	int status = 1;

	if (argc == 2 && !strcmp(argv[1], "--routes"))
		return print_routes(kind->tables);
	s = calloc(1, sizeof(*s));
	if (!s)
		return 1;
	if (program_start(&s->conf, kind->name, kind->purpose, options, argc, argv, &status) ==
	    PROGRAM_RUN)
		status = with_settings(kind, s, listen);
	conf_clear(&s->conf);
	free(s);
	return status;
}

/* ------------------------------------------------------------------ for the handlers */

void service_no_application(struct reply *p)
{
	reply_problem(p, PROBLEM_NOT_FOUND, "There is no such application.");
}

void service_no_chat(struct reply *p)
{
	reply_problem(p, PROBLEM_NOT_FOUND, "There is no such chat.");
}

uint64_t service_application(struct service *s, const struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;
	uint64_t id = 0;
	int rc = tenant_find(&s->tenants, &s->redis, &s->db, r->token, &id, &e);

	if (rc == 1)
		return id;
	if (rc)
		reply_error(p, &e);
	else
		service_no_application(p);
	return 0;
}
