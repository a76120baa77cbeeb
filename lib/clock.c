/* Times: wall clock, steady clock, ISO 8601. */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define US 1000000LL
#define OLDEST (-62167219200LL) /* 0000-01-01 */
#define NEWEST 253402300799LL   /* 9999-12-31 23:59:59 */

int64_t clock_wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * US + t.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * US + t.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void clock_sleep_ms(int64_t ms)
{
	struct timespec t;

	if (ms <= 0)
		return;
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000L;
	nanosleep(&t, NULL);
}

static void format(int64_t us, char separator, char out[CLOCK_ISO])
{
	int64_t seconds = us / US, rest = us % US;
	char text[80]; /* as much as the compiler thinks of seven ints */
	struct tm tm;
	time_t t;

	if (rest < 0) {
		rest += US;
		seconds--;
	}
	if (seconds < OLDEST || seconds > NEWEST) {
		seconds = seconds < OLDEST ? OLDEST : NEWEST;
		rest = 0;
	}
	t = (time_t)seconds;
	gmtime_r(&t, &tm);
	/* not strftime: its %Y has no leading zeros */
	snprintf(text, sizeof(text), "%04d-%02d-%02d%c%02d:%02d:%02d.%06d", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, separator, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)rest);
	memcpy(out, text, 27); /* "2026-11-24T20:20:29.123456" and its NUL */
}

void clock_iso(int64_t us, char out[CLOCK_ISO])
{
	format(us, 'T', out);
	memcpy(out + 26, "Z", 2);
}

void clock_sql(int64_t us, char out[CLOCK_ISO])
{
	format(us, ' ', out);
}

/* Reads exactly `width` digits. The position behind them, or NULL. */
static const char *digits(const char *p, int width, int *value)
{
	*value = 0;
	for (; width; width--, p++) {
		if (*p < '0' || *p > '9')
			return NULL;
		*value = *value * 10 + (*p - '0');
	}
	return p;
}

static const char *fraction(const char *p, int64_t *us)
{
	int64_t unit = US / 10;

	*us = 0;
	if (*p != '.')
		return p;
	for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*us += unit * (*p - '0');
	return p;
}

static const char *zone(const char *p, int64_t *seconds)
{
	int sign = *p == '-' ? -1 : 1, h, m;

	*seconds = 0;
	if (*p == 'Z')
		return p + 1;
	if (*p != '+' && *p != '-')
		return p;
	p = digits(p + 1, 2, &h);
	if (!p)
		return NULL;
	p = digits(*p == ':' ? p + 1 : p, 2, &m);
	*seconds = sign * (h * 3600LL + m * 60LL);
	return h < 24 && m < 60 ? p : NULL;
}

int clock_parse(const char *text, int64_t *us)
{
	static const struct { int width; char after; } part[6] = {
		{ 4, '-' }, { 2, '-' }, { 2, 0 }, { 2, ':' }, { 2, ':' }, { 2, 1 },
	};
	int v[6], i;
	int64_t micro, offset, seconds;
	const char *p = text;
	struct tm tm = { 0 };

	for (i = 0; i < 6; i++) {
		p = digits(p, part[i].width, &v[i]);
		if (!p || (part[i].after > 1 && *p != part[i].after) || (part[i].after == 0 && !*p))
			return -1;
		p += part[i].after != 1;
	}
	p = zone(fraction(p, &micro), &offset);
	if (!p || *p || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > 31 || v[3] > 23 || v[4] > 59 ||
	    v[5] > 60)
		return -1;
	tm.tm_year = v[0] - 1900;
	tm.tm_mon = v[1] - 1;
	tm.tm_mday = v[2];
	tm.tm_hour = v[3];
	tm.tm_min = v[4];
	tm.tm_sec = v[5];
	seconds = (int64_t)timegm(&tm);
	if (v[5] < 60 && tm.tm_mday != v[2]) /* timegm made 1 March of 29 February */
		return -1;
	*us = (seconds - offset) * US + micro;
	return 0;
}

void clock_seconds(int64_t us, char out[CLOCK_SECONDS])
{
	snprintf(out, CLOCK_SECONDS, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
}
