/* Query strings: parsed into decoded names and values. */
#include "query.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode `len` bytes in place and end them with a NUL: there must be room for one byte more. */
static int decode(char *s, size_t len, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (s[i] != '%') {
			s[n] = s[i];
			if (s[n] == '+')
				s[n] = ' ';
			n++;
			continue;
		}
		high = len - i > 2 ? hex_digit(s[i + 1]) : -1;
		low = len - i > 2 ? hex_digit(s[i + 2]) : -1;
		if (high < 0 || low < 0)
			return err_set(e, ERR_INVALID, "bad percent escape in the query");
		s[n++] = (char)(high * 16 + low);
		i += 2;
	}
	if (memchr(s, '\0', n))
		return err_set(e, ERR_INVALID, "NUL in the query");
	if (!utf8_valid(s, n))
		return err_set(e, ERR_INVALID, "invalid UTF-8 in the query");
	s[n] = '\0';
	return 0;
}

/* Take in one non-empty part between two '&'; the byte behind it becomes a NUL. */
static int add_part(struct query *q, char *part, size_t len, struct err *e)
{
	char *equals = memchr(part, '=', len);
	size_t name_len = equals ? (size_t)(equals - part) : len;
	char *value = equals ? equals + 1 : part + len;

	if (q->n == QUERY_MAX)
		return err_set(e, ERR_INVALID, "more than %d query parameters", QUERY_MAX);
	if (decode(value, (size_t)(part + len - value), e) || decode(part, name_len, e))
		return -1;
	q->param[q->n].name = part;
	q->param[q->n].value = value;
	q->n++;
	return 0;
}

int query_parse(struct query *q, const char *text, size_t len, struct err *e)
{
	struct query new = QUERY_INIT;
	char *part, *end;

	if (!len) {
		*q = new;
		return 0;
	}
	new.text = malloc(len + 1);
	if (!new.text)
		return err_memory(e);
	memcpy(new.text, text, len);
	end = new.text + len;
	*end = '\0';
	for (part = new.text; part < end; part++) {
		char *next = memchr(part, '&', (size_t)(end - part));

		if (!next)
			next = end;
		if (next > part && add_part(&new, part, (size_t)(next - part), e)) {
			query_clear(&new);
			return -1;
		}
		part = next;
	}
	*q = new;
	return 0;
}

void query_clear(struct query *q)
{
	free(q->text);
	*q = (struct query)QUERY_INIT;
}

const char *query_get(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->n; i++)
		if (!strcmp(q->param[i].name, name))
			return q->param[i].value;
	return NULL;
}

size_t query_count(const struct query *q, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < q->n; i++)
		count += !strcmp(q->param[i].name, name);
	return count;
}

/* A canonical decimal number that fits? */
static bool canonical(const char *s, uint64_t *number)
{
	uint64_t n = 0;

	if (!*s || (*s == '0' && s[1]))
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	}
	*number = n;
	return true;
}

int query_number(const struct query *q, const char *name, uint64_t min, uint64_t max,
		 uint64_t *value, struct err *e)
{
	const char *text = query_get(q, name);
	uint64_t number;

	if (!text)
		return 0;
	if (query_count(q, name) > 1)
		return err_set(e, ERR_INVALID,
			       "%s is given more than once; it must be a number from %" PRIu64
			       " to %" PRIu64, name, min, max);
	if (!canonical(text, &number) || number < min || number > max)
		return err_set(e, ERR_INVALID, "%s must be a number from %" PRIu64 " to %" PRIu64,
			       name, min, max);
	*value = number;
	return 1;
}
