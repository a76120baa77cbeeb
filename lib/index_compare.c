/* Compares what MySQL has with what Elasticsearch has. */
#include "index_compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "key.h"

#define WINDOW 1000  /* numbers; the statement compare_windows says so too */
#define WINDOWS 1000 /* that are compared with one question, about */
#define CHATS 500    /* likewise */
#define GONE 1000    /* chats of Elasticsearch that are looked at together */
#define KEEP 65536
#define LLU(n) ((unsigned long long)(n))

struct window {
	uint64_t chat;
	uint64_t number; /* of its first, / WINDOW */
	uint64_t count, sum;
};

struct row { /* a message, of MySQL or of Elasticsearch */
	uint32_t number;
	uint64_t version;
	uint64_t check;
};

uint32_t compare_version(const struct compare_finding *f)
{
	if (f->living)
		return f->version;
	return f->there < UINT32_MAX ? (uint32_t)f->there : UINT32_MAX;
}

void index_compare_clear(struct index_compare *c)
{
	buf_clear(&c->ours);
	buf_clear(&c->theirs);
	buf_clear(&c->before);
	buf_clear(&c->after);
	buf_clear(&c->numbers);
}

/* ------------------------------------------------------------------ asking Elasticsearch */

/* A search whose answer is complete, or an error. */
static int search(struct index_compare *c, const struct buf *path, const struct buf *body, struct json *root,
		  struct err *e)
{
	const struct elastic_request r = { .method = "POST", .path = buf_str(path), .body = body->data,
					   .len = body->len, .until_stop = true, .timeout_ms = c->timeout_ms };
	uint64_t failed = 1;

	if (path->failed || body->failed)
		return err_memory(e);
	if (elastic_json(c->el, &r, root, e))
		return -1;
	if (c->el->status != 200)
		return elastic_refused(c->el, e);
	json_u64(json_member(json_member(*root, "_shards"), "failed"), &failed);
	if (failed || json_kind(json_member(*root, "timed_out")) != JSON_FALSE)
		return err_set(e, ERR_ELASTIC, "elasticsearch: not all shards of %.100s answered", c->index);
	return 0;
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
	good = text.len && !text.failed;
	buf_clear(&text);
	return good;
}

/* ------------------------------------------------------------------ windows */

static void ask_for_windows(struct buf *body, const uint64_t *chats, size_t n, uint32_t from, uint32_t to)
{
	size_t i;

	buf_addstr(body, "{\"query\":{\"bool\":{\"filter\":[{\"terms\":{\"chat_id\":[");
	for (i = 0; i < n; i++)
		buf_addf(body, "%s\"%llu\"", i ? "," : "", LLU(chats[i]));
	buf_addf(body,
		 "]}},{\"range\":{\"number\":{\"gte\":%lu,\"lte\":%lu}}}]}},\"aggs\":{\"chats\":{\"terms\":{"
		 "\"field\":\"chat_id\",\"size\":%zu},\"aggs\":{\"windows\":{\"histogram\":{\"field\":\"number\","
		 "\"interval\":%d,\"min_doc_count\":1},\"aggs\":{\"check\":{\"sum\":{\"field\":\"check\"}}}}}}}}",
		 (unsigned long)from, (unsigned long)to, n, WINDOW);
}

