/* Writes jobs for people and for scripts. */
#include "show.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

#include "clock.h"

/* Letters, marks, numbers, punctuation, symbols and the space: nothing that moves a cursor, turns the
 * direction of writing or cannot be seen. */
static bool is_plain(utf8proc_int32_t point)
{
	utf8proc_category_t c = utf8proc_category(point);

	return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_ZS;
}

/* One character; how many bytes it had. */
static size_t add_point(struct buf *out, const char *text, size_t len)
{
	utf8proc_int32_t point;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text,
					      len > 4 ? 4 : (utf8proc_ssize_t)len, &point);

	if (n < 1) {
		buf_addf(out, "\\x%02x", (unsigned)(unsigned char)*text);
		return 1;
	}
	if (is_plain(point))
		buf_add(out, text, (size_t)n);
	else if (point == '\n')
		buf_addstr(out, "\\n");
	else
		buf_addf(out, "\\u{%x}", (unsigned)point);
	return (size_t)n;
}

void show_text(struct buf *out, const char *text, size_t len, size_t most)
{
	size_t at = 0, n = 0;

	while (at < len && n++ < most)
		at += add_point(out, text + at, len - at);
	if (at < len)
		buf_addstr(out, "…");
}

void show_json(struct buf *out, struct json value, size_t most)
{
	struct buf text = BUF_INIT;

	if (json_kind(value) == JSON_STRING && !json_string(value, &text, NULL))
		show_text(out, buf_str(&text), text.len, most);
	else
		show_text(out, value.at, value.len, most);
	buf_clear(&text);
}

void show_class(struct buf *out, const struct job *j, size_t most)
{
	if (json_kind(j->name) == JSON_STRING && j->name.len > 2)
		show_json(out, j->name, most);
	else
		buf_addstr(out, "(none)");
}

char *show_time(char out[SHOW_TIME], int64_t us)
{
	char iso[CLOCK_ISO];

	clock_sql(us, iso);
	snprintf(out, SHOW_TIME, "%.19s UTC", iso);
	return out;
}

void show_span(struct buf *out, int64_t ms)
{
	if (ms < 60000)
		buf_addf(out, "%.1f s", (double)ms / 1000);
	else if (ms < 7200000)
		buf_addf(out, "%lld min", (long long)(ms / 60000));
	else if (ms < 172800000)
		buf_addf(out, "%lld h", (long long)(ms / 3600000));
	else
		buf_addf(out, "%lld days", (long long)(ms / 86400000));
}

void show_number(struct buf *out, int64_t n)
{
	char digits[24];
	size_t len, i;

	snprintf(digits, sizeof(digits), "%lld", (long long)n);
	len = strlen(digits);
	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buf_addch(out, ',');
		buf_addch(out, digits[i]);
	}
}

void show_member(struct buf *json, const char *name, const char *text, size_t len, size_t most)
{
	struct buf plain = BUF_INIT;

	show_text(&plain, text, len, most);
	buf_addf(json, ",\"%s\":", name);
	json_quote(json, buf_str(&plain), plain.len);
	json->failed = json->failed || plain.failed;
	buf_clear(&plain);
}

void show_member_time(struct buf *json, const char *name, int64_t us)
{
	char iso[CLOCK_ISO];

	clock_iso(us, iso);
	buf_addf(json, ",\"%s\":\"%s\"", name, iso);
}
