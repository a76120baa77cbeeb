/* A progress line on a terminal. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define EVERY_MS 100
#define WIDTH 24         /* of the bar */
#define SURE_MS 1000     /* how fast it is cannot be said sooner */
#define LEFT_MAX_S 86400 /* nor can a longer time be believed */

void progress_begin(struct progress *p, const char *what, uint64_t of)
{
	*p = (struct progress){ .what = what, .of = of, .began_ms = clock_mono_ms(),
				.terminal = isatty(STDERR_FILENO) };
}

void progress_before(struct progress *p, uint64_t done)
{
	p->done = p->before = done;
}

/* 0: it cannot be said yet. */
static double rate(const struct progress *p, int64_t now_ms)
{
	if (now_ms - p->began_ms < SURE_MS)
		return 0;
	return (double)(p->done - p->before) * 1000 / (double)(now_ms - p->began_ms);
}

static size_t add_left(const struct progress *p, double per_s, char *out, size_t room)
{
	uint64_t s = p->of > p->done ? (uint64_t)((double)(p->of - p->done) / per_s) : 0;
	unsigned hours = (unsigned)(s / 3600), minutes = (unsigned)(s / 60 % 60), seconds = (unsigned)(s % 60);

	if (!p->of || s > LEFT_MAX_S)
		return 0;
	return (size_t)(hours ? snprintf(out, room, "  %u:%02u:%02u left", hours, minutes, seconds)
			      : snprintf(out, room, "  %u:%02u left", minutes, seconds));
}

char *progress_text(const struct progress *p, int64_t now_ms, char out[PROGRESS_LINE])
{
	static const char full[WIDTH + 1] = "########################";
	uint64_t most = p->of > p->done ? p->of : p->done;
	int n = p->of && most ? (int)(p->done * WIDTH / most) : 0;
	double per_s = rate(p, now_ms);
	size_t len;

	if (p->of)
		len = (size_t)snprintf(out, PROGRESS_LINE, "%-16.16s [%.*s%*s] %3d %%", p->what, n, full, WIDTH - n, "",
				       (int)(p->done * 100 / most));
	else
		len = (size_t)snprintf(out, PROGRESS_LINE, "%-16.16s %llu", p->what, (unsigned long long)p->done);
	if (per_s >= 0.05)
		len += (size_t)snprintf(out + len, PROGRESS_LINE - len, per_s < 10 ? "  %.1f/s" : "  %.0f/s", per_s);
	if (per_s >= 0.05)
		add_left(p, per_s, out + len, PROGRESS_LINE - len);
	return out;
}

void progress_add(struct progress *p, uint64_t done)
{
	char line[PROGRESS_LINE];
	int64_t now;

	p->done += done;
	if (!p->terminal)
		return;
	now = clock_mono_ms();
	if (p->shown_ms && now - p->shown_ms < EVERY_MS)
		return;
	p->shown_ms = now;
	fprintf(stderr, "\r%-*s", PROGRESS_LINE - 1, progress_text(p, now, line));
}

void progress_end(struct progress *p)
{
	if (p->terminal && p->shown_ms)
		fprintf(stderr, "\r%*s\r", PROGRESS_LINE - 1, "");
	p->shown_ms = 0;
}
