/* Cuts grams. */
#include "grams.h"

#include <stdint.h>
#include <stdlib.h>
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

/* The caller made room. */
static void add(struct buf *out, const struct gram_point *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(out->data + out->len, p[i].bytes, p[i].len);
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

static int by_points(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Singles, and pairs: one more than their first in the upper half; sorted. 0 or -1 */
static int collect(struct grams *g)
{
	const struct gram_point *p = points_of(g);
	size_t i, n = grams_length(g);
	uint64_t one;

	buf_reset(&g->pairs, KEEP_BYTES);
	for (i = 0; i < n; i++) {
		one = (uint64_t)p[i].point;
		buf_add(&g->pairs, &one, sizeof(one));
		if (i + 1 < n) {
			one = (one + 1) << 32 | (uint64_t)p[i + 1].point;
			buf_add(&g->pairs, &one, sizeof(one));
		}
	}
	if (g->pairs.failed)
		return -1;
	if (n)
		qsort(g->pairs.data, g->pairs.len / sizeof(one), sizeof(one), by_points);
	return 0;
}

static void add_short(struct buf *out, uint64_t points)
{
	struct gram_point p[2];
	size_t n = 0;

	if (points >> 32)
		p[n++] = encoded((int)(points >> 32) - 1);
	p[n++] = encoded((int)(points & UINT32_MAX));
	add(out, p, n);
}

int grams_short(struct grams *g, struct buf *out)
{
	const uint64_t *pairs;
	size_t i, n;

	if (collect(g))
		return -1;
	pairs = (const void *)g->pairs.data;
	n = g->pairs.len / sizeof(*pairs);
	if (make_room(out, n, 2))
		return -1;
	for (i = 0; i < n; i++) {
		if (i && pairs[i] == pairs[i - 1])
			continue;
		if (i)
			out->data[out->len++] = ' ';
		add_short(out, pairs[i]);
	}
	out->data[out->len] = '\0';
	return 0;
}
