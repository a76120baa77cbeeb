/* Operations for which Elasticsearch has a higher version. */
#include "ahead.h"

#include <stdlib.h>

#include "document.h"
#include "outbox.h"

#define AT_ONCE 500 /* messages that are looked at together */
#define VERSION_MAX (UINT32_MAX / 2) /* that MySQL's is raised to: each change adds one, up to UINT32_MAX */

struct message {
	struct bulk_op *op;
	bool found;     /* in Elasticsearch, */
	uint64_t there; /* with this version */
	bool living;    /* in MySQL, */
	uint32_t here;  /* with this one */
};

/* ------------------------------------------------------------------ what Elasticsearch has */

static int build(const struct message *m, size_t n, struct buf *body, struct err *e)
{
	char id[DOCUMENT_ID];
	size_t i;

	buf_addstr(body, "{\"docs\":[");
	for (i = 0; i < n; i++)
		buf_addf(body, "%s{\"_id\":\"%s\",\"routing\":\"%llu\"}", i ? "," : "",
			 document_id(id, m[i].op->chat, m[i].op->number), (unsigned long long)m[i].op->chat);
	buf_addstr(body, "]}");
	return body->failed ? err_memory(e) : 0;
}

static int read_docs(struct message *m, size_t n, struct json docs, struct err *e)
{
	struct json doc;
	size_t at = 1, i;

	for (i = 0; i < n && (doc = json_next(docs, &at)).len; i++) {
		enum json_kind found = json_kind(json_member(doc, "found"));

		m[i].found = found == JSON_TRUE;
		if ((found != JSON_TRUE && found != JSON_FALSE) ||
		    (m[i].found && !json_u64(json_member(doc, "_version"), &m[i].there)))
			break;
	}
	return i < n ? err_set(e, ERR_ELASTIC, "elasticsearch: _mget does not say which documents there are") : 0;
}

static int ask_elastic(struct message *m, size_t n, struct elastic *el, const char *alias, int64_t timeout_ms,
		       struct err *e)
{
	struct elastic_request r = { .method = "POST", .until_stop = true, .timeout_ms = timeout_ms };
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json root;
	int rc;

	buf_addf(&path, "/%s/_mget?filter_path=docs.found,docs._version", alias);
	rc = path.failed ? err_memory(e) : build(m, n, &body, e);
	r.path = buf_str(&path);
	r.body = body.data;
	r.len = body.len;
	if (!rc)
		rc = elastic_json(el, &r, &root, e);
	if (!rc)
		rc = el->status == 200 ? read_docs(m, n, json_member(root, "docs"), e) : elastic_refused(el, e);
	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

/* ------------------------------------------------------------------ what MySQL has */

/* (Messages that have no row any more stay without.) */
static void take_row(struct message *m, size_t n, const struct db *db)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (m[i].op->chat == db_number(db, 0) && m[i].op->number == db_number(db, 1)) {
			m[i].here = (uint32_t)db_number(db, 2);
			m[i].living = db_number(db, 3);
		}
}

static int ask_mysql(struct message *m, size_t n, struct db *db, struct err *e)
{
	struct db_value *values = calloc(2 * n, sizeof(*values));
	size_t i;
	int rc;

	if (!values)
		return err_memory(e);
	for (i = 0; i < n; i++) {
		values[2 * i] = (struct db_value)DB_U64(m[i].op->chat);
		values[2 * i + 1] = (struct db_value)DB_U64(m[i].op->number);
	}
	rc = db_query(db, DB_MESSAGE_VERSIONS, values, n, e);
	free(values);
	if (rc)
		return -1;
	while ((rc = db_next(db, e)) > 0)
		take_row(m, n, db);
	db_done(db);
	return rc;
}

/* ------------------------------------------------------------------ what is to be done */

/* The version with which the message is to be told once more; 0: it need not. What is found in neither is
 * remembered by Elasticsearch as deleted, nobody knows with which version: the next one is tried. */
static uint64_t version_again(const struct message *m)
{
	const struct bulk_op *op = m->op;

	if (op->gone)
		return m->found && !m->living ? m->there : 0;
	if (!m->living || m->here > op->version)
		return 0; /* its own change says so */
	if (!m->found)
		return (uint64_t)op->version + 1;
	return m->there > op->version ? m->there : op->version;
}

/* 1: told once more; 0; -1 */
static int settle(const struct message *m, struct bulk *b, struct db *db, struct err *e)
{
	uint64_t version = version_again(m);
	const struct db_value raise[] = { DB_U64(version), DB_U64(m->op->chat), DB_U64(m->op->number),
					  DB_U64(version) };

	if (!version)
		return 0;
	if (version > VERSION_MAX) {
		bulk_refuse(b, m->op, "Elasticsearch has a version that is too high: a new index is needed (reindex)");
		return 0;
	}
	if (outbox_add(db, m->op->chat, m->op->number, (uint32_t)version, e))
		return -1;
	if (!m->op->gone && db_run(db, DB_MESSAGE_RAISE_VERSION, raise, 1, NULL, e))
		return -1;
	return 1;
}

int ahead_settle(struct db *db, struct elastic *el, const char *alias, struct bulk *b, int64_t timeout_ms,
		 uint64_t *again, struct err *e)
{
	size_t all, i = 0, k, n;
	struct bulk_op *op = bulk_ops(b, &all);
	struct message m[AT_ONCE];
	int rc;

	*again = 0;
	while (i < all) {
		memset(m, 0, sizeof(m));
		for (n = 0; i < all && n < AT_ONCE; i++)
			if (op[i].here == BULK_AHEAD)
				m[n++].op = &op[i];
		if (n && (ask_elastic(m, n, el, alias, timeout_ms, e) || ask_mysql(m, n, db, e)))
			return -1;
		for (k = 0; k < n; k++) {
			rc = settle(&m[k], b, db, e);
			if (rc < 0)
				return -1;
			*again += (uint64_t)rc;
		}
	}
	return 0;
}
