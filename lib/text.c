/* Terms, matching and highlighting, on folded texts. */
#include "text.h"

#include <string.h>
#include <utf8proc.h>

#include "utf8.h"

#define KEEP_BYTES ((size_t)1 << 20) /* of the buffers' memory, between messages */

/* The code point at s, and its length: 1 for a byte that is no UTF-8. */
static size_t point_at(const char *s, size_t n, int32_t *point)
{
	utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n,
						point);

	if (len > 0)
		return (size_t)len;
	*point = (unsigned char)*s;
	return 1;
}

/* Where the code point begins that ends at `end`, which is not 0. */
static size_t point_start(const char *s, size_t end)
{
	size_t at = end - 1;

	while (at && end - at < 4 && ((unsigned char)s[at] & 0xC0) == 0x80)
		at--;
	return at;
}

/* ------------------------------------------------------------------ words */

bool text_makes_word(int32_t point)
{
	utf8proc_category_t category = utf8proc_category(point);

	return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
}

static bool word_at(const char *s, size_t n, size_t at)
{
	int32_t point;

	if (at >= n)
		return false;
	point_at(s + at, n - at, &point);
	return text_makes_word(point);
}

static bool word_before(const char *s, size_t n, size_t at)
{
	return at && word_at(s, n, point_start(s, at));
}

/* ------------------------------------------------------------------ what is searched for */

static size_t skip(const char *s, size_t n, size_t at, bool white)
{
	int32_t point;
	size_t len;

	for (; at < n; at += len) {
		len = point_at(s + at, n - at, &point);
		if (utf8_white(point) != white)
			break;
	}
	return at;
}

/* Where the quote is that closes the one at `at`; 0: nowhere. */
static size_t closing_quote(const char *s, size_t n, size_t at)
{
	size_t i;

	for (i = at + 1; i < n; i++)
		if (s[i] == '"' && (i + 1 == n || skip(s, n, i + 1, true) > i + 1))
			return i;
	return 0;
}

/* The term at `at`, which is not white: its bounds without quotes. Returns where it is over. */
static size_t find_term(const char *s, size_t n, size_t at, size_t *from, size_t *to)
{
	size_t close = s[at] == '"' ? closing_quote(s, n, at) : 0;

	if (close > at + 1) {
		*from = at + 1;
		*to = close;
		return close + 1;
	}
	*from = at;
	*to = skip(s, n, at, false);
	return *to;
}

/* The smallest period of a term: its length less that of its longest border (Knuth, Morris, Pratt). */
static int find_period(struct text_query *q, struct text_term *t, struct err *e)
{
	const char *s = q->terms.data + t->at;
	size_t i, border = 0;
	uint32_t *borders; /* of the beginnings of the term */

	buf_reset(&q->map, KEEP_BYTES);
	if (buf_grow(&q->map, (t->len + 1) * sizeof(*borders)))
		return err_memory(e);
	borders = (void *)q->map.data;
	borders[0] = borders[1] = 0;
	for (i = 1; i < t->len; i++) {
		while (border && s[border] != s[i])
			border = borders[border];
		border += s[border] == s[i];
		borders[i + 1] = (uint32_t)border;
	}
	t->period = t->len - border;
	return 0;
}

static int add_term(struct text_query *q, const char *s, size_t n, struct err *e)
{
	struct text_term *t = &q->term[q->n];
	const char *folded;

	t->at = q->terms.len;
	if (fold_text(&q->fold, s, n, &q->terms, NULL))
		return err_memory(e);
	t->len = q->terms.len - t->at;
	folded = buf_str(&q->terms) + t->at;
	t->word_begins = word_at(folded, t->len, 0);
	t->word_ends = word_before(folded, t->len, t->len);
	q->n++;
	return t->len ? find_period(q, t, e) : 0;
}

int text_query_init(struct text_query *q, const char *text, size_t len, struct err *e)
{
	size_t at, from, to;

	memset(q, 0, sizeof(*q));
	if (utf8_length(text, len) > TEXT_QUERY_MAX)
		return err_set(e, ERR_INVALID, "must have at most %d characters", TEXT_QUERY_MAX);
	for (at = skip(text, len, 0, true); at < len; at = skip(text, len, at, true)) {
		if (q->n == TEXT_TERMS_MAX)
			return err_set(e, ERR_INVALID, "must have at most %d terms", TEXT_TERMS_MAX);
		at = find_term(text, len, at, &from, &to);
		if (add_term(q, text + from, to - from, e))
			return -1;
	}
	return q->n ? 0 : err_set(e, ERR_INVALID, "must not be blank");
}

void text_query_clear(struct text_query *q)
{
	buf_clear(&q->terms);
	buf_clear(&q->body);
	buf_clear(&q->map);
	buf_clear(&q->depths);
}

bool text_query_possible(const struct text_query *q)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (!q->term[i].len)
			return false;
	return true;
}

/* ------------------------------------------------------------------ matching */

/* The next place of a term at or behind byte `at` of the folded body, or false. */
static bool find_place(const struct text_query *q, const struct text_term *t, size_t *at)
{
	const char *body = buf_str(&q->body), *place;

	if (!t->len || *at >= q->body.len)
		return false;
	place = memmem(body + *at, q->body.len - *at, q->terms.data + t->at, t->len);
	if (!place)
		return false;
	*at = (size_t)(place - body);
	return true;
}

