/* reindex: makes a new index of Elasticsearch beside the old one, by hand (doc/search.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "elastic_index.h"
#include "key.h"
#include "log.h"
#include "outbox.h"
#include "program.h"
#include "reindex.h"
#include "stop.h"

#define LLU(n) ((unsigned long long)(n))

enum { GOOD, BAD, USAGE };

struct run {
	struct conf conf;
	struct db db;
	struct elastic el;
	const char *token;
	bool dry, json, old, cancel;
};

static int failed(const char *what)
{
	fprintf(stderr, "reindex: %s\n", what);
	return BAD;
}

static void waits(void *arg, const struct err *e, int64_t pause_ms)
{
	(void)arg;
	fprintf(stderr, "reindex: %s; again in %.3g s\n", e->text, (double)pause_ms / 1000);
}

/* The application of the token. 1, 0: there is none, -1. */
static int find_application(struct run *r, uint64_t *id, struct err *e)
{
	const struct db_value token[] = { DB_STR(r->token) };
	int rc = db_row(&r->db, DB_APPLICATION_ID, token, 1, e);

	*id = rc > 0 ? db_number(&r->db, 0) : 0;
	db_done(&r->db);
	return rc ? rc : err_set(e, ERR_INVALID, "there is no application with this token");
}

/* How many chats and messages have ids from..to, deleted ones included. */
static int count(struct run *r, uint64_t from, uint64_t to, uint64_t *chats, uint64_t *messages, struct err *e)
{
	const struct db_value range[] = { DB_U64(from), DB_U64(to) };

	if (db_row(&r->db, DB_VERIFY_TOTAL, range, 1, e) < 1)
		return -1;
	*chats = db_number(&r->db, 0);
	*messages = db_number(&r->db, 1);
	db_done(&r->db);
	return 0;
}

/* ------------------------------------------------------------------ a new index */

static int say_done(const struct run *r, const struct reindex *x)
{
	const struct search_backfill *b = &x->rebuild.backfill;
	double s = (double)(clock_wall_us() - b->began_us) / 1e6;
	const char *name = x->rebuild.state.active.name;

	if (r->json)
		printf("{\"index\":\"%s\",\"messages\":%llu,\"seconds\":%.3f,\"refused\":%llu}\n", name, LLU(b->done), s,
		       LLU(x->refused));
	else
		printf("%s has %llu messages, after %.1f s: searches use it now. reindex --delete-old removes the one "
		       "before it.\n", name, LLU(b->done), s);
	if (x->refused)
		fprintf(stderr, "reindex: %llu messages were refused, and are found by MySQL: queue verify says why\n",
			LLU(x->refused));
	return x->refused ? BAD : GOOD;
}

static int make_new(struct run *r, struct reindex *x)
{
	struct err e = ERR_INIT;
	int rc = reindex_all(x, &e);

	if (rc < 0)
		return failed(e.text);
	if (!rc)
		return failed("stopped; `index` goes on with it, or reindex started again. reindex --cancel gives it up");
	return say_done(r, x);
}

/* ------------------------------------------------------------------ an application */

static int tell_again(struct run *r, struct reindex *x)
{
	struct err e = ERR_INIT;
	struct elastic_look l;
	uint64_t application;
	int64_t began = clock_mono_ms();
	int rc = find_application(r, &application, &e);

	if (rc > 0)
		rc = elastic_index_look(&r->el, r->conf.elasticsearch_index, &l, &e) ? -1 : (int)l.n;
	if (!rc)
		return failed("there is no index yet: reindex without --application makes one");
	if (rc > 0)
		rc = reindex_application(x, application, &e);
	if (rc < 0)
		return failed(e.text);
	if (!rc)
		return failed("stopped; what was begun is in the outbox");
	if (r->json)
		printf("{\"messages\":%llu,\"seconds\":%.3f,\"refused\":%llu}\n", LLU(x->told),
		       (double)(clock_mono_ms() - began) / 1000, LLU(x->refused));
	else
		printf("%llu messages were told again, in %.1f s\n", LLU(x->told), (double)(clock_mono_ms() - began) / 1000);
	if (x->refused)
		fprintf(stderr, "reindex: %llu messages were refused: queue verify says why\n", LLU(x->refused));
	return x->refused ? BAD : GOOD;
}

/* ------------------------------------------------------------------ --cancel, --delete-old */

static int cancel(struct run *r)
{
	struct err e = ERR_INIT;
	int rc = rebuild_cancel(&r->db, &r->el, &e);

	if (rc < 0)
		return failed(e.text);
	puts(rc ? "the new index is given up" : "none is being built");
	return GOOD;
}

struct removal {
	struct run *run;
	struct search_state state;
	struct buf names; /* of SEARCH_NAME bytes each */
};

static int see_old(void *arg, const char *name, bool active, struct err *e)
{
	struct removal *m = arg;
	char copy[SEARCH_NAME];

	if (active || !strcmp(name, m->state.active.name) || !strcmp(name, m->state.building.name))
		return 0;
	snprintf(copy, sizeof(copy), "%s", name);
	return buf_add(&m->names, copy, sizeof(copy)) ? err_memory(e) : 0;
}

static int delete_old(struct run *r)
{
	struct removal m = { .run = r };
	struct err e = ERR_INIT;
	size_t at = 0;
	int rc = search_state_read(&r->db, &m.state, &e) || elastic_index_list(&r->el, see_old, &m, &e) ? -1 : 0;

	for (; at < m.names.len && !rc; at += SEARCH_NAME) {
		rc = r->dry ? 0 : elastic_index_delete(&r->el, m.names.data + at, &e);
		if (!rc)
			printf("%s%s\n", r->dry ? "would remove " : "removed ", m.names.data + at);
	}
	if (!rc && !m.names.len)
		puts("there is no old index");
	buf_clear(&m.names);
	return rc ? failed(e.text) : GOOD;
}

