/* Parameters that were parsed come back equal when they are encoded and parsed again; and any valid
 * text comes back as it was when it is encoded as a value. */
#include "query.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* Everything that may stand raw is left raw where `sparse`. */
static void encode(struct buf *out, const char *s, size_t n, bool sparse)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == ' ' && sparse)
			buf_addch(out, '+');
		else if (strchr("%&=+ ", s[i]) || !sparse)
			buf_addf(out, "%%%02x", (unsigned char)s[i]);
		else
			buf_addch(out, s[i]);
	}
}

static void same(const struct query *a, const struct query *b)
{
	must(a->n == b->n);
	for (size_t i = 0; i < a->n; i++) {
		must(!strcmp(a->param[i].name, b->param[i].name));
		must(!strcmp(a->param[i].value, b->param[i].value));
	}
}

static void comes_back(const struct query *q, bool sparse)
{
	struct query again = QUERY_INIT;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < q->n; i++) {
		encode(&text, q->param[i].name, strlen(q->param[i].name), sparse);
		buf_addch(&text, '=');
		encode(&text, q->param[i].value, strlen(q->param[i].value), sparse);
		buf_addch(&text, '&');
	}
	must(!query_parse(&again, text.data, text.len, NULL));
	same(q, &again);
	query_clear(&again);
	buf_clear(&text);
}

static void value_comes_back(const char *s, size_t n)
{
	struct query q = QUERY_INIT;
	struct buf text = BUF_INIT;
	bool good = utf8_valid(s, n) && !(n && memchr(s, '\0', n));

	buf_addstr(&text, "v=");
	encode(&text, s, n, false);
	must((query_parse(&q, text.data, text.len, NULL) == 0) == good);
	if (good)
		must(strlen(query_get(&q, "v")) == n && !memcmp(query_get(&q, "v"), s, n));
	query_clear(&q);
	buf_clear(&text);
}

/* A number that was taken is written as the value was. */
static void number_comes_back(const struct query *q, const char *name)
{
	uint64_t value = 12345;
	int rc = query_number(q, name, 1, (uint64_t)1 << 53, &value, NULL);
	struct buf text = BUF_INIT;

	must((rc == 0) == !query_count(q, name));
	must(rc == 1 || value == 12345);
	if (rc == 1) {
		buf_addf(&text, "%llu", (unsigned long long)value);
		must(!strcmp(buf_str(&text), query_get(q, name)) && query_count(q, name) == 1);
		must(value >= 1 && value <= (uint64_t)1 << 53);
	}
	buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query q = QUERY_INIT;
	struct err e = ERR_INIT;

	value_comes_back((const char *)data, size);
	if (query_parse(&q, (const char *)data, size, &e)) {
		must(e.code == ERR_INVALID && *e.text && !q.text);
		return 0;
	}
	for (size_t i = 0; i < q.n; i++) {
		must(utf8_valid(q.param[i].name, strlen(q.param[i].name)));
		must(utf8_valid(q.param[i].value, strlen(q.param[i].value)));
		must(query_get(&q, q.param[i].name) && query_count(&q, q.param[i].name));
		number_comes_back(&q, q.param[i].name);
	}
	comes_back(&q, true);
	comes_back(&q, false);
	query_clear(&q);
	return 0;
}
