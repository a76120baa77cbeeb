/* Questions about UTF-8 texts, answered by libutf8proc. */
#include "utf8.h"

#include <utf8proc.h>

/* The code point at s, and its length in bytes; 0 when it is not valid UTF-8. */
static size_t decode(const char *s, size_t n, utf8proc_int32_t *point)
{
	utf8proc_ssize_t len =
		utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, point);

	return len < 0 ? 0 : (size_t)len;
}

bool utf8_valid(const char *s, size_t n)
{
	utf8proc_int32_t point;

	for (size_t at = 0, len; at < n; at += len) {
		len = decode(s + at, n - at, &point);
		if (!len)
			return false;
	}
	return true;
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xC0) == 0x80;
}

size_t utf8_length(const char *s, size_t n)
{
	size_t length = 0;

	for (size_t i = 0; i < n; i++)
		length += !is_continuation(s[i]);
	return length;
}

/* The property White_Space (PropList.txt) is these categories and six control characters. */
bool utf8_white(int32_t point)
{
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_ZS:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return true;
	default:
		return (point >= 0x09 && point <= 0x0D) || point == 0x85;
	}
}

bool utf8_blank(const char *s, size_t n)
{
	utf8proc_int32_t point;

	for (size_t at = 0, len; at < n; at += len) {
		len = decode(s + at, n - at, &point);
		if (!len || !utf8_white(point))
			return false;
	}
	return true;
}

size_t utf8_cut(const char *s, size_t n, size_t most)
{
	if (n <= most)
		return n;
	while (most && is_continuation(s[most]))
		most--;
	return most;
}
