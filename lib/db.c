/* One connection to MySQL or MariaDB. */
#define PARLEY_GEN_TEXTS /* the statements' texts */
#include "db.h"

#include <mariadb/errmsg.h>
#include <mariadb/mysqld_error.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "migrate.h"

#define KEEP_BYTES 65536 /* of a column's memory, between rows */
#define DEAD_AT_ONCE_MS 300 /* a dead connection is found dead sooner than this */

int db_init(struct db *db, const struct conf *conf, enum db_role role, struct breaker *breaker,
	    struct err *e)
{
	memset(db, 0, sizeof(*db));
	db->conf = conf;
	db->role = role;
	db->breaker = breaker;
	return url_parse(&db->url, conf->database_url, e);
}

void db_clear(struct db *db)
{
	unsigned i;

	db_disconnect(db);
	for (i = 0; i < DB_COLUMNS; i++)
		buf_clear(&db->column[i].bytes);
	url_clear(&db->url);
}

void db_disconnect(struct db *db)
{
	int i;

	db->open = NULL;
	db->in_transaction = false;
	for (i = 0; i < DB__MAX; i++) {
		if (db->prepared[i].stmt)
			mysql_stmt_close(db->prepared[i].stmt);
		db->prepared[i].stmt = NULL;
	}
	if (db->link)
		mysql_close(db->link);
	db->link = NULL;
	metrics_connection(db->metrics, METRICS_MYSQL, false);
}

/* ------------------------------------------------------------------ errors */

/* What refuses this very data is an error of the data: SQLSTATE classes 22 and 23, and those that have
 * none of their own. Everything else that is not known may be the server's, and pass. */
static bool refuses_data(unsigned number, const char *sqlstate)
{
	static const unsigned general[] = {
		ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, ER_NO_DEFAULT_FOR_FIELD, WARN_DATA_TRUNCATED,
		3819, /* ER_CHECK_CONSTRAINT_VIOLATED of MySQL 8 */
	};
	size_t i;

	if (!strncmp(sqlstate, "22", 2) || !strncmp(sqlstate, "23", 2))
		return true;
	for (i = 0; i < sizeof(general) / sizeof(general[0]); i++)
		if (general[i] == number)
			return true;
	return false;
}

static enum err_code classify(unsigned number, const char *sqlstate)
{
	static const struct { unsigned number; enum err_code code; } known[] = {
		{ ER_LOCK_DEADLOCK, ERR_DB_BUSY },
		{ ER_LOCK_WAIT_TIMEOUT, ERR_DB_BUSY },
		{ ER_DUP_ENTRY, ERR_DB_DUP },
		{ ER_NET_PACKET_TOO_LARGE, ERR_DB_SIZE },
		{ ER_QUERY_INTERRUPTED, ERR_DB_BUSY },
		{ 3572, ERR_DB_BUSY }, /* ER_LOCK_NOWAIT of MySQL 8 */
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].number == number)
			return known[i].code;
	return refuses_data(number, sqlstate) ? ERR_DB_DATA : ERR_DB;
}

static int failed(struct db *db, unsigned number, const char *sqlstate, const char *text,
		  struct err *e)
{
	enum err_code code = classify(number, sqlstate);

	db->open = NULL;
	err_set(e, code, "mysql: %s (%u)", text, number);
	if (code == ERR_DB)
		db_disconnect(db);
	return -1;
}

static int link_failed(struct db *db, struct err *e)
{
	return failed(db, mysql_errno(db->link), mysql_sqlstate(db->link), mysql_error(db->link), e);
}

static int stmt_failed(struct db *db, MYSQL_STMT *stmt, int64_t began_ms, struct err *e)
{
	unsigned number = mysql_stmt_errno(stmt);
	char text[200], sqlstate[8];

	/* they are gone with the connection */
	snprintf(text, sizeof(text), "%s", mysql_stmt_error(stmt));
	snprintf(sqlstate, sizeof(sqlstate), "%s", mysql_stmt_sqlstate(stmt));
	if (number == CR_SERVER_LOST &&
	    clock_mono_ms() - began_ms >= db->conf->database_timeout_s * 900)
		breaker_opened(db->breaker, db->conf->breaker_ms);
	return failed(db, number, sqlstate, text, e);
}

/* ------------------------------------------------------------------ the connection */

static unsigned timeout_s(const struct db *db)
{
	int64_t batch_s = db->conf->batch_timeout_ms / 2000;

	switch (db->role) {
	case DB_ROLE_REQUEST:
	case DB_ROLE_LOOK:
		return (unsigned)db->conf->database_timeout_s;
	case DB_ROLE_JOB:
	case DB_ROLE_INDEX:
		return batch_s < 1 ? 1 : (unsigned)batch_s;
	case DB_ROLE_MIGRATE:
		break;
	}
	return 3600;
}