static int read_windows(struct index_compare *c, struct json chat, struct err *e)
{
	struct json buckets = json_member(json_member(chat, "windows"), "buckets"), bucket;
	struct window w = { 0 };
	size_t at = 1;

	if (!chat_of(json_member(chat, "key"), &w.chat))
		return err_set(e, ERR_ELASTIC, "elasticsearch: a chat's key is no number");
	while ((bucket = json_next(buckets, &at)).len) {
		uint64_t first;

		if (!whole(json_member(bucket, "key"), &first) ||
		    !json_u64(json_member(bucket, "doc_count"), &w.count) ||
		    !whole(json_member(json_member(bucket, "check"), "value"), &w.sum))
			return err_set(e, ERR_ELASTIC, "elasticsearch: a histogram's bucket lacks its numbers");
		w.number = first / WINDOW;
		c->documents += w.count;
		if (buf_add(&c->theirs, &w, sizeof(w)))
			return err_memory(e);
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	if (x->chat != y->chat)
		return x->chat < y->chat ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* A few chats are asked for where they are; with many, the address would grow too long. */
static void add_routing(struct buf *path, const uint64_t *chats, size_t n)
{
	size_t i;

	for (i = 0; i < n && n <= 20; i++)
		buf_addf(path, "%s%llu", i ? "," : "&routing=", LLU(chats[i]));
}

static int windows_of_elastic(struct index_compare *c, const uint64_t *chats, size_t n, uint32_t from, uint32_t to,
			      struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json root, buckets, chat;
	size_t at = 1;
	int rc;

	buf_reset(&c->theirs, KEEP);
	buf_addf(&path, "/%s/_search?size=0", c->index);
	add_routing(&path, chats, n);
	ask_for_windows(&body, chats, n, from, to);
	rc = search(c, &path, &body, &root, e);
	buf_clear(&path);
	buf_clear(&body);
	if (rc)
		return -1;
	buckets = json_member(json_member(json_member(root, "aggregations"), "chats"), "buckets");
	while ((chat = json_next(buckets, &at)).len)
		if (read_windows(c, chat, e))
			return -1;
	if (c->theirs.len)
		qsort(c->theirs.data, c->theirs.len / sizeof(struct window), sizeof(struct window), by_place);
	return 0;
}

static int windows_of_mysql(struct index_compare *c, const uint64_t *chats, size_t n, uint32_t from, uint32_t to,
			    struct err *e)
{
	struct db_value *values = calloc(n + 2, sizeof(*values));
	size_t i;
	int rc;

	buf_reset(&c->ours, KEEP);
	if (!values)
		return err_memory(e);
	for (i = 0; i < n; i++)
		values[i] = (struct db_value)DB_U64(chats[i]);
	values[n] = (struct db_value)DB_U64(from);
	values[n + 1] = (struct db_value)DB_U64(to);
	rc = db_query(c->db, DB_COMPARE_WINDOWS, values, n, e);
	free(values);
	if (rc)
		return -1;
	while ((rc = db_next(c->db, e)) > 0) {
		const struct window w = { db_number(c->db, 0), db_number(c->db, 1), db_number(c->db, 2),
					  db_number(c->db, 3) };

		if (buf_add(&c->ours, &w, sizeof(w))) {
			db_done(c->db);
			return err_memory(e);
		}
	}
	return rc;
}

/* ------------------------------------------------------------------ one by one */

static int rows_of_elastic(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json root, hits, hit;
	size_t at = 1;
	int rc;

	buf_reset(&c->theirs, KEEP);
	buf_addf(&path, "/%s/_search?routing=%llu", c->index, LLU(chat));
	buf_addf(&body,
		 "{\"size\":%d,\"version\":true,\"track_total_hits\":false,\"_source\":false,\"sort\":[\"number\"],"
		 "\"docvalue_fields\":[\"number\",\"check\"],\"query\":{\"bool\":{\"filter\":[{\"term\":{"
		 "\"chat_id\":\"%llu\"}},{\"range\":{\"number\":{\"gte\":%lu,\"lte\":%lu}}}]}}}",
		 WINDOW, LLU(chat), (unsigned long)from, (unsigned long)to);
	rc = search(c, &path, &body, &root, e);
	buf_clear(&path);
	buf_clear(&body);
	if (rc)
		return -1;
	hits = json_member(json_member(root, "hits"), "hits");
	while ((hit = json_next(hits, &at)).len) {
		struct json fields = json_member(hit, "fields");
		struct row r = { 0 };
		uint64_t number;

		if (!json_u64(json_item(json_member(fields, "number"), 0), &number) || number > KEY_NUMBER_MAX ||
		    !json_u64(json_item(json_member(fields, "check"), 0), &r.check) ||
		    !json_u64(json_member(hit, "_version"), &r.version))
			return err_set(e, ERR_ELASTIC, "elasticsearch: a hit lacks its numbers");
		r.number = (uint32_t)number;
		if (buf_add(&c->theirs, &r, sizeof(r)))
			return err_memory(e);
	}
	return 0;
}

static int rows_of_mysql(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e)
{
	const struct db_value range[] = { DB_U64(chat), DB_U64(from), DB_U64(to) };
	int rc;

	buf_reset(&c->ours, KEEP);
	if (db_query(c->db, DB_COMPARE_ROWS, range, 1, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0) {
		struct row r = { .number = (uint32_t)db_number(c->db, 0), .version = db_number(c->db, 1) };

		r.check = document_check(r.number, (uint32_t)r.version);
		buf_add(&c->ours, &r, sizeof(r));
	}
	return c->ours.failed ? err_memory(e) : rc;
}

static int numbers_of_outbox(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e)
{
	const struct db_value range[] = { DB_U64(chat), DB_U64(from), DB_U64(to) };
	int rc;

	buf_reset(&c->numbers, KEEP);
	if (db_query(c->db, DB_OUTBOX_NUMBERS, range, 1, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0) {
		uint32_t number = (uint32_t)db_number(c->db, 0);

		buf_add(&c->numbers, &number, sizeof(number));
	}
	return c->numbers.failed ? err_memory(e) : rc;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool in_outbox(const struct index_compare *c, uint32_t number)
{
	return c->numbers.len && bsearch(&number, c->numbers.data, c->numbers.len / sizeof(number), sizeof(number),
					 by_number);
}

/* What one look finds of these two, which may be NULL and have the same number. */
static void judge(struct index_compare *c, uint64_t chat, const struct row *ours, const struct row *theirs,
		  struct buf *out)
{
	struct compare_finding f;

	memset(&f, 0, sizeof(f)); /* findings are compared byte by byte */
	f.chat = chat;
	f.number = ours ? ours->number : theirs->number;
	f.living = ours;
	f.version = ours ? (uint32_t)ours->version : 0;
	f.found = theirs;
	f.there = theirs ? theirs->version : 0;
	if (ours && theirs && ours->version == theirs->version && ours->check == theirs->check)
		return;
	if (!in_outbox(c, f.number))
		buf_add(out, &f, sizeof(f));
}

static int look(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct buf *out, struct err *e)
{
	const struct row *ours, *theirs, *ours_end, *theirs_end;

	buf_reset(out, KEEP);
	if (rows_of_elastic(c, chat, from, to, e) || rows_of_mysql(c, chat, from, to, e) ||
	    numbers_of_outbox(c, chat, from, to, e))
		return -1;
	ours = (const void *)c->ours.data;
	ours_end = ours + c->ours.len / sizeof(*ours);
	theirs = (const void *)c->theirs.data;
	theirs_end = theirs + c->theirs.len / sizeof(*theirs);
	while (ours < ours_end || theirs < theirs_end) {
		bool take_ours = ours < ours_end && (theirs == theirs_end || ours->number <= theirs->number);
		bool take_theirs = theirs < theirs_end && (ours == ours_end || theirs->number <= ours->number);

		judge(c, chat, take_ours ? ours : NULL, take_theirs ? theirs : NULL, out);
		ours += take_ours;
		theirs += take_theirs;
	}
	return out->failed ? err_memory(e) : 0;
}

/* What was found before, and is found again. */
static int tell_both(struct index_compare *c, struct err *e)
{
	const struct compare_finding *b = (const void *)c->before.data, *a = (const void *)c->after.data;
	size_t nb = c->before.len / sizeof(*b), na = c->after.len / sizeof(*a), i, k = 0;

	for (i = 0; i < na; i++) {
		while (k < nb && b[k].number < a[i].number)
			k++;
		if (k < nb && !memcmp(&b[k], &a[i], sizeof(*a)) && c->found(c->arg, &a[i], e))
			return -1;
	}
	return 0;
}

static int compare_window(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e)
{
	if (look(c, chat, from, to, &c->before, e))
		return -1;
	if (!c->before.len)
		return 0;
	return look(c, chat, from, to, &c->after, e) || tell_both(c, e) ? -1 : 0;
}

static uint32_t end_of_window(uint64_t first, uint32_t to)
{
	return first + WINDOW - 1 < to ? (uint32_t)(first + WINDOW - 1) : to;
}

int index_compare_numbers(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e)
{
	uint64_t first = from;

	while (first <= to) {
		uint32_t last = end_of_window(first / WINDOW * WINDOW, to);

		if (compare_window(c, chat, (uint32_t)first, last, e))
			return -1;
		first = (uint64_t)last + 1;
	}
	return 0;
}

/* ------------------------------------------------------------------ some chats */

/* Windows that differ, as struct window each; both lists are sorted. */
static int differing(const struct index_compare *c, struct buf *out, struct err *e)
{
	const struct window *ours = (const void *)c->ours.data, *theirs = (const void *)c->theirs.data;
	const struct window *ours_end = ours + c->ours.len / sizeof(*ours);
	const struct window *theirs_end = theirs + c->theirs.len / sizeof(*theirs);

	while (ours < ours_end || theirs < theirs_end) {
		int order = ours == ours_end ? 1 : theirs == theirs_end ? -1 : by_place(ours, theirs);
		const struct window *w = order <= 0 ? ours : theirs;

		if (order || ours->count != theirs->count || ours->sum != theirs->sum)
			buf_add(out, w, sizeof(*w));
		ours += order <= 0;
		theirs += order >= 0;
	}
	return out->failed ? err_memory(e) : 0;
}

/* Messages from..to of these chats. */
static int compare(struct index_compare *c, const uint64_t *chats, size_t n, uint32_t from, uint32_t to,
		   struct err *e)
{
	struct buf windows = BUF_INIT;
	const struct window *w;
	size_t i, most;
	int rc = 0;

	if (!n)
		return 0;
	rc = windows_of_elastic(c, chats, n, from, to, e) || windows_of_mysql(c, chats, n, from, to, e) ||
			     differing(c, &windows, e)
		     ? -1
		     : 0;
	w = (const void *)windows.data;
	most = windows.len / sizeof(*w);
	for (i = 0; i < most && !rc; i++)
		rc = compare_window(c, w[i].chat, (uint32_t)(w[i].number * WINDOW),
				    end_of_window(w[i].number * WINDOW, KEY_NUMBER_MAX), e);
	buf_clear(&windows);
	return rc;
}

/* A chat with more windows than one question takes. `last` is its highest number, as far as is known. */
static int compare_big(struct index_compare *c, uint64_t chat, uint64_t last, struct err *e)
{
	const uint64_t step = (uint64_t)WINDOWS * WINDOW;
	uint64_t from;

	for (from = 0; from <= last; from += step) {
		uint64_t to = from + step > last ? KEY_NUMBER_MAX : from + step - 1;

		if (compare(c, &chat, 1, (uint32_t)from, (uint32_t)to, e))
			return -1;
	}
	return 0;
}

struct chats { /* to be compared with one question */
	uint64_t id[CHATS];
	size_t n;
	uint64_t windows;
};

/* Adds a chat, with all that were added before if they are enough. */
static int add_chat(struct index_compare *c, struct chats *some, uint64_t chat, uint64_t last, struct err *e)
{
	uint64_t windows = last / WINDOW + 1;

	if (windows > WINDOWS)
		return compare_big(c, chat, last, e);
	if (some->n == CHATS || some->windows + windows > WINDOWS) {
		if (compare(c, some->id, some->n, 0, KEY_NUMBER_MAX, e))
			return -1;
		some->n = 0;
		some->windows = 0;
	}
	some->id[some->n++] = chat;
	some->windows += windows;
	return 0;
}

int index_compare_some(struct index_compare *c, uint64_t *chat, uint64_t upto, struct err *e)
{
	const struct db_value page[] = { DB_U64(*chat), DB_U64(upto), DB_U64(CHATS) };
	uint64_t list[CHATS][2];
	struct chats some = { .n = 0 };
	size_t n = 0, i;
	int rc;

	if (db_query(c->db, DB_COMPARE_CHATS, page, 1, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0 && n < CHATS) {
		list[n][0] = db_number(c->db, 0);
		list[n++][1] = db_number(c->db, 1);
	}
	db_done(c->db);
	for (i = 0; i < n && !rc; i++) {
		rc = add_chat(c, &some, list[i][0], list[i][1], e);
		if (c->progress)
			progress_add(c->progress, 1);
	}
	if (rc < 0 || compare(c, some.id, some.n, 0, KEY_NUMBER_MAX, e))
		return -1;
	*chat = n ? list[n - 1][0] : *chat;
	return n == CHATS;
}

/* ------------------------------------------------------------------ chats that are gone */

static int chats_of_elastic(struct index_compare *c, uint64_t *after, uint64_t *chats, size_t *n, struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	struct json root, buckets, bucket;
	size_t at = 1;
	int rc;

	*n = 0;
	buf_addf(&path, "/%s/_search?size=0", c->index);
	buf_addf(&body, "{\"aggs\":{\"chats\":{\"composite\":{\"size\":%d,\"sources\":[{\"chat\":{\"terms\":{"
			"\"field\":\"chat_id\"}}}]", GONE);
	if (*after)
		buf_addf(&body, ",\"after\":{\"chat\":\"%llu\"}", LLU(*after));
	buf_addstr(&body, "}}}}");
	rc = search(c, &path, &body, &root, e);
	buf_clear(&path);
	buf_clear(&body);
	if (rc)
		return -1;
	buckets = json_member(json_member(json_member(root, "aggregations"), "chats"), "buckets");
	while ((bucket = json_next(buckets, &at)).len && *n < GONE)
		if (!chat_of(json_member(json_member(bucket, "key"), "chat"), &chats[(*n)++]))
			return err_set(e, ERR_ELASTIC, "elasticsearch: a chat's key is no number");
	*after = *n ? chats[*n - 1] : *after;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Takes those away that may still have messages. */
static int keep_gone(struct index_compare *c, uint64_t *chats, size_t *n, struct err *e)
{
	struct db_value values[GONE];
	size_t i, kept = 0, k = 0;
	int rc;

	qsort(chats, *n, sizeof(*chats), by_id);
	for (i = 0; i < *n; i++)
		values[i] = (struct db_value)DB_U64(chats[i]);
	if (db_query(c->db, DB_COMPARE_UNPURGED, values, *n, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0) {
		while (k < *n && chats[k] < db_number(c->db, 0))
			chats[kept++] = chats[k++];
		k += k < *n && chats[k] == db_number(c->db, 0);
	}
	while (k < *n)
		chats[kept++] = chats[k++];
	*n = kept;
	return rc;
}

int index_compare_gone(struct index_compare *c, uint64_t *chat, struct err *e)
{
	uint64_t chats[GONE], before = c->documents;
	size_t n, page, i, len;
	int rc = 0;

	if (chats_of_elastic(c, chat, chats, &n, e))
		return -1;
	page = n;
	if (n && keep_gone(c, chats, &n, e))
		return -1;
	for (i = 0; i < n && !rc; i += len) {
		len = n - i < CHATS ? n - i : CHATS;
		rc = compare(c, chats + i, len, 0, KEY_NUMBER_MAX, e);
	}
	c->documents = before; /* those that belong to nobody do not count */
	return rc < 0 ? -1 : page == GONE;
}
