/* A progress line on a terminal. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define EVERY_MS 100
#define WIDTH 30 /* of the bar */

void progress_begin(struct progress *p, const char *what, uint64_t of)
{
	*p = (struct progress){ .what = what, .of = of, .terminal = isatty(STDERR_FILENO) };
}

static void draw(const struct progress *p)
{
	static const char full[WIDTH + 1] = "##############################";
	uint64_t most = p->of > p->done ? p->of : p->done;
	int n = p->of && most ? (int)(p->done * WIDTH / most) : 0;

	if (p->of)
		fprintf(stderr, "\r%-16s [%.*s%*s] %3d %%", p->what, n, full, WIDTH - n, "",
			(int)(p->done * 100 / most));
	else
		fprintf(stderr, "\r%-16s %llu", p->what, (unsigned long long)p->done);
}

void progress_add(struct progress *p, uint64_t done)
{
	int64_t now;

	p->done += done;
	if (!p->terminal)
		return;
	now = clock_mono_ms();
	if (p->shown_ms && now - p->shown_ms < EVERY_MS)
		return;
	p->shown_ms = now;
	draw(p);
}

void progress_end(struct progress *p)
{
	if (p->terminal && p->shown_ms)
		fprintf(stderr, "\r%*s\r", 60, "");
	p->shown_ms = 0;
}