/* The next place behind the one at *at, which it may overlap. Places that follow each other by the
 * period are not searched for anew: "aaaa…" in "aaaaaaaa…" would take time without end. */
static bool next_place(const struct text_query *q, const struct text_term *t, size_t *at)
{
	const char *end = buf_str(&q->body) + *at + t->len, *term = q->terms.data + t->at;

	if (*at + t->len + t->period <= q->body.len &&
	    !memcmp(end, term + t->len - t->period, t->period)) {
		*at += t->period;
		return true;
	}
	++*at;
	return find_place(q, t, at);
}

static enum text_class class_of_place(const struct text_query *q, const struct text_term *t,
				      size_t at)
{
	const char *body = buf_str(&q->body);

	if (t->word_begins && word_before(body, q->body.len, at))
		return TEXT_INSIDE;
	return t->word_ends && word_at(body, q->body.len, at + t->len) ? TEXT_BEGINNING : TEXT_WORD;
}

/* The best of a term's places. */
static enum text_class class_of_term(const struct text_query *q, const struct text_term *t)
{
	enum text_class best = TEXT_NONE, class;
	size_t at = 0;
	bool found = find_place(q, t, &at);

	for (; found && best != TEXT_WORD; found = next_place(q, t, &at)) {
		class = class_of_place(q, t, at);
		if (class < best)
			best = class;
	}
	return best;
}

static int fold_body(struct text_query *q, const char *body, size_t len, struct buf *map,
		     struct err *e)
{
	buf_reset(&q->body, KEEP_BYTES);
	return fold_text(&q->fold, body, len, &q->body, map) ? err_memory(e) : 0;
}

int text_match(struct text_query *q, const char *body, size_t len, enum text_class *class,
	       struct err *e)
{
	enum text_class worst = TEXT_WORD, one;
	size_t i;

	if (fold_body(q, body, len, NULL, e))
		return -1;
	for (i = 0; i < q->n && worst != TEXT_NONE; i++) {
		one = class_of_term(q, &q->term[i]);
		if (one > worst)
			worst = one;
	}
	*class = worst;
	return 0;
}

/* ------------------------------------------------------------------ highlighting */

/* For each byte of the body, by how many places more it is covered than the byte before it. */
static int32_t *count_places(struct text_query *q, const char *body, size_t len)
{
	const uint32_t *from = (const void *)q->map.data;
	size_t i, at, first, last, bytes = (len + 1) * sizeof(int32_t);
	int32_t *depths, point;
	bool found;

	buf_reset(&q->depths, KEEP_BYTES);
	if (buf_grow(&q->depths, bytes))
		return NULL;
	depths = (void *)q->depths.data;
	memset(depths, 0, bytes);
	for (i = 0; i < q->n; i++) {
		at = 0;
		found = find_place(q, &q->term[i], &at);
		for (; found; found = next_place(q, &q->term[i], &at)) {
			first = from[at];
			last = from[at + q->term[i].len - 1];
			depths[first]++;
			depths[last + point_at(body + last, len - last, &point)]--;
		}
	}
	return depths;
}

static void add_escaped(struct buf *out, const char *s, size_t n)
{
	static const char special[] = "&<>\"'";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	const char *found;
	size_t i, done = 0;

	for (i = 0; i < n; i++) {
		if (!s[i] || (unsigned char)s[i] > '>') /* letters are most of it, and none is special */
			continue;
		found = strchr(special, s[i]);
		if (!found)
			continue;
		buf_add(out, s + done, i - done);
		buf_addstr(out, entities[found - special]);
		done = i + 1;
	}
	buf_add(out, s + done, n - done);
}

/* Where the character that begins at `at`, as people see it, is over. */
static size_t grapheme_end(const char *s, size_t n, size_t at)
{
	utf8proc_int32_t state = 0;
	int32_t point, next;
	size_t len;

	at += point_at(s + at, n - at, &point);
	while (at < n) {
		len = point_at(s + at, n - at, &next);
		if (utf8proc_grapheme_break_stateful(point, next, &state))
			break;
		point = next;
		at += len;
	}
	return at;
}

/* Is any byte between covered? *depth is that of the byte before, and becomes that of the last. */
static bool is_covered(const int32_t *depths, size_t from, size_t to, int32_t *depth)
{
	bool covered = false;

	for (; from < to; from++) {
		*depth += depths[from];
		covered = covered || *depth > 0;
	}
	return covered;
}

static void write_marked(struct buf *out, const char *body, size_t len, const int32_t *depths)
{
	bool marked = false, covered;
	size_t at, end, done = 0;
	int32_t depth = 0;

	for (at = 0; at < len; at = end) {
		end = grapheme_end(body, len, at);
		covered = is_covered(depths, at, end, &depth);
		if (covered == marked)
			continue;
		add_escaped(out, body + done, at - done);
		buf_addstr(out, covered ? "<em>" : "</em>");
		marked = covered;
		done = at;
	}
	add_escaped(out, body + done, len - done);
	buf_addstr(out, marked ? "</em>" : "");
}

int text_highlight(struct text_query *q, const char *body, size_t len, struct buf *out,
		   struct err *e)
{
	const int32_t *depths;

	buf_reset(&q->map, KEEP_BYTES);
	if (fold_body(q, body, len, &q->map, e))
		return -1;
	depths = count_places(q, body, len);
	if (!depths)
		return err_memory(e);
	write_marked(out, body, len, depths);
	return out->failed ? err_memory(e) : 0;
}
