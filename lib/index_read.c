/* Asks an index of Elasticsearch, and MySQL, the same. */
#include "index_read.h"

#include <math.h>
#include <stdlib.h>

#include "document.h"
#include "key.h"

#define KEEP 65536
#define ROUTED 20 /* chats that stand in an address; with many it would grow too long */
#define LLU(n) ((unsigned long long)(n))

/* What is absent is not what is empty. */
static int lacks(const char *what, struct err *e)
{
	return err_set(e, ERR_ELASTIC, "elasticsearch: the answer lacks its %s", what);
}

/* A search whose answer is complete, or an error. */
static int search(const struct index_source *s, const struct buf *path, const struct buf *body, struct json *root,
		  struct err *e)
{
	const struct elastic_request r = { .method = "POST", .path = buf_str(path), .body = body->data,
					   .len = body->len, .until_stop = true, .timeout_ms = s->timeout_ms };
	uint64_t failed = 1;

	if (path->failed || body->failed)
		return err_memory(e);
	if (elastic_json(s->el, &r, root, e))
		return -1;
	if (s->el->status != 200)
		return elastic_refused(s->el, e);
	json_u64(json_member(json_member(*root, "_shards"), "failed"), &failed);
	if (failed || json_kind(json_member(*root, "timed_out")) != JSON_FALSE)
		return err_set(e, ERR_ELASTIC, "elasticsearch: not all shards of %.100s answered", s->name);
	return 0;
}

/* The buckets of its one aggregation, "chats". 0 or -1 */
static int aggregate(const struct index_source *s, const struct buf *path, const struct buf *body,
		     struct json *buckets, struct err *e)
{
	struct json root = { 0 };

	if (search(s, path, body, &root, e))
		return -1;
	*buckets = json_member(json_member(json_member(root, "aggregations"), "chats"), "buckets");
	return json_kind(*buckets) == JSON_ARRAY ? 0 : lacks("buckets", e);
}

/* A whole number that Elasticsearch writes as a double. */
static bool whole(struct json value, uint64_t *n)
{
	double d;

	if (!json_double(value, &d) || d < 0 || d > 9e15)
		return false;
	*n = (uint64_t)llround(d);
	return true;
}

static bool chat_of(struct json key, uint64_t *chat)
{
	struct buf text = BUF_INIT;
	bool good;

	json_string(key, &text, NULL);
	*chat = strtoull(buf_str(&text), NULL, 10);
	good = *chat && !text.failed;
	buf_clear(&text);
	return good;
}

/* ------------------------------------------------------------------ windows */

static void ask_for_windows(struct buf *body, const struct index_range *r)
{
	size_t i;

	buf_addstr(body, "{\"query\":{\"bool\":{\"filter\":[{\"terms\":{\"chat_id\":[");
	for (i = 0; i < r->n; i++)
		buf_addf(body, "%s\"%llu\"", i ? "," : "", LLU(r->chats[i]));
	buf_addf(body,
		 "]}},{\"range\":{\"number\":{\"gte\":%lu,\"lte\":%lu}}}]}},\"aggs\":{\"chats\":{\"terms\":{"
		 "\"field\":\"chat_id\",\"size\":%zu},\"aggs\":{\"windows\":{\"histogram\":{\"field\":\"number\","
		 "\"interval\":%d,\"min_doc_count\":1},\"aggs\":{\"check\":{\"sum\":{\"field\":\"check\"}}}}}}}}",
		 (unsigned long)r->from, (unsigned long)r->to, r->n, INDEX_WINDOW);
}