/* ------------------------------------------------------------------ --dry-run */

struct plan {
	struct search_state state;
	struct search_backfill backfill;
	struct outbox_depth outbox;
	uint64_t application, chats, messages;
	char name[SEARCH_NAME]; /* of the new index */
	uint64_t highest;
};

static int see_version(void *arg, const char *name, bool active, struct err *e)
{
	struct plan *p = arg;
	const char *version = strrchr(name, 'v');
	uint64_t n = version ? strtoull(version + 1, NULL, 10) : 0;

	(void)active;
	(void)e;
	if (n > p->highest)
		p->highest = n;
	return 0;
}

static int make_plan(struct run *r, struct plan *p, struct err *e)
{
	uint64_t from = 0, to = KEY_POSITION_MAX;

	if (r->token && find_application(r, &p->application, e) < 0)
		return -1;
	if (p->application) {
		from = p->application << 32;
		to = from | KEY_NUMBER_MAX;
	}
	if (search_state_read(&r->db, &p->state, e) || search_backfill_read(&r->db, &p->backfill, e) ||
	    outbox_depth(&r->db, &p->outbox, e) || count(r, from, to, &p->chats, &p->messages, e) ||
	    elastic_index_list(&r->el, see_version, p, e))
		return -1;
	if (*p->state.building.name)
		snprintf(p->name, sizeof(p->name), "%s", p->state.building.name);
	else
		elastic_index_name(p->name, &r->conf, p->highest + 1);
	return 0;
}

static void print_json(const struct plan *p)
{
	printf("{\"active\":\"%s\",\"index\":\"%s\",\"phase\":\"%s\",\"chats\":%llu,\"messages\":%llu,\"outbox\":%llu,"
	       "\"refused\":%llu}\n", p->state.active.name, p->application ? p->state.active.name : p->name,
	       search_phase_name(p->state.phase), LLU(p->chats), LLU(p->messages), LLU(p->outbox.waiting),
	       LLU(p->outbox.refused));
}

static void print_plan(const struct plan *p)
{
	const char *active = *p->state.active.name ? p->state.active.name : "no index";

	if (p->application)
		printf("would tell %s again: %llu messages of %llu chats\n", active, LLU(p->messages), LLU(p->chats));
	else if (p->state.phase != SEARCH_IDLE)
		printf("would go on with %s (%s, %llu of %llu messages) beside %s\n", p->name,
		       search_phase_name(p->state.phase), LLU(p->backfill.done), LLU(p->backfill.total), active);
	else
		printf("would make %s beside %s: %llu messages of %llu chats\n", p->name, active, LLU(p->messages),
		       LLU(p->chats));
	printf("%llu changes wait in the outbox, %llu are set aside\n", LLU(p->outbox.waiting), LLU(p->outbox.refused));
}

static int plan(struct run *r)
{
	struct plan p = { .application = 0 };
	struct err e = ERR_INIT;

	if (make_plan(r, &p, &e))
		return failed(e.text);
	if (r->json)
		print_json(&p);
	else
		print_plan(&p);
	return GOOD;
}

/* ------------------------------------------------------------------ all */

/* What only one of these programs may do at a time. */
static int alone(struct run *r)
{
	struct reindex x;
	struct err e = ERR_INIT;
	int taken, status;

	reindex_init(&x, &r->conf, &r->db, &r->el);
	x.waits = waits;
	taken = reindex_take(&x, &e);
	if (taken < 0)
		status = failed(e.text);
	else if (!taken)
		status = failed("another reindex is running");
	else if (r->cancel)
		status = cancel(r);
	else if (r->old)
		status = delete_old(r);
	else
		status = r->token ? tell_again(r, &x) : make_new(r, &x);
	reindex_clear(&x);
	return status;
}

static int work(struct run *r)
{
	struct err e = ERR_INIT;
	int status;

	if ((r->token != NULL) + r->old + r->cancel > 1 || (r->cancel && r->dry)) {
		fputs("reindex: --application, --delete-old and --cancel exclude each other (see reindex --help)\n", stderr);
		return USAGE;
	}
	if (!elastic_configured(&r->conf))
		return failed("ELASTICSEARCH_URL is not set: there is no index");
	if (db_init(&r->db, &r->conf, DB_ROLE_INDEX, NULL, &e) || elastic_init(&r->el, &r->conf, &e))
		return failed(e.text);
	stop_catch();
	status = r->dry && !r->old ? plan(r) : alone(r);
	return fflush(stdout) || ferror(stdout) ? failed("cannot write to standard output") : status;
}

int main(int argc, char **argv)
{
	static struct run r;
	const struct program_option options[] = {
		{ "--application", "TOKEN", "tell all messages of this application again; no new index", NULL,
		  &r.token, NULL },
		{ "--dry-run", "", "say what would be done", NULL, NULL, &r.dry },
		{ "--json", "", "one JSON document", NULL, NULL, &r.json },
		{ "--delete-old", "", "remove indexes that are neither used nor being built", NULL, NULL, &r.old },
		{ "--cancel", "", "give up the index that is being built, and remove it", NULL, NULL, &r.cancel },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	int status;

	if (program_start(&r.conf, "reindex",
			  "Makes a new index of Elasticsearch beside the old one, while searches go on.", options, argc,
			  argv, &status) == PROGRAM_RUN)
		status = work(&r);
	if (r.db.conf)
		db_clear(&r.db);
	elastic_clear(&r.el);
	conf_clear(&r.conf);
	return status;
}
