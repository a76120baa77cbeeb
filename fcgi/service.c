/* What one FastCGI process works with, and the program around it. */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "handover.h"
#include "listen.h"
#include "log.h"
#include "pidfile.h"
#include "program.h"
#include "serve.h"
#include "supervise.h"

struct program { /* the master's; its processes inherit it */
	const struct service_kind *kind;
	struct service *service;
	char **argv;
	const char *listen;  /* NULL: where it is found by default */
	bool beside;         /* take the place of one that runs */
	bool unless_running; /* end well if one runs */
	struct listener listener;
	char *pid_file; /* owned */
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
static int run(void *arg, atomic_bool *up)
{
	const struct program *p = arg;
	struct service *s = p->service;
	struct err e = ERR_INIT;
	int status;

	s->catchup.wait_ms = s->conf.read_wait_ms;
	if (redis_init(&s->redis, &s->conf, &s->shared->redis, &e) ||
	    db_init(&s->db, &s->conf, DB_ROLE_REQUEST, &s->shared->db, &e) ||
	    elastic_init(&s->elastic, &s->conf, &e)) {
		LOG(LOG_ERROR, "cannot start", LOG_S("error", e.text));
		return 1;
	}
	open_metrics(s, p->kind->name);
	s->redis.metrics = s->db.metrics = s->elastic.metrics = &s->metrics;
	const struct serve serving = { .socket = p->listener.fd, .tables = p->kind->tables,
				       .service = s,
				       .guard = { s->conf.cors_origins, s->conf.admin_key },
				       .metrics = &s->metrics,
				       .requests = s->conf.process_requests,
				       .after = after,
				       .drain_ms = s->conf.stop_ms / 2,
				       .drain = &s->shared->drain, .up = up };

	status = serve(&serving);
	redis_clear(&s->redis);
	db_clear(&s->db);
	elastic_clear(&s->elastic);
	metrics_close(&s->metrics);
	return status;
}

/* ------------------------------------------------------------------ what the master does */

static void up(void *arg)
{
	struct program *p = arg;
	struct err e = ERR_INIT;

	if (listen_take_place(&p->listener, &e))
		LOG(LOG_ERROR, "cannot take the other's place", LOG_S("error", e.text));
	if (pidfile_write(p->pid_file, &e))
		LOG(LOG_WARN, "no pid file", LOG_S("error", e.text));
	LOG(LOG_INFO, "all processes are up", LOG_S("socket", p->listener.address));
}

/* Who waits in a socket that others have too can as well be served by them. */
static void shut(void *arg)
{
	struct program *p = arg;

	listen_shut(&p->listener);
	atomic_store(&p->service->shared->drain, p->listener.owner != LISTEN_FOREIGN);
}

static void replace(void *arg, pid_t *pids, size_t n)
{
	const struct program *p = arg;
	const struct handover h = { p->listener, pids, n };
	struct err e = ERR_INIT;

	LOG(LOG_INFO, "being replaced", LOG_N("processes", n));
	handover_give(&h, p->argv, &e);
	LOG(LOG_ERROR, "cannot be replaced and goes on as it was", LOG_S("error", e.text));
}

/* The socket, from the program before or anew. */
static int open_listener(struct program *p, struct handover *before, const char *address, struct err *e)
{
	int rc = handover_receive(before, e);

	if (rc)
		p->listener = before->socket;
	else
		rc = listen_open(&p->listener, address, p->beside, e);
	if (rc < 0)
		return -1;
	if (p->listener.owner != LISTEN_FOREIGN && strcmp(p->listener.address, address) != 0)
		LOG(LOG_WARN, "the socket stays where it was", LOG_S("socket", p->listener.address),
		    LOG_S("wanted", address));
	return 0;
}

static int keep_processes(struct program *p, const struct handover *before, struct err *e)
{
	struct service *s = p->service;
	const struct supervise how = {
		.processes = p->kind->processes(&s->conf), .stop_ms = s->conf.stop_ms,
		.argv = p->argv, .old = before->pids, .n_old = before->n,
		.arg = p, .run = run, .up = up, .shut = shut, .replace = replace,
	};
	int rc;

	LOG(LOG_INFO, "started", LOG_S("socket", p->listener.address),
	    LOG_N("processes", how.processes), LOG_N("of_before", how.n_old));
	program_check_redis(&s->conf);
	open_metrics(s, p->kind->name);
	metrics_close(&s->metrics);
	rc = supervise(&how, e);
	LOG(rc ? LOG_ERROR : LOG_INFO, "stopped", LOG_S("error", e->text));
	return rc;
}

static int master(struct program *p, const char *address)
{
	struct handover before = { .socket = { .fd = -1 } };
	struct err e = ERR_INIT;
	int rc;

	supervise_block_signals();
	rc = open_listener(p, &before, address, &e);
	if (rc && p->listener.taken && p->unless_running) {
		rc = 0;
	} else if (rc) {
		fprintf(stderr, "%s: %s\n", p->kind->name, e.text);
	} else {
		rc = keep_processes(p, &before, &e);
		pidfile_remove(p->pid_file);
	}
	handover_clear(&before);
	listen_clear(&p->listener);
	return rc ? 1 : 0;
}

static int with_settings(struct program *p)
{
	struct service *s = p->service;
	char *address = NULL;
	int status = 1;

	if (p->listen)
		address = strdup(p->listen);
	else if (asprintf(&address, "unix:%s/run/%s.sock", s->conf.var, p->kind->name) < 0)
		address = NULL;
	if (asprintf(&p->pid_file, "%s/run/%s.pid", s->conf.var, p->kind->name) < 0)
		p->pid_file = NULL;
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!address || !p->pid_file || s->shared == MAP_FAILED)
		LOG(LOG_ERROR, "cannot start", LOG_S("error", "out of memory"));
	else
		status = master(p, address);
	free(address);
	free(p->pid_file);
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
	struct program p = { .kind = kind, .argv = argv, .listener = { .fd = -1 } };
	const struct program_option options[] = {
		{ "--listen", "ADDRESS",
		  "unix:/path or host:port; by default a socket handed over, else "
		  "$PARLEY_VAR/run/NAME.sock", NULL, &p.listen, NULL },
		{ "--replace", "", "take the Unix socket's place from one that runs", NULL, NULL,
		  &p.beside },
		{ "--unless-running", "", "exit with 0 if one runs, so that cron may start it every minute",
		  NULL, NULL, &p.unless_running },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	int status = 1;

	if (argc == 2 && !strcmp(argv[1], "--routes"))
		return print_routes(kind->tables);
	p.service = calloc(1, sizeof(*p.service));
	if (!p.service)
		return 1;
	if (program_start(&p.service->conf, kind->name, kind->purpose, options, argc, argv,
			  &status) == PROGRAM_RUN)
		status = with_settings(&p);
	conf_clear(&p.service->conf);
	free(p.service);
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
