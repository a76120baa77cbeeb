/* Applications: create, list, read, rename, delete. */
#include <string.h>

#include "bucket.h"
#include "clock.h"
#include "groups.h"
#include "input.h"
#include "key.h"
#include "number.h"
#include "page.h"
#include "service.h"
#include "tombstone.h"

/* The columns of application_by_token and application_list as a JSON object. */
static void add_application(struct buf *json, const struct db *db)
{
	const char *name;
	size_t len;

	buf_addch(json, '{');
	name = db_text(db, 1, &len);
	member_text(json, "name", name, len);
	name = db_text(db, 2, &len);
	member_text(json, "token", name, len);
	member_number(json, "chats_count", db_number(db, 3));
	member_time(json, "created_at", db_text(db, 4, NULL));
	member_time(json, "updated_at", db_text(db, 5, NULL));
	buf_addch(json, '}');
}

/* ------------------------------------------------------------------ POST /applications */

/* The id must stay below 2^21: a higher one is rolled back. The counter is made before the commit:
 * an application that a client knows of has one, whatever crashes in between. */
static int insert(struct service *s, const struct buf *name, const char *token, const char *now,
		  uint64_t *id, struct err *e)
{
	const struct db_value row[] = { DB_BYTES(buf_str(name), name->len), DB_STR(token),
					DB_STR(now), DB_STR(now) };

	if (db_plain(&s->db, DB_BEGIN, e) ||
	    db_run(&s->db, DB_APPLICATION_INSERT, row, 1, NULL, e))
		return -1;
	*id = db_insert_id(&s->db);
	if (*id >= KEY_APPLICATION_LIMIT)
		return err_set(e, ERR_SCRIPT, "FULL no application id left");
	if (number_begin(&s->redis, &s->db, *id, e))
		return -1;
	return db_plain(&s->db, DB_COMMIT, e);
}

static void create(struct service *s, struct request *r, struct reply *p)
{
	char token[RANDOM_TOKEN], now[CLOCK_ISO];
	struct buf name = BUF_INIT;
	struct err e = ERR_INIT;
	uint64_t id;

	if (!input_name(r, &name, p))
		return;
	bucket_token(s->conf.buckets, token);
	clock_sql(clock_wall_us(), now);
	if (insert(s, &name, token, now, &id, &e)) {
		reply_error(p, &e);
		db_rollback(&s->db);
	} else {
		tenant_note(&s->tenants, &s->redis, token, id);
		reply_json(p, 201);
		reply_header(p, "Location", "/applications/%s", token);
		buf_addch(&p->body, '{');
		member_text(&p->body, "name", buf_str(&name), name.len);
		member_text(&p->body, "token", token, strlen(token));
		member_number(&p->body, "chats_count", 0);
		member_time(&p->body, "created_at", now);
		member_time(&p->body, "updated_at", now);
		buf_addch(&p->body, '}');
	}
	buf_clear(&name);
}

/* ------------------------------------------------------------------ GET */

static void get(struct service *s, struct request *r, struct reply *p)
{
	const struct db_value at[] = { DB_STR(r->token) };
	struct err e = ERR_INIT;
	int rc = db_row(&s->db, DB_APPLICATION_BY_TOKEN, at, 1, &e);

	if (rc < 0) {
		reply_error(p, &e);
	} else if (!rc) {
		service_no_application(p);
	} else {
		reply_json(p, 200);
		add_application(&p->body, &s->db);
		db_done(&s->db);
	}
}

/* Where a list goes on: behind ?after=<token>, also when that application was deleted meanwhile.
 * 1; 0: the reply is 400; -1 with *e */
static int read_after(struct service *s, const struct request *r, uint64_t *after, struct reply *p,
		      struct err *e)
{
	const char *token = query_get(&r->query, "after");
	int rc = 0;

	*after = 0;
	if (!token)
		return 1;
	if (path_token(token, strlen(token)) && query_count(&r->query, "after") == 1) {
		const struct db_value at[] = { DB_STR(token) };

		rc = db_row(&s->db, DB_APPLICATION_ID, at, 1, e);
	}
	if (rc == 1) {
		*after = db_number(&s->db, 0);
		db_done(&s->db);
	} else if (!rc) {
		reply_problem(p, PROBLEM_BAD_PARAMETER, "after must be an application's token.");
	}
	return rc;
}

static int add_list(struct service *s, uint64_t after, uint64_t limit, struct reply *p,
		    struct err *e)
{
	const struct db_value range[] = { DB_U64(after), DB_U64(limit + 1) };
	char last[RANDOM_TOKEN] = "";
	uint64_t n = 0;
	int rc;

	if (db_query(&s->db, DB_APPLICATION_LIST, range, 1, e))
		return -1;
	reply_json(p, 200);
	buf_addch(&p->body, '[');
	while ((rc = db_next(&s->db, e)) > 0) {
		if (n++ == limit) {
			reply_header(p, "Link", "</applications?after=%s&limit=%llu>; rel=\"next\"",
				     last, (unsigned long long)limit);
			break;
		}
		buf_addstr(&p->body, n > 1 ? "," : "");
		add_application(&p->body, &s->db);
		memcpy(last, db_text(&s->db, 2, NULL), sizeof(last));
	}
	db_done(&s->db);
	buf_addch(&p->body, ']');
	return rc < 0 ? -1 : 0;
}

static void list(struct service *s, struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;
	uint64_t after, limit;
	int rc;

	if (!page_limit(&limit, r, p))
		return;
	rc = read_after(s, r, &after, p, &e);
	if (rc == 1 && add_list(s, after, limit, p, &e))
		rc = -1;
	if (rc < 0)
		reply_error(p, &e);
}

/* ------------------------------------------------------------------ PATCH, PUT, DELETE */

static void rename_it(struct service *s, struct request *r, struct reply *p)
{
	struct buf name = BUF_INIT;
	struct err e = ERR_INIT;
	char now[CLOCK_ISO];

	if (!input_name(r, &name, p))
		return;
	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_BYTES(buf_str(&name), name.len), DB_STR(now),
					   DB_STR(r->token) };

	if (db_run(&s->db, DB_APPLICATION_RENAME, values, 1, NULL, &e))
		reply_error(p, &e);
	else
		get(s, r, p);
	buf_clear(&name);
}

static void delete(struct service *s, struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;
	int rc = tombstone_application(&s->redis, &s->db, r->token, &e);

	if (rc < 0)
		reply_error(p, &e);
	else if (!rc)
		service_no_application(p);
	else
		reply_empty(p);
}

const struct route application_routes[] = {
	{ HTTP_POST, "/applications", create, ROUTE_BODY | ROUTE_ADMIN },
	{ HTTP_GET, "/applications", list, ROUTE_ADMIN },
	{ HTTP_GET, "/applications/:token", get, 0 },
	{ HTTP_PATCH, "/applications/:token", rename_it, ROUTE_BODY | ROUTE_ADMIN },
	{ HTTP_PUT, "/applications/:token", rename_it, ROUTE_BODY | ROUTE_ADMIN },
	{ HTTP_DELETE, "/applications/:token", delete, ROUTE_ADMIN },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
