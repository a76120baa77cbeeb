/* The code points inside a JSON string. */
#include "json_point.h"

#include <utf8proc.h>

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(int byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

int32_t json_point_hex4(const char *s)
{
	int32_t number = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit((unsigned char)s[i]);

		if (digit < 0)
			return -1;
		number = number * 16 + digit;
	}
	return number;
}

static int32_t short_escape(char letter)
{
	switch (letter) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return letter;
	}
}

int32_t json_point_next(const char **s)
{
	const char *p = *s;
	int32_t unit, point;

	if ((unsigned char)*p >= 0x80) {
		*s += utf8proc_iterate((const utf8proc_uint8_t *)p, 4, &point);
		return point;
	}
	if (*p != '\\') {
		*s += 1;
		return *p;
	}
	if (p[1] != 'u') {
		*s += 2;
		return short_escape(p[1]);
	}
	unit = json_point_hex4(p + 2);
	if (unit < 0xD800 || unit >= 0xDC00) {
		*s += 6;
		return unit;
	}
	*s += 12;
	return 0x10000 + (unit - 0xD800) * 0x400 + (json_point_hex4(p + 8) - 0xDC00);
}

int json_point_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len, *b_end = b + b_len;

	while (a < a_end && b < b_end) {
		int32_t x = json_point_next(&a), y = json_point_next(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a < a_end) - (b < b_end);
}
