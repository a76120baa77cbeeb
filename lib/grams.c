/* Cuts grams. */
#include "grams.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

#include "text.h"

#define KEEP_BYTES ((size_t)1 << 20) /* of the buffers' memory, between texts */
#define SPACE 0xFDD0
#define MARK 0xFDD1
#define CONTROL 0xFDD2 /* and the three behind it */
#define CONTROL_FIRST 0x1C
#define CONTROL_LAST 0x1F
#define RESERVED_LAST (CONTROL + CONTROL_LAST - CONTROL_FIRST)
#define REPLACEMENT 0xFFFD

/* ------------------------------------------------------------------ code points */

static int written(int point)
{
	if (point == ' ')
		return SPACE;
	if (point >= CONTROL_FIRST && point <= CONTROL_LAST)
		return CONTROL + point - CONTROL_FIRST;
	return point >= SPACE && point <= RESERVED_LAST ? REPLACEMENT : point;
}

static struct gram_point encoded(int point)
{
	static const char digits[] = "0123456789abcdef";
	struct gram_point p = { .point = point };

	if (point == '"' || point == '\\') {
		p.bytes[p.len++] = '\\';
		p.bytes[p.len++] = (char)point;
	} else if (point < ' ') {
		memcpy(p.bytes, "\\u00", 4);
		p.bytes[4] = digits[point >> 4];
		p.bytes[5] = digits[point & 15];
		p.len = 6;
	} else {
		p.len = (unsigned char)utf8proc_encode_char(point, (utf8proc_uint8_t *)p.bytes);
	}
	return p;
}

/* The caller made room. */
static void put(struct grams *g, int point)
{
	struct gram_point p = encoded(point);

	memcpy(g->points.data + g->points.len, &p, sizeof(p));
	g->points.len += sizeof(p);
}

static size_t point_at(const char *s, size_t n, int *point)
{
	utf8proc_int32_t p;
	utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &p);

	*point = len > 0 ? p : REPLACEMENT;
	return len > 0 ? (size_t)len : 1;
}

int grams_take(struct grams *g, const char *text, size_t len, bool before, bool behind)
{
	bool in_word = false, is_word;
	size_t at = 0;
	int point;

	buf_reset(&g->points, KEEP_BYTES);
	if (buf_grow(&g->points, (2 * len + 1) * sizeof(struct gram_point)))
		return -1;
	while (at < len) {
		bool first = !at;

		at += point_at(text + at, len - at, &point);
		is_word = text_makes_word(point);
		if (is_word != in_word && (!first || before))
			put(g, MARK);
		put(g, written(point));
		in_word = is_word;
	}
	if (in_word && behind)
		put(g, MARK);
	return 0;
}

void grams_clear(struct grams *g)
{
	buf_clear(&g->points);
	buf_clear(&g->pairs);
}

size_t grams_length(const struct grams *g)
{
	return g->points.len / sizeof(struct gram_point);
}

/* ------------------------------------------------------------------ grams */

static const struct gram_point *points_of(const struct grams *g)
{
	return (const void *)g->points.data;
}

/* The caller made room, for all of each point's bytes: so many are copied at once. */
static void add(struct buf *out, const struct gram_point *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(out->data + out->len, p[i].bytes, sizeof(p[i].bytes));
		out->len += p[i].len;
	}
}

static int make_room(struct buf *out, size_t grams, size_t points)
{
	return buf_grow(out, grams * (points * sizeof(points_of(NULL)->bytes) + 1) + 1);
}

int grams_windows(const struct grams *g, struct buf *out)
{
	size_t i, n = grams_length(g);

	if (make_room(out, n, GRAMS_WINDOW))
		return -1;
	for (i = 0; i + GRAMS_WINDOW <= n; i++) {
		if (i)
			out->data[out->len++] = ' ';
		add(out, points_of(g) + i, GRAMS_WINDOW);
	}
	out->data[out->len] = '\0';
	return 0;
}

int grams_whole(const struct grams *g, struct buf *out)
{
	size_t n = grams_length(g);

	if (make_room(out, 1, n))
		return -1;
	add(out, points_of(g), n);
	out->data[out->len] = '\0';
	return 0;
}

/* ------------------------------------------------------------------ the set of short ones */

#define PROBES 8 /* places that one of the set may be in */

struct set { /* of short grams: pairs have one more than their first in the upper half */
	uint64_t *slot; /* 0: nothing */
	unsigned bits;  /* there are 2^bits of them, */
	size_t size;    /* this many */
};

/* At least twice as many slots as there may be short grams in n points. 0 or -1 */
static int set_init(struct set *s, struct grams *g, size_t n)
{
	buf_reset(&g->pairs, KEEP_BYTES);
	for (s->bits = 6; (size_t)1 << s->bits < 4 * n; s->bits++)
		;
	s->size = (size_t)1 << s->bits;
	if (buf_grow(&g->pairs, s->size * sizeof(*s->slot)))
		return -1;
	s->slot = (void *)g->pairs.data;
	memset(s->slot, 0, s->size * sizeof(*s->slot));
	return 0;
}

/* Was it there before? Never a wrong yes; where others crowd its places, a no: a text made for that is not to
 * cost more than others, and what is written twice does no harm. */
static bool set_add(struct set *s, uint64_t gram)
{
	size_t at = (size_t)(gram * 0x9E3779B97F4A7C15U >> (64 - s->bits)), i;

	for (i = 0; i < PROBES; i++, at = (at + 1) & (s->size - 1)) {
		if (s->slot[at] == gram)
			return true;
		if (!s->slot[at]) {
			s->slot[at] = gram;
			return false;
		}
	}
	return false;
}

static uint64_t gram_of(const struct gram_point *p, size_t n)
{
	uint64_t first = (uint64_t)p[0].point + 1;

	return n == 1 ? first : first << 32 | (uint64_t)p[1].point;
}

/* The caller made room. */
static void add_new(struct buf *out, struct set *s, const struct gram_point *p, size_t n)
{
	if (set_add(s, gram_of(p, n)))
		return;
	add(out, p, n);
	out->data[out->len++] = ' ';
}

int grams_short(struct grams *g, struct buf *out)
{
	size_t i, n = grams_length(g), before = out->len;
	struct set s;

	if (set_init(&s, g, n) || make_room(out, 2 * n, 2))
		return -1;
	for (i = 0; i < n; i++)
		add_new(out, &s, points_of(g) + i, 1);
	for (i = 0; i + 1 < n; i++)
		add_new(out, &s, points_of(g) + i, 2);
	if (out->len > before)
		out->len--;
	out->data[out->len] = '\0';
	return 0;
}
