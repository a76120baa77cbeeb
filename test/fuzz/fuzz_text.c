/* Input: what is searched for, a NUL, a body. A highlight without its tags and escapes is the body;
 * what matches is marked; folded texts and maps are as lib/fold.h has them. */
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static bool begins(const struct buf *b, size_t at, const char *with)
{
	size_t n = strlen(with);

	return b->len - at >= n && !memcmp(b->data + at, with, n);
}

/* The byte that a highlight has at `at`, and how long it is written; 0: a tag. */
static size_t unescape(const struct buf *b, size_t at, char *byte)
{
	static const struct {
		const char *text, byte;
	} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
			 { "&#39;", '\'' } };

	*byte = b->data[at];
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (begins(b, at, entities[i].text)) {
			*byte = entities[i].byte;
			return strlen(entities[i].text);
		}
	must(!strchr("&>\"'", *byte) || !*byte);
	return *byte != '<';
}

/* Returns how many places are marked. */
static size_t check_highlight(const struct buf *b, const char *body, size_t len)
{
	size_t at, n, got = 0, marks = 0;
	bool open = false;
	char byte;

	for (at = 0; at < b->len; at += n) {
		n = unescape(b, at, &byte);
		if (!n) {
			must(begins(b, at, open ? "</em>" : "<em>"));
			n = open ? 5 : 4;
			marks += !open;
			open = !open;
			must(open || memcmp(b->data + at - 4, "<em>", 4) != 0);
			continue;
		}
		must(got < len && body[got] == byte);
		got++;
	}
	must(got == len && !open);
	return marks;
}

static void check_query(const char *q, size_t q_len, const char *body, size_t len)
{
	struct text_query query;
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	enum text_class class;

	if (!text_query_init(&query, q, q_len, &e)) {
		must(query.n && query.n <= TEXT_TERMS_MAX);
		must(!text_match(&query, body, len, &class, &e));
		must(class == TEXT_NONE || text_query_possible(&query));
		must(!text_highlight(&query, body, len, &out, &e));
		must(check_highlight(&out, body, len) || class == TEXT_NONE);
		must(!utf8_valid(body, len) || utf8_valid(buf_str(&out), out.len));
	} else {
		must(e.code == ERR_INVALID && *e.text);
	}
	text_query_clear(&query);
	buf_clear(&out);
}

static void check_fold(const char *s, size_t n)
{
	static struct fold kept;
	struct buf out = BUF_INIT, again = BUF_INIT, map = BUF_INIT, plain = BUF_INIT;
	const uint32_t *from;

	must(!fold_text(&kept, s, n, &out, &map));
	must(!fold_text(&kept, s, n, &plain, NULL));
	must(plain.len == out.len && !memcmp(buf_str(&plain), buf_str(&out), out.len));
	must(map.len == out.len * sizeof(uint32_t));
	from = (const void *)map.data;
	for (size_t i = 0; i < out.len; i++)
		must(from[i] < n && (!i || from[i - 1] <= from[i]));
	if (utf8_valid(s, n)) {
		must(utf8_valid(buf_str(&out), out.len));
		must(!fold_text(&kept, out.data, out.len, &again, NULL));
		must(again.len == out.len && !memcmp(buf_str(&again), buf_str(&out), out.len));
	}
	buf_clear(&out);
	buf_clear(&again);
	buf_clear(&map);
	buf_clear(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size ? memchr(text, '\0', size) : NULL;
	size_t q_len = nul ? (size_t)(nul - text) : size;

	check_fold(text, size);
	if (nul)
		check_query(text, q_len, nul + 1, size - q_len - 1);
	check_query(text, q_len, text, size);
	return 0;
}