static void set_options(struct db *db)
{
	unsigned limit = timeout_s(db), connect = (unsigned)db->conf->database_timeout_s;
	const char *ca = query_get(&db->url.query, "ssl-ca");
	my_bool yes = 1;

	mysql_options(db->link, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
	mysql_options(db->link, MYSQL_OPT_READ_TIMEOUT, &limit);
	mysql_options(db->link, MYSQL_OPT_WRITE_TIMEOUT, &limit);
	mysql_options(db->link, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_options(db->link, MYSQL_REPORT_DATA_TRUNCATION, &yes);
	if (ca) {
		mysql_options(db->link, MYSQL_OPT_SSL_CA, ca);
		mysql_options(db->link, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	}
}

static int open_link(struct db *db, struct err *e)
{
	const struct url *u = &db->url;
	int64_t began = clock_mono_ms();

	db->link = mysql_init(NULL);
	if (!db->link)
		return err_memory(e);
	set_options(db);
	if (mysql_real_connect(db->link, u->host, u->user, u->password, u->path, u->port,
			       query_get(&u->query, "socket"),
			       db->role == DB_ROLE_MIGRATE ? CLIENT_MULTI_STATEMENTS : 0))
		return 0;
	if (clock_mono_ms() - began >= db->conf->database_timeout_s * 900)
		breaker_opened(db->breaker, db->conf->breaker_ms);
	err_set(e, ERR_DB, "mysql: %s", mysql_error(db->link));
	db_disconnect(db);
	return -1;
}

/* How long the connection may lie idle before the server ends it, and with it its transaction. */
static unsigned idle_s(const struct db *db)
{
	switch (db->role) {
	case DB_ROLE_JOB:
		return 3 * timeout_s(db);
	case DB_ROLE_INDEX: /* a batch is told to two indexes, and both refresh */
		return 3 * timeout_s(db) + (unsigned)(8 * db->conf->index_timeout_ms / 1000);
	case DB_ROLE_REQUEST:
	case DB_ROLE_LOOK:
	case DB_ROLE_MIGRATE:
		break;
	}
	return 28800;
}

/* What every connection begins with: UTC, strict mode, READ COMMITTED, time limits, the level. */
static int begin_session(struct db *db, struct err *e)
{
	const struct db_value limits[] = { DB_U64(timeout_s(db)), DB_U64(idle_s(db)) };
	uint64_t level;

	if (db_run(db, DB_SESSION, limits, 1, NULL, e) || db_plain(db, DB_ISOLATION, e))
		return -1;
	if (db->role == DB_ROLE_MIGRATE || db->role == DB_ROLE_LOOK)
		return 0;
	if (db_row(db, DB_SERVER, NULL, 1, e) < 1)
		return -1;
	db->max_packet = db_number(db, 0);
	level = db_number(db, 1);
	db_done(db);
	if (level == MIGRATE_LEVEL || level == MIGRATE_LEVEL + 1)
		return 0;
	return err_set(e, ERR_DB, "the schema is at level %llu, this program needs %d or %d",
		       (unsigned long long)level, MIGRATE_LEVEL, MIGRATE_LEVEL + 1);
}

static int connect_anew(struct db *db, struct err *e)
{
	int64_t hold_ms = (db->conf->database_timeout_s + 1) * 1000;
	int rc;

	if (!breaker_allows(db->breaker, hold_ms))
		return err_set(e, ERR_DB, "mysql: no answer in time a moment ago");
	if (open_link(db, e))
		return -1;
	db->beginning = true;
	rc = begin_session(db, e);
	db->beginning = false;
	if (rc) {
		db_disconnect(db);
		return -1;
	}
	breaker_closed(db->breaker);
	return 0;
}

int db_connect(struct db *db, struct err *e)
{
	if (!db->link && connect_anew(db, e))
		return -1;
	metrics_connection(db->metrics, METRICS_MYSQL, true);
	return 0;
}

/* ------------------------------------------------------------------ statements */

static int write_statement(const struct db_statement *s, size_t groups, struct buf *sql)
{
	size_t i;

	buf_addstr(sql, s->head);
	for (i = 0; i < groups && *s->group; i++) {
		buf_addstr(sql, i ? ", " : "");
		buf_addstr(sql, s->group);
	}
	return buf_addstr(sql, s->tail);
}

static int prepare(struct db *db, enum db_query query, size_t groups, MYSQL_STMT **out,
		   struct err *e)
{
	MYSQL_STMT *stmt = db->prepared[query].stmt;
	struct buf sql = BUF_INIT;
	int64_t began = clock_mono_ms();
	int rc;

	*out = stmt;
	if (stmt && (db->prepared[query].groups == groups || !*db_statements[query].group))
		return 0;
	if (!stmt)
		stmt = db->prepared[query].stmt = mysql_stmt_init(db->link);
	if (!stmt || write_statement(&db_statements[query], groups, &sql)) {
		buf_clear(&sql);
		return err_memory(e);
	}
	db->prepared[query].groups = groups;
	rc = mysql_stmt_prepare(stmt, sql.data, sql.len);
	buf_clear(&sql);
	*out = stmt;
	if (!rc)
		return 0;
	rc = stmt_failed(db, stmt, began, e);
	if (db->prepared[query].stmt)
		mysql_stmt_close(db->prepared[query].stmt);
	db->prepared[query].stmt = NULL;
	return rc;
}

static size_t parameters(enum db_query query, size_t groups)
{
	const struct db_statement *s = &db_statements[query];

	return s->head_params + s->group_params * groups + s->tail_params;
}

static void bind_value(MYSQL_BIND *b, const struct db_value *v)
{
	switch (v->kind) {
	case DB_KIND_NULL:
		b->buffer_type = MYSQL_TYPE_NULL;
		break;
	case DB_KIND_NUMBER:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->is_unsigned = 1;
		b->buffer = (void *)(uintptr_t)&v->number;
		break;
	case DB_KIND_BYTES:
		b->buffer_type = MYSQL_TYPE_STRING;
		b->buffer = (void *)(uintptr_t)v->bytes;
		b->buffer_length = v->len;
		break;
	}
}

static int execute(struct db *db, MYSQL_STMT *stmt, const struct db_value *values, size_t n,
		   struct err *e)
{
	MYSQL_BIND *bind = calloc(n ? n : 1, sizeof(*bind));
	int64_t began = clock_mono_ms();
	size_t i;
	int rc;

	if (!bind)
		return err_memory(e);
	for (i = 0; i < n; i++)
		bind_value(&bind[i], &values[i]);
	rc = n && mysql_stmt_bind_param(stmt, bind) ? 1 : mysql_stmt_execute(stmt);
	free(bind);
	return rc ? stmt_failed(db, stmt, began, e) : 0;
}

static bool is_number(enum enum_field_types type)
{
	return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_LONG ||
	       type == MYSQL_TYPE_INT24 || type == MYSQL_TYPE_LONGLONG;
}

/* Bind what the result has: numbers as 64 bits, the rest as text whose length is known per row. */
static int bind_result(struct db *db, MYSQL_STMT *stmt, bool whole, struct err *e)
{
	MYSQL_RES *meta = mysql_stmt_result_metadata(stmt);
	MYSQL_BIND bind[DB_COLUMNS];
	unsigned i;

	if (!meta)
		return 0;
	db->columns = mysql_num_fields(meta);
	memset(bind, 0, sizeof(bind));
	for (i = 0; i < db->columns && i < DB_COLUMNS; i++) {
		struct db_column *c = &db->column[i];

		c->is_number = is_number(mysql_fetch_field_direct(meta, i)->type);
		bind[i].buffer_type = c->is_number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
		bind[i].buffer = c->is_number ? (void *)&c->number : NULL;
		bind[i].is_unsigned = 1;
		bind[i].is_null = &c->is_null;
		bind[i].length = &c->len;
		bind[i].error = &c->error;
	}
	mysql_free_result(meta);
	if (mysql_stmt_bind_result(stmt, bind) || (whole && mysql_stmt_store_result(stmt)))
		return stmt_failed(db, stmt, clock_mono_ms(), e);
	db->open = stmt;
	return 0;
}

struct attempt { /* as it was before */
	bool had_link, in_transaction;
	int64_t began_ms;
};

static struct attempt attempt_begin(const struct db *db)
{
	return (struct attempt){ db->link && !db->beginning, db->in_transaction, clock_mono_ms() };
}

/* Had a connection, found it dead, and nothing was under way on it: worth another one. A statement that
 * took too long would do so again; the server may still be at it. */
static bool worth_another(const struct db *db, const struct attempt *a)
{
	return a->had_link && !a->in_transaction && !db->link &&
	       clock_mono_ms() - a->began_ms < DEAD_AT_ONCE_MS;
}

static int query_once(struct db *db, enum db_query query, const struct db_value *values,
		      size_t groups, bool whole, struct err *e)
{
	MYSQL_STMT *stmt;

	if (db_connect(db, e))
		return -1;
	db_done(db);
	if (prepare(db, query, groups, &stmt, e) ||
	    execute(db, stmt, values, parameters(query, groups), e))
		return -1;
	return bind_result(db, stmt, whole, e);
}

static int query_twice(struct db *db, enum db_query query, const struct db_value *values,
		       size_t groups, bool whole, struct err *e)
{
	const struct attempt a = attempt_begin(db);
	int rc = query_once(db, query, values, groups, whole, e);

	if (rc && worth_another(db, &a))
		rc = query_once(db, query, values, groups, whole, e);
	return rc;
}

int db_query(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	     struct err *e)
{
	return query_twice(db, query, values, groups, true, e);
}

int db_stream(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	      struct err *e)
{
	return query_twice(db, query, values, groups, false, e);
}

static int fetch_text(struct db *db, unsigned column, struct err *e)
{
	struct db_column *c = &db->column[column];
	MYSQL_BIND bind = { .buffer_type = MYSQL_TYPE_STRING };

	buf_reset(&c->bytes, KEEP_BYTES);
	if (c->is_null || !c->len)
		return 0;
	if (buf_grow(&c->bytes, c->len))
		return err_memory(e);
	bind.buffer = c->bytes.data;
	bind.buffer_length = c->len;
	if (mysql_stmt_fetch_column(db->open, &bind, column, 0))
		return stmt_failed(db, db->open, clock_mono_ms(), e);
	c->bytes.len = c->len;
	c->bytes.data[c->len] = '\0';
	return 0;
}

int db_next(struct db *db, struct err *e)
{
	unsigned i;
	int rc = db->open ? mysql_stmt_fetch(db->open) : MYSQL_NO_DATA;

	if (rc == MYSQL_NO_DATA) {
		db_done(db);
		return 0;
	}
	if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
		return stmt_failed(db, db->open, clock_mono_ms(), e);
	for (i = 0; i < db->columns; i++)
		if (!db->column[i].is_number && fetch_text(db, i, e))
			return -1;
	return 1;
}

uint64_t db_number(const struct db *db, unsigned column)
{
	const struct db_column *c = &db->column[column];

	if (c->is_null)
		return 0;
	return c->is_number ? c->number : strtoull(buf_str(&c->bytes), NULL, 10);
}

const char *db_text(const struct db *db, unsigned column, size_t *len)
{
	if (len)
		*len = db->column[column].bytes.len;
	return buf_str(&db->column[column].bytes);
}

void db_done(struct db *db)
{
	if (db->open)
		mysql_stmt_free_result(db->open);
	db->open = NULL;
}

int db_row(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	   struct err *e)
{
	return db_query(db, query, values, groups, e) ? -1 : db_next(db, e);
}

int db_run(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	   uint64_t *affected, struct err *e)
{
	if (db_query(db, query, values, groups, e))
		return -1;
	if (affected)
		*affected = mysql_stmt_affected_rows(db->prepared[query].stmt);
	db_done(db);
	return 0;
}

static int plain_once(struct db *db, enum db_query query, struct err *e)
{
	const char *sql = db_statements[query].head;

	if (db_connect(db, e))
		return -1;
	db_done(db);
	if (mysql_real_query(db->link, sql, strlen(sql)))
		return link_failed(db, e);
	return 0;
}

int db_plain(struct db *db, enum db_query query, struct err *e)
{
	const struct attempt a = attempt_begin(db);
	int rc = plain_once(db, query, e);

	if (rc && worth_another(db, &a))
		rc = plain_once(db, query, e);
	if (query == DB_BEGIN || query == DB_BEGIN_SNAPSHOT)
		db->in_transaction = !rc;
	else if (query == DB_COMMIT || query == DB_ROLLBACK)
		db->in_transaction = false;
	return rc;
}

void db_rollback(struct db *db)
{
	if (db->link)
		db_plain(db, DB_ROLLBACK, NULL);
}

uint64_t db_insert_id(const struct db *db)
{
	return mysql_insert_id(db->link);
}

int db_script(struct db *db, const char *sql, struct err *e)
{
	MYSQL_RES *result;
	int more;

	if (db_connect(db, e))
		return -1;
	more = mysql_real_query(db->link, sql, strlen(sql)) ? 1 : 0;
	while (!more) {
		result = mysql_store_result(db->link);
		if (result)
			mysql_free_result(result);
		more = mysql_next_result(db->link);
	}
	if (more > 0)
		return link_failed(db, e);
	return 0;
}
