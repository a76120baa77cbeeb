/* One `_bulk` of Elasticsearch. */
#include "bulk.h"

#include <stdio.h>
#include <string.h>

#include "document.h"
#include "utf8.h"

#define KEEP (2 * BULK_BYTES) /* of memory, between two of them */

void bulk_init(struct bulk *b)
{
	memset(b, 0, sizeof(*b));
}

void bulk_clear(struct bulk *b)
{
	buf_clear(&b->body);
	buf_clear(&b->ops);
	buf_clear(&b->whys);
}

void bulk_reset(struct bulk *b)
{
	buf_reset(&b->body, KEEP);
	buf_reset(&b->ops, KEEP);
	buf_reset(&b->whys, KEEP);
}

/* ------------------------------------------------------------------ building */

static int add(struct bulk *b, const struct bulk_op *op, struct err *e)
{
	char id[DOCUMENT_ID];

	if (buf_add(&b->ops, op, sizeof(*op)) ||
	    buf_addf(&b->body,
		     "{\"%s\":{\"_id\":\"%s\",\"routing\":\"%llu\",\"version\":%lu,"
		     "\"version_type\":\"external_gte\"}}\n",
		     op->gone ? "delete" : "index", document_id(id, op->chat, op->number),
		     (unsigned long long)op->chat, (unsigned long)op->version))
		return err_memory(e);
	return 0;
}

int bulk_index(struct bulk *b, uint64_t chat, uint32_t number, uint32_t version, const char *body, size_t len,
	       struct err *e)
{
	const struct bulk_op op = { .chat = chat, .number = number, .version = version, .at = b->body.len };

	if (add(b, &op, e) || document_write(&b->body, &b->fold, chat, number, version, body, len, e))
		return -1;
	return buf_addch(&b->body, '\n') ? err_memory(e) : 0;
}

int bulk_delete(struct bulk *b, uint64_t chat, uint32_t number, uint32_t version, struct err *e)
{
	const struct bulk_op op = { .chat = chat, .number = number, .version = version, .gone = true,
				    .at = b->body.len };

	return add(b, &op, e);
}

bool bulk_full(const struct bulk *b)
{
	return b->body.len >= BULK_BYTES;
}

uint64_t bulk_rows(const struct conf *c, uint64_t wanted)
{
	uint64_t most = (uint64_t)c->index_rows;

	return wanted < most ? wanted : most;
}

struct bulk_op *bulk_ops(const struct bulk *b, size_t *n)
{
	*n = b->ops.len / sizeof(struct bulk_op);
	return (void *)b->ops.data;
}

const char *bulk_why(const struct bulk *b, const struct bulk_op *op)
{
	return op->why ? b->whys.data + op->why : "";
}

const struct bulk_op *bulk_find(const struct bulk *b, enum bulk_state state)
{
	size_t n, i;
	const struct bulk_op *op = bulk_ops(b, &n);

	for (i = 0; i < n; i++)
		if (op[i].state == state)
			return &op[i];
	return NULL;
}

/* ------------------------------------------------------------------ reading the answer */

static bool says(struct json error, const char *type)
{
	return json_equals(json_member(error, "type"), type, strlen(type));
}

static enum bulk_state judge(const struct bulk_op *op, uint64_t status, struct json error)
{
	if (status >= 200 && status < 300)
		return BULK_DONE;
	switch (status) {
	case 404:
		if (says(error, "index_not_found_exception"))
			return BULK_MISSING;
		return op->gone && !error.len ? BULK_DONE : BULK_AGAIN;
	case 409:
		return BULK_AHEAD;
	case 400:
	case 413:
		return BULK_REFUSED;
	default:
		return BULK_AGAIN;
	}
}

static void add_text(struct buf *out, const char *between, struct json string)
{
	if (json_kind(string) != JSON_STRING)
		return;
	buf_addstr(out, between);
	json_string(string, out, NULL);
}

/* Not remembering it is no failure. */
static void remember(struct bulk *b, struct bulk_op *op, const struct buf *why)
{
	size_t at;

	if (!b->whys.len)
		buf_addch(&b->whys, '\0');
	at = b->whys.len;
	if (!why->failed && !buf_add(&b->whys, why->data, utf8_cut(why->data, why->len, BULK_WHY - 1)) &&
	    !buf_addch(&b->whys, '\0'))
		op->why = at;
}

/* "400 document_parsing_exception: failed to parse …" */
static void remember_error(struct bulk *b, struct bulk_op *op, uint64_t status, struct json error)
{
	struct buf text = BUF_INIT;

	buf_addf(&text, "%llu", (unsigned long long)status);
	add_text(&text, " ", json_member(error, "type"));
	add_text(&text, ": ", json_member(error, "reason"));
	remember(b, op, &text);
	buf_clear(&text);
}

