/* The check of whole JSON texts; what is done with a checked one is in json.c. */
#include "json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "json_point.h"

/* A key of an object that is still open; `at` is behind its opening quote. */
struct key {
	uint64_t hash; /* of the unescaped code points */
	uint32_t at;   /* bytes from the beginning of the text */
	uint32_t len;  /* bytes between the quotes */
};

/* The state of one json_check. */
struct check {
	const char *text;
	size_t len;
	size_t at;        /* the next byte to look at */
	struct key *keys; /* owned; those of all open objects, the innermost last */
	size_t n_keys, cap_keys;
	struct err *e;
};

static int check_value(struct check *c, unsigned depth);

static int bad(struct check *c, size_t at, const char *what)
{
	return err_set(c->e, ERR_INVALID, "%s at byte %zu", what, at);
}

/* The byte at c->at, or -1 at the end of the text. */
static int peek(const struct check *c)
{
	return c->at < c->len ? (unsigned char)c->text[c->at] : -1;
}

static int unexpected(struct check *c)
{
	return bad(c, c->at, peek(c) < 0 ? "the text ends too early" : "unexpected character");
}

static bool is_space(int byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static void skip_space(struct check *c)
{
	while (is_space(peek(c)))
		c->at++;
}

/* Step over `byte` if it comes next. */
static bool take(struct check *c, int byte)
{
	if (peek(c) != byte)
		return false;
	c->at++;
	return true;
}

/* The code unit of a \uXXXX that comes next, which is stepped over; -1 when there is none. */
static int32_t take_unit(struct check *c)
{
	const char *s = c->text + c->at;
	int32_t unit = -1;

	if (c->len - c->at >= 6 && s[0] == '\\' && s[1] == 'u')
		unit = json_point_hex4(s + 2);
	if (unit >= 0)
		c->at += 6;
	return unit;
}

static bool is_high(int32_t unit)
{
	return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xDC00 && unit < 0xE000;
}

static int check_escape(struct check *c)
{
	size_t start = c->at;
	int byte = start + 1 < c->len ? (unsigned char)c->text[start + 1] : 0;
	int32_t unit;

	if (byte != 'u') {
		if (!byte || !strchr("\"\\/bfnrt", byte))
			return bad(c, start, "bad escape");
		c->at += 2;
		return 0;
	}
	unit = take_unit(c);
	if (unit < 0)
		return bad(c, start, "bad escape");
	if (is_low(unit) || (is_high(unit) && !is_low(take_unit(c))))
		return bad(c, start, "lone surrogate");
	return 0;
}

static int check_string(struct check *c)
{
	size_t start = c->at++;

	for (;;) {
		int byte = peek(c);
		utf8proc_int32_t point;
		utf8proc_ssize_t n;

		if (byte < 0)
			return bad(c, start, "unterminated string");
		if (take(c, '"'))
			return 0;
		if (byte < 0x20)
			return bad(c, c->at, "raw control character");
		if (byte == '\\') {
			if (check_escape(c))
				return -1;
		} else if (byte < 0x80) {
			c->at++;
		} else {
			n = utf8proc_iterate((const utf8proc_uint8_t *)c->text + c->at,
					     (utf8proc_ssize_t)(c->len - c->at), &point);
			if (n < 0)
				return bad(c, c->at, "invalid UTF-8");
			c->at += (size_t)n;
		}
	}
}

static int take_digits(struct check *c)
{
	if (!is_digit(peek(c)))
		return unexpected(c);
	while (is_digit(peek(c)))
		c->at++;
	return 0;
}

static int check_number(struct check *c)
{
	take(c, '-');
	if (take(c, '0')) {
		if (is_digit(peek(c)))
			return bad(c, c->at, "leading zero");
	} else if (take_digits(c)) {
		return -1;
	}
	if (take(c, '.') && take_digits(c))
		return -1;
	if (take(c, 'e') || take(c, 'E')) {
		if (!take(c, '+'))
			take(c, '-');
		return take_digits(c);
	}
	return 0;
}

static int check_word(struct check *c, const char *word)
{
	size_t len = strlen(word);

	if (c->len - c->at < len || memcmp(c->text + c->at, word, len))
		return unexpected(c);
	c->at += len;
	return 0;
}

/* The hash only saves time: whoever constructs keys of equal hash gets a sort by text. */
static int compare_keys(const void *one, const void *two, void *check)
{
	const struct key *a = one, *b = two;
	const char *s = ((const struct check *)check)->text;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return json_point_compare(s + a->at, a->len, s + b->at, b->len);
}

/* Remember the key from `start` (its opening quote) to c->at (behind its closing one). */
static int push_key(struct check *c, size_t start)
{
	const char *s = c->text + start + 1, *end = c->text + c->at - 1;
	struct key key = { .hash = 0xcbf29ce484222325, .at = (uint32_t)(start + 1),
			   .len = (uint32_t)(end - s) };

	while (s < end)
		key.hash = (key.hash ^ (uint32_t)json_point_next(&s)) * 0x100000001b3;
	if (c->n_keys == c->cap_keys) {
		size_t cap = c->cap_keys ? c->cap_keys + c->cap_keys / 2 : 16;
		struct key *keys = realloc(c->keys, cap * sizeof(*keys));

		if (!keys)
			return err_memory(c->e);
		c->keys = keys;
		c->cap_keys = cap;
	}
	c->keys[c->n_keys++] = key;
	return 0;
}

/* The innermost object is complete: its keys are those from `first` on. Reports the first byte at
 * which a key is one that the object already has. */
static int check_keys(struct check *c, size_t first)
{
	size_t n = c->n_keys - first, twice = SIZE_MAX;
	struct key *keys = c->keys + first;

	c->n_keys = first;
	if (n < 2)
		return 0;
	qsort_r(keys, n, sizeof(*keys), compare_keys, c);
	for (size_t i = 1; i < n; i++) {
		size_t later = keys[i].at > keys[i - 1].at ? keys[i].at : keys[i - 1].at;

		if (later < twice && !compare_keys(keys + i - 1, keys + i, c))
			twice = later;
	}
	return twice == SIZE_MAX ? 0 : bad(c, twice - 1, "duplicate key");
}

static int check_member(struct check *c, unsigned depth)
{
	size_t start;

	skip_space(c);
	start = c->at;
	if (peek(c) != '"')
		return unexpected(c);
	if (check_string(c) || push_key(c, start))
		return -1;
	skip_space(c);
	if (!take(c, ':'))
		return unexpected(c);
	return check_value(c, depth);
}

static int check_object(struct check *c, unsigned depth)
{
	size_t first = c->n_keys;

	c->at++;
	skip_space(c);
	if (take(c, '}'))
		return 0;
	do {
		if (check_member(c, depth))
			return -1;
	} while (take(c, ','));
	if (!take(c, '}'))
		return unexpected(c);
	return check_keys(c, first);
}

static int check_array(struct check *c, unsigned depth)
{
	c->at++;
	skip_space(c);
	if (take(c, ']'))
		return 0;
	do {
		if (check_value(c, depth))
			return -1;
	} while (take(c, ','));
	return take(c, ']') ? 0 : unexpected(c);
}

static int check_nested(struct check *c, unsigned depth)
{
	if (depth == JSON_DEPTH)
		return bad(c, c->at, "nesting too deep");
	return peek(c) == '{' ? check_object(c, depth + 1) : check_array(c, depth + 1);
}

/* One value with the white space around it, inside `depth` open arrays and objects. */
static int check_value(struct check *c, unsigned depth)
{
	int rc;

	skip_space(c);
	switch (peek(c)) {
	case '{':
	case '[':
		rc = check_nested(c, depth);
		break;
	case '"':
		rc = check_string(c);
		break;
	case 't':
		rc = check_word(c, "true");
		break;
	case 'f':
		rc = check_word(c, "false");
		break;
	case 'n':
		rc = check_word(c, "null");
		break;
	default:
		rc = is_digit(peek(c)) || peek(c) == '-' ? check_number(c) : unexpected(c);
	}
	skip_space(c);
	return rc;
}

int json_check(const char *text, size_t len, struct json *root, struct err *e)
{
	struct check c = { .text = text, .len = len, .e = e };
	size_t start;
	int rc = -1;

	if (len > UINT32_MAX)
		return err_set(e, ERR_INVALID, "the text is too long");
	if (len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3))
		return bad(&c, 0, "byte order mark");
	skip_space(&c);
	start = c.at;
	if (start == len)
		return err_set(e, ERR_INVALID, "the text is empty");
	if (check_value(&c, 0))
		goto out;
	if (c.at < len) {
		bad(&c, c.at, "something follows the value");
		goto out;
	}
	while (is_space((unsigned char)text[len - 1]))
		len--;
	*root = (struct json){ text + start, len - start };
	rc = 0;
out:
	free(c.keys);
	return rc;
}
