/* Checked JSON texts: reading in place, and writing strings by json-c. json_check.c has the check. */
#include "json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <utf8proc.h>

#include "json_point.h"

enum json_kind json_kind(struct json value)
{
	if (!value.len)
		return JSON_ABSENT;
	switch (*value.at) {
	case 'n':
		return JSON_NULL;
	case 'f':
		return JSON_FALSE;
	case 't':
		return JSON_TRUE;
	case '"':
		return JSON_STRING;
	case '[':
		return JSON_ARRAY;
	case '{':
		return JSON_OBJECT;
	default:
		return JSON_NUMBER;
	}
}

/* The length of the string that begins at s, with both quotes. */
static size_t string_len(const char *s)
{
	size_t n = 1;

	while (s[n += strcspn(s + n, "\"\\")] != '"')
		n += 2;
	return n + 1;
}

/* The length of the array or object that begins at s. */
static size_t nested_len(const char *s)
{
	size_t n = 0, depth = 0;

	do {
		if (s[n] == '"') {
			n += string_len(s + n);
			continue;
		}
		depth += s[n] == '[' || s[n] == '{';
		depth -= s[n] == ']' || s[n] == '}';
		n++;
	} while (depth);
	return n;
}

struct json json_next(struct json array_or_object, size_t *at)
{
	enum json_kind kind = json_kind(array_or_object);
	struct json part = { 0 };
	const char *s;

	if (kind != JSON_ARRAY && kind != JSON_OBJECT)
		return part;
	while (strchr(" \t\n\r,:", array_or_object.at[*at]))
		++*at;
	s = array_or_object.at + *at;
	if (*s == ']' || *s == '}')
		return part;
	part.at = s;
	if (*s == '"')
		part.len = string_len(s);
	else if (*s == '[' || *s == '{')
		part.len = nested_len(s);
	else
		while (!strchr(" \t\n\r,]}", s[part.len]))
			part.len++;
	*at += part.len;
	return part;
}

bool json_equals(struct json string, const char *text, size_t len)
{
	const char *s, *end;

	if (json_kind(string) != JSON_STRING)
		return false;
	s = string.at + 1;
	end = string.at + string.len - 1;
	if (!memchr(s, '\\', string.len - 2))
		return string.len - 2 == len && !memcmp(s, text, len);
	while (s < end) {
		utf8proc_uint8_t bytes[4];
		size_t n = (size_t)utf8proc_encode_char(json_point_next(&s), bytes);

		if (n > len || memcmp(bytes, text, n))
			return false;
		text += n;
		len -= n;
	}
	return !len;
}

struct json json_member(struct json object, const char *key)
{
	struct json name, value = { 0 };
	size_t at = 1, len = strlen(key);

	if (json_kind(object) != JSON_OBJECT)
		return value;
	while ((name = json_next(object, &at)).len) {
		value = json_next(object, &at);
		if (json_equals(name, key, len))
			return value;
	}
	return (struct json){ 0 };
}

struct json json_item(struct json array, size_t index)
{
	struct json item;
	size_t at = 1;

	if (json_kind(array) != JSON_ARRAY)
		return (struct json){ 0 };
	do
		item = json_next(array, &at);
	while (item.len && index--);
	return item;
}

size_t json_count(struct json array_or_object)
{
	size_t at = 1, n = 0;

	while (json_next(array_or_object, &at).len)
		n++;
	return json_kind(array_or_object) == JSON_OBJECT ? n / 2 : n;
}

/* Not by json-c: 0.16 turns 32,768 code points that are written as a pair of surrogates (U+1D800 to
 * U+1DFFF, the same in every other plane) into U+FFFD, and loses bytes when memory is short. */
int json_string(struct json value, struct buf *out, struct err *e)
{
	const char *s, *end;

	if (json_kind(value) != JSON_STRING)
		return err_set(e, ERR_INVALID, "not a string");
	/* No escape is shorter than what it stands for. */
	if (buf_grow(out, value.len))
		return err_memory(e);
	s = value.at + 1;
	end = value.at + value.len - 1;
	while (s < end) {
		const char *escape = memchr(s, '\\', (size_t)(end - s));
		size_t run = (size_t)((escape ? escape : end) - s);

		memcpy(out->data + out->len, s, run);
		out->len += run;
		s += run;
		if (escape)
			out->len += (size_t)utf8proc_encode_char(
				json_point_next(&s), (utf8proc_uint8_t *)out->data + out->len);
	}
	out->data[out->len] = '\0';
	return 0;
}

bool json_u64(struct json value, uint64_t *out)
{
	uint64_t number = 0;

	if (json_kind(value) != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9' ||
		    __builtin_mul_overflow(number, 10u, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(value.at[i] - '0'), &number))
			return false;
	}
	*out = number;
	return true;
}

bool json_double(struct json value, double *out)
{
	char digits[512];
	double number;

	if (json_kind(value) != JSON_NUMBER || value.len >= sizeof(digits))
		return false;
	memcpy(digits, value.at, value.len);
	digits[value.len] = '\0';
	number = strtod(digits, NULL);
	if (!isfinite(number))
		return false;
	*out = number;
	return true;
}

/* How many bytes text takes as a JSON string, with its quotes. */
static size_t quoted_len(const char *text, size_t len)
{
	size_t n = len + 2;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte >= 0x20)
			n += byte == '"' || byte == '\\';
		else
			n += byte && strchr("\b\f\n\r\t", byte) ? 1 : 5;
	}
	return n;
}

int json_quote(struct buf *out, const char *text, size_t len)
{
	struct json_object *string = NULL;
	const char *quoted = NULL;
	size_t n = 0;
	int rc = -1;

	if (len <= INT_MAX)
		string = json_object_new_string_len(len ? text : "", (int)len);
	if (string)
		quoted = json_object_to_json_string_length(
			string, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	/* json-c 0.16 ignores failed allocations while it serialises, and so loses bytes. */
	if (quoted && n == quoted_len(text, len))
		rc = buf_add(out, quoted, n);
	else
		out->failed = true;
	json_object_put(string);
	return rc;
}
