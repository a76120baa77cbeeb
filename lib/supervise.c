/* A master and its pre-forked processes. */
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define TOO_SHORT_MS 1000 /* a process that fails within this is started again only after it */

struct place { /* of a process */
	pid_t pid; /* 0: empty */
	int64_t started_ms;
	int64_t not_before_ms;
};

struct master {
	const struct supervise *s;
	struct place *places;
	sigset_t signals;
	bool stopping;
	int64_t kill_at_ms;
};

static _Noreturn void become_process(const struct master *m, pid_t parent)
{
	sigset_t others = m->signals;

	/* TERM stays blocked: the process opens it where it waits, and only there */
	sigdelset(&others, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &others, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		raise(SIGTERM);
	/* Ctrl-C reaches the whole foreground group; the master decides what it means */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	_exit(m->s->run(m->s->arg));
}

static void start(struct master *m, struct place *p)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		become_process(m, parent);
	if (pid < 0) {
		LOG(LOG_ERROR, "cannot fork", LOG_N("errno", errno));
		p->not_before_ms = clock_mono_ms() + TOO_SHORT_MS;
		return;
	}
	p->pid = pid;
	p->started_ms = clock_mono_ms();
}

static void start_missing(struct master *m)
{
	int64_t now = clock_mono_ms(), i;

	for (i = 0; i < m->s->processes && !m->stopping; i++)
		if (!m->places[i].pid && m->places[i].not_before_ms <= now)
			start(m, &m->places[i]);
}

static void tell_all(const struct master *m, int signal)
{
	int64_t i;

	for (i = 0; i < m->s->processes; i++)
		if (m->places[i].pid)
			kill(m->places[i].pid, signal);
}

static void ended(struct master *m, struct place *p, int status)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (!well)
		LOG(LOG_WARN, "process ended", LOG_N("process", p->pid),
		    LOG_N("status", WIFEXITED(status) ? WEXITSTATUS(status) : 0),
		    LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
	p->pid = 0;
	p->not_before_ms = well || m->stopping ? 0 : p->started_ms + TOO_SHORT_MS;
}

static void reap(struct master *m)
{
	int status;
	pid_t pid;
	int64_t i;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < m->s->processes; i++)
			if (m->places[i].pid == pid)
				ended(m, &m->places[i], status);
}

static bool any_left(const struct master *m)
{
	int64_t i;

	for (i = 0; i < m->s->processes; i++)
		if (m->places[i].pid)
			return true;
	return false;
}

static void stop(struct master *m)
{
	if (!m->stopping)
		m->kill_at_ms = clock_mono_ms() + m->s->stop_ms;
	m->stopping = true;
	tell_all(m, SIGTERM);
}

static void one_turn(struct master *m)
{
	const struct timespec tick = { .tv_nsec = 100000000 };
	int signal;

	start_missing(m);
	signal = sigtimedwait(&m->signals, NULL, &tick);
	if (signal == SIGTERM || signal == SIGINT)
		stop(m);
	else if (signal == SIGHUP)
		tell_all(m, SIGTERM);
	reap(m);
	if (m->stopping && clock_mono_ms() >= m->kill_at_ms)
		tell_all(m, SIGKILL);
}

int supervise(const struct supervise *s, struct err *e)
{
	struct master m = { .s = s };

	m.places = calloc((size_t)s->processes, sizeof(*m.places));
	if (!m.places)
		return err_memory(e);
	sigemptyset(&m.signals);
	sigaddset(&m.signals, SIGTERM);
	sigaddset(&m.signals, SIGINT);
	sigaddset(&m.signals, SIGHUP);
	sigaddset(&m.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &m.signals, NULL);
	while (!m.stopping || any_left(&m))
		one_turn(&m);
	free(m.places);
	return 0;
}
