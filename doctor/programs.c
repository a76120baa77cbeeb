/* Our own programs: do they run, does what was accepted get stored? */
#include "doctor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "slot.h"
#include "../tool/status.h"

#define LOOK_MS 6000 /* cron's next start comes within 5 s of the end that --for set */
#define LOOK_EVERY_MS 500

static const char keep_alive[] =
	"have cron keep them alive: crontab ~/parley/share/parley/crontab (PREFIX/share/parley/crontab); why one ends "
	"its log says (var/log)";

/* ------------------------------------------------------------------ behind the web server */

/* The pid that a program has left, 0: none that runs. */
static long running(const struct conf *c, const char *name)
{
	char below[32], line[24] = "", *path;
	long pid;
	FILE *f;

	snprintf(below, sizeof(below), "run/%s.pid", name);
	path = conf_path(c, below);
	f = path ? fopen(path, "re") : NULL;
	free(path);
	if (!f)
		return 0;
	pid = fgets(line, sizeof(line), f) ? strtol(line, NULL, 10) : 0;
	fclose(f);
	return pid > 0 && (!kill((pid_t)pid, 0) || errno == EPERM) ? pid : 0;
}

/* Does anybody listen there? lighttpd appends "-0" to the name when it has made the socket. */
static bool listens(const struct conf *c, const char *name, const char *behind)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/run/%s.sock%s", c->var, name, behind);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool there = false;

	if (fd >= 0 && n > 0 && (size_t)n < sizeof(a.sun_path))
		there = !connect(fd, (const struct sockaddr *)&a, sizeof(a)) || errno == EAGAIN;
	if (fd >= 0)
		close(fd);
	return there;
}

void doctor_programs(struct doctor *d)
{
	static const char *const names[] = { "api", "writer", "search" };
	const struct conf *c = &d->tool.conf;
	size_t i;
	long pid;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid = running(c, names[i]);
		if (!listens(c, names[i], "") && !listens(c, names[i], "-0"))
			doctor_say(d, pid ? DOCTOR_WARN : DOCTOR_FAIL,
				   pid ? "is it started with --listen? Then the web server must ask it there" : keep_alive,
				   pid ? "%s runs, and does not listen in %s/run" : "%s does not run (nobody listens in %s/run)",
				   names[i], c->var);
		else
			doctor_say(d, DOCTOR_OK, NULL, "%s listens (pid %ld)", names[i], pid);
	}
}

/* ------------------------------------------------------------------ the job programs */

/* How many slots of a program are held, once it is as many as are wanted, or the time is over. -1: *e */
static int held(struct doctor *d, const char *name, int64_t wanted, int64_t until, int64_t *n, struct err *e)
{
	for (;;) {
		if (slot_held(&d->tool.conf, name, n, e))
			return -1;
		if (*n >= wanted || clock_mono_ms() >= until)
			return 0;
		clock_sleep_ms(LOOK_EVERY_MS);
	}
}

static void look_at_job(struct doctor *d, const char *name, int64_t wanted, int64_t until, const char *without)
{
	struct err e = ERR_INIT;
	int64_t n;

	if (held(d, name, wanted, until, &n, &e))
		doctor_say(d, DOCTOR_FAIL, "see what is said of the folders", "%s", e.text);
	else if (!n)
		doctor_say(d, DOCTOR_FAIL, keep_alive, "%s does not run on this machine: %s", name, without);
	else if (n < wanted)
		doctor_say(d, DOCTOR_WARN, "as many lines of the crontab as PARLEY_WORKERS says",
			   "%s runs %lld times, PARLEY_WORKERS is %lld", name, (long long)n, (long long)wanted);
	else
		doctor_say(d, DOCTOR_OK, NULL, n > 1 ? "%s runs (%lld)" : "%s runs", name, (long long)n);
}

void doctor_jobs(struct doctor *d)
{
	int64_t until = clock_mono_ms() + LOOK_MS;

	look_at_job(d, "persist", d->tool.conf.workers, until, "nothing is stored");
	look_at_job(d, "recount", 1, until, "counts are not put right");
	look_at_job(d, "schedule", 1, until, "what failed is not tried again");
	look_at_job(d, "purge", 1, until, "what was deleted keeps its place");
	if (elastic_configured(&d->tool.conf))
		look_at_job(d, "index", 1, until, "Elasticsearch is not told what changes");
}

/* ------------------------------------------------------------------ the queue */

/* The alarms of `queue status --alert`, a line each. */
void doctor_queue(struct doctor *d)
{
	const struct alarm_limits limits = { .depth = 10000, .age_s = 300, .wait_s = 1 };
	struct buf out = BUF_INIT;
	struct status s;
	char *line, *rest;
	int n;

	status_read(&s, &d->tool);
	n = status_alarms(&out, &s, &d->tool, &limits);
	rest = out.data;
	while (n && rest && (line = strsep(&rest, "\n")) && *line)
		doctor_say(d, DOCTOR_WARN, "parley queue status, and doc/queue-tool.md", "%s", line);
	if (!n)
		doctor_say(d, DOCTOR_OK, NULL, "%lld jobs wait, none is dead", (long long)s.depth.queued);
	status_clear(&s);
	buf_clear(&out);
}
