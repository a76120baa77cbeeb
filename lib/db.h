/* db: one connection to MySQL or MariaDB, and the statements of sql/queries.sql.
 *
 *   const struct db_value at[] = { DB_U64(chat), DB_U64(number) };
 *   if (db_query(db, DB_MESSAGE_GET, at, 1, e)) …
 *   while ((rc = db_next(db, e)) > 0)
 *           … db_number(db, 0) … db_text(db, 1, &len) …
 *
 * One result is open at a time; the next db_query, or db_done, ends it. */
#ifndef PARLEY_DB_H
#define PARLEY_DB_H

#include <mariadb/mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "breaker.h"
#include "buf.h"
#include "conf.h"
#include "err.h"
#include "metrics.h"
#include "queries.h"
#include "url.h"

enum db_kind { DB_KIND_NULL, DB_KIND_NUMBER, DB_KIND_BYTES };

struct db_value {
	enum db_kind kind;
	uint64_t number;
	const char *bytes; /* borrowed */
	size_t len;
};

#define DB_NULL { DB_KIND_NULL, 0, NULL, 0 }
#define DB_U64(n) { DB_KIND_NUMBER, (uint64_t)(n), NULL, 0 }
#define DB_BYTES(p, n) { DB_KIND_BYTES, 0, (p), (n) }
#define DB_STR(s) DB_BYTES(s, strlen(s))

#define DB_COLUMNS 16 /* of a result, at most */

enum db_role {
	DB_ROLE_REQUEST, /* a FastCGI process: short time-outs */
	DB_ROLE_JOB,     /* a job program: waits as long as a batch may last */
	DB_ROLE_INDEX,   /* the same, and its connection lies idle while Elasticsearch works */
	DB_ROLE_MIGRATE, /* does not look at the schema's level */
	DB_ROLE_LOOK     /* neither, with a request's time-outs */
};

struct db_column {
	bool is_number;
	my_bool is_null, error;
	unsigned long len;
	unsigned long long number;
	struct buf bytes;
};

struct db {
	const struct conf *conf;  /* borrowed */
	struct breaker *breaker;  /* borrowed, may be NULL */
	struct metrics *metrics;  /* borrowed, may be NULL; set after db_init */
	enum db_role role;
	struct url url;
	MYSQL *link; /* NULL: not connected */
	bool in_transaction; /* since DB_BEGIN or DB_BEGIN_SNAPSHOT */
	bool beginning;      /* the connection is new: what fails now is not tried on another one */
	size_t max_packet; /* bytes that the server takes in one statement */
	struct {
		MYSQL_STMT *stmt; /* NULL: not prepared on this connection */
		size_t groups;    /* how often its group was repeated */
	} prepared[DB__MAX];
	MYSQL_STMT *open; /* the statement whose result is being read */
	unsigned columns;
	struct db_column column[DB_COLUMNS];
};

/* Nothing is connected yet. -1: ERR_MEMORY (conf_load has checked the URL). */
int db_init(struct db *db, const struct conf *conf, enum db_role role, struct breaker *breaker,
	    struct err *e);
void db_clear(struct db *db);
/* Connects, unless that is done; the calls below do so by themselves. -1: ERR_DB (away, refused, or
 * a schema of another level than this program's). */
int db_connect(struct db *db, struct err *e);
/* Ends the connection, and with it an open transaction; the next call makes a new one. */
void db_disconnect(struct db *db);

/* Runs a statement; outside a transaction once more on a new connection when the one it had turns out
 * to be dead (our statements outside transactions read, or do no harm when done twice). `values` are the parameters in order, those of the group `groups` times (1 for a
 * statement without a group). -1 with ERR_DB (away: nothing more can be said of what was sent),
 * ERR_DB_BUSY, ERR_DB_DUP, ERR_DB_SIZE, ERR_DB_DATA or ERR_MEMORY. */
int db_query(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	     struct err *e);
/* The same for results that are too big for memory: rows are taken from the connection as db_next asks
 * for them. db_done takes in what is left of them. */
int db_stream(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	      struct err *e);
/* The next row: 1, 0: none is left (the result is closed), -1 with *e. */
int db_next(struct db *db, struct err *e);
/* Columns of the current row, from 0. A NULL is 0, or "". Texts are borrowed until the next row. */
uint64_t db_number(const struct db *db, unsigned column);
const char *db_text(const struct db *db, unsigned column, size_t *len);
void db_done(struct db *db);

/* Statement and first row in one: 1: there is a row (read it, then db_done), 0: none, -1. */
int db_row(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	   struct err *e);
/* For statements without a result: rows affected through `affected`, which may be NULL. */
int db_run(struct db *db, enum db_query query, const struct db_value *values, size_t groups,
	   uint64_t *affected, struct err *e);
/* Statements that cannot be prepared: DB_BEGIN, DB_COMMIT, DB_ROLLBACK … */
int db_plain(struct db *db, enum db_query query, struct err *e);
/* Takes back the open transaction, unless it went with its connection. */
void db_rollback(struct db *db);
/* The AUTO_INCREMENT id of the last insert. */
uint64_t db_insert_id(const struct db *db);
/* Several statements of a migration. */
int db_script(struct db *db, const char *sql, struct err *e);

#endif