static int add_windows(struct json chat, struct buf *out, struct err *e)
{
	struct json buckets = json_member(json_member(chat, "windows"), "buckets"), bucket;
	struct index_window w = { 0 };
	uint64_t first;
	size_t at = 1;

	if (!chat_of(json_member(chat, "key"), &w.chat))
		return err_set(e, ERR_ELASTIC, "elasticsearch: a chat's key is no number");
	if (json_kind(buckets) != JSON_ARRAY)
		return lacks("windows", e);
	while ((bucket = json_next(buckets, &at)).len) {
		if (!whole(json_member(bucket, "key"), &first) ||
		    !json_u64(json_member(bucket, "doc_count"), &w.count) ||
		    !whole(json_member(json_member(bucket, "check"), "value"), &w.sum))
			return err_set(e, ERR_ELASTIC, "elasticsearch: a histogram's bucket lacks its numbers");
		w.number = first / INDEX_WINDOW;
		if (buf_add(out, &w, sizeof(w)))
			return err_memory(e);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct index_window *x = a, *y = b;

	if (x->chat != y->chat)
		return x->chat < y->chat ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void add_routing(struct buf *path, const struct index_range *r)
{
	size_t i;

	for (i = 0; i < r->n && r->n <= ROUTED; i++)
		buf_addf(path, "%s%llu", i ? "," : "&routing=", LLU(r->chats[i]));
}

int index_read_windows(const struct index_source *s, const struct index_range *r, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json buckets = { 0 }, chat;
	size_t at = 1;
	int rc;

	buf_reset(out, KEEP);
	buf_addf(&path, "/%s/_search?size=0", s->name);
	add_routing(&path, r);
	ask_for_windows(&body, r);
	rc = aggregate(s, &path, &body, &buckets, e);
	buf_clear(&path);
	buf_clear(&body);
	while (!rc && (chat = json_next(buckets, &at)).len)
		rc = add_windows(chat, out, e);
	if (!rc && out->len)
		qsort(out->data, out->len / sizeof(struct index_window), sizeof(struct index_window), by_place);
	return rc;
}

int index_read_windows_mysql(struct db *db, const struct index_range *r, struct buf *out, struct err *e)
{
	struct db_value *values = calloc(r->n + 2, sizeof(*values));
	size_t i;
	int rc;

	buf_reset(out, KEEP);
	if (!values)
		return err_memory(e);
	for (i = 0; i < r->n; i++)
		values[i] = (struct db_value)DB_U64(r->chats[i]);
	values[r->n] = (struct db_value)DB_U64(r->from);
	values[r->n + 1] = (struct db_value)DB_U64(r->to);
	rc = db_query(db, DB_COMPARE_WINDOWS, values, r->n, e);
	free(values);
	while (!rc && (rc = db_next(db, e)) > 0) {
		const struct index_window w = { db_number(db, 0), db_number(db, 1), db_number(db, 2), db_number(db, 3) };

		rc = buf_add(out, &w, sizeof(w)) ? err_memory(e) : 0;
	}
	db_done(db);
	return rc;
}

/* ------------------------------------------------------------------ rows */

static void ask_for_rows(struct buf *body, const struct index_range *r)
{
	buf_addf(body,
		 "{\"size\":%d,\"version\":true,\"track_total_hits\":false,\"_source\":false,\"sort\":[\"number\"],"
		 "\"docvalue_fields\":[\"number\",\"check\"],\"query\":{\"bool\":{\"filter\":[{\"term\":{"
		 "\"chat_id\":\"%llu\"}},{\"range\":{\"number\":{\"gte\":%lu,\"lte\":%lu}}}]}}}",
		 INDEX_WINDOW, LLU(r->chats[0]), (unsigned long)r->from, (unsigned long)r->to);
}

static int add_hit(struct json hit, struct buf *out, struct err *e)
{
	struct json fields = json_member(hit, "fields");
	struct index_row row = { 0 };
	uint64_t number;

	if (!json_u64(json_item(json_member(fields, "number"), 0), &number) || number > KEY_NUMBER_MAX ||
	    !json_u64(json_item(json_member(fields, "check"), 0), &row.check) ||
	    !json_u64(json_member(hit, "_version"), &row.version))
		return err_set(e, ERR_ELASTIC, "elasticsearch: a hit lacks its numbers");
	row.number = (uint32_t)number;
	return buf_add(out, &row, sizeof(row)) ? err_memory(e) : 0;
}

int index_read_rows(const struct index_source *s, const struct index_range *r, struct buf *out, struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json root = { 0 }, hits, hit;
	size_t at = 1;
	int rc;

	buf_reset(out, KEEP);
	buf_addf(&path, "/%s/_search?routing=%llu", s->name, LLU(r->chats[0]));
	ask_for_rows(&body, r);
	rc = search(s, &path, &body, &root, e);
	buf_clear(&path);
	buf_clear(&body);
	hits = json_member(json_member(root, "hits"), "hits");
	if (!rc && json_kind(hits) != JSON_ARRAY)
		rc = lacks("hits", e);
	while (!rc && (hit = json_next(hits, &at)).len)
		rc = add_hit(hit, out, e);
	return rc;
}

int index_read_rows_mysql(struct db *db, const struct index_range *r, struct buf *out, struct err *e)
{
	const struct db_value range[] = { DB_U64(r->chats[0]), DB_U64(r->from), DB_U64(r->to) };
	int rc = db_query(db, DB_COMPARE_ROWS, range, 1, e);

	buf_reset(out, KEEP);
	while (!rc && (rc = db_next(db, e)) > 0) {
		struct index_row row = { .number = (uint32_t)db_number(db, 0), .version = db_number(db, 1) };

		row.check = document_check(row.number, (uint32_t)row.version);
		rc = buf_add(out, &row, sizeof(row)) ? err_memory(e) : 0;
	}
	db_done(db);
	return rc;
}

/* ------------------------------------------------------------------ chats */

int index_read_chats(const struct index_source *s, uint64_t *after, uint64_t chats[INDEX_CHATS], size_t *n,
		     struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json buckets = { 0 }, bucket;
	size_t at = 1;
	int rc;

	*n = 0;
	buf_addf(&path, "/%s/_search?size=0", s->name);
	buf_addf(&body, "{\"aggs\":{\"chats\":{\"composite\":{\"size\":%d,\"sources\":[{\"chat\":{\"terms\":{"
			"\"field\":\"chat_id\"}}}]", INDEX_CHATS);
	if (*after)
		buf_addf(&body, ",\"after\":{\"chat\":\"%llu\"}", LLU(*after));
	buf_addstr(&body, "}}}}");
	rc = aggregate(s, &path, &body, &buckets, e);
	buf_clear(&path);
	buf_clear(&body);
	while (!rc && *n < INDEX_CHATS && (bucket = json_next(buckets, &at)).len)
		if (!chat_of(json_member(json_member(bucket, "key"), "chat"), &chats[(*n)++]))
			rc = err_set(e, ERR_ELASTIC, "elasticsearch: a chat's key is no number");
	*after = !rc && *n ? chats[*n - 1] : *after;
	return rc;
}