void bulk_refuse(struct bulk *b, struct bulk_op *op, const char *why)
{
	struct buf text = BUF_INIT;

	buf_addstr(&text, why);
	op->state = op->here = BULK_REFUSED;
	remember(b, op, &text);
	buf_clear(&text);
}

static void settle(struct bulk *b, struct bulk_op *op, enum bulk_state state, uint64_t status, struct json error)
{
	op->here = state;
	if (state > op->state)
		op->state = state;
	if (op->here == op->state && (state == BULK_REFUSED || state == BULK_AGAIN))
		remember_error(b, op, status, error);
}

/* The one value of {"index":{…}}; absent when it is none of that kind. */
static struct json result_of(struct json item)
{
	size_t at = 1;

	json_next(item, &at);
	return json_kind(item) == JSON_OBJECT ? json_next(item, &at) : (struct json){ 0 };
}

static bool fits(struct json items, size_t n)
{
	struct json item;
	uint64_t status;
	size_t at = 1, seen = 0;

	if (json_kind(items) != JSON_ARRAY)
		return false;
	while ((item = json_next(items, &at)).len) {
		if (!json_u64(json_member(result_of(item), "status"), &status))
			return false;
		seen++;
	}
	return seen == n;
}

int bulk_read(struct bulk *b, size_t i, size_t n, struct json reply, struct err *e)
{
	struct json items = json_member(reply, "items"), item, result, error;
	size_t at = 1, all;
	struct bulk_op *op = bulk_ops(b, &all) + i;
	uint64_t status;

	if (!fits(items, n))
		return err_set(e, ERR_ELASTIC, "elasticsearch: _bulk has not answered to each of %zu operations", n);
	while ((item = json_next(items, &at)).len) {
		result = result_of(item);
		error = json_member(result, "error");
		json_u64(json_member(result, "status"), &status);
		settle(b, op, judge(op, status, error), status, error);
		op++;
	}
	return 0;
}

/* ------------------------------------------------------------------ sending */

struct sending {
	struct bulk *bulk;
	struct elastic *el;
	const char *path;
	int64_t timeout_ms;
};

static int send_part(const struct sending *s, size_t i, size_t n, struct err *e);

static int too_big(const struct sending *s, size_t i, size_t n, struct err *e)
{
	size_t all;

	if (n > 1)
		return send_part(s, i, n / 2, e) || send_part(s, i + n / 2, n - n / 2, e) ? -1 : 0;
	settle(s->bulk, bulk_ops(s->bulk, &all) + i, BULK_REFUSED, 413, (struct json){ 0 });
	return 0;
}

static int send_part(const struct sending *s, size_t i, size_t n, struct err *e)
{
	size_t all;
	const struct bulk_op *op = bulk_ops(s->bulk, &all);
	size_t from = op[i].at, to = i + n < all ? op[i + n].at : s->bulk->body.len;
	const struct elastic_request r = { .method = "POST", .path = s->path, .body = s->bulk->body.data + from,
					   .len = to - from, .lines = true, .until_stop = true, .timeout_ms = s->timeout_ms };
	struct json reply;

	if (elastic_send(s->el, &r, e))
		return -1;
	if (s->el->status == 413)
		return too_big(s, i, n, e);
	if (s->el->status != 200)
		return elastic_refused(s->el, e);
	if (json_check(buf_str(&s->el->reply), s->el->reply.len, &reply, e)) {
		if (e && e->code == ERR_MEMORY)
			return -1;
		return err_set(e, ERR_ELASTIC, "elasticsearch: the answer to _bulk is no JSON");
	}
	return bulk_read(s->bulk, i, n, reply, e);
}

int bulk_send(struct bulk *b, struct elastic *el, const char *alias, int64_t timeout_ms, struct err *e)
{
	/* a shard that is away is waited for no longer than leaves time to say so */
	static const char ask[] = "/%s/_bulk?require_alias=true&timeout=%lldms"
				  "&filter_path=items.*.status,items.*.error.type,items.*.error.reason";
	struct sending s = { b, el, NULL, timeout_ms };
	struct buf path = BUF_INIT;
	size_t n;
	int rc;

	bulk_ops(b, &n);
	if (!n)
		return 0;
	buf_addf(&path, ask, alias, (long long)timeout_ms / 2);
	s.path = buf_str(&path);
	rc = path.failed ? err_memory(e) : send_part(&s, 0, n, e);
	buf_clear(&path);
	return rc;
}
