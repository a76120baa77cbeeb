/* A master and its pre-forked processes. */
#include "supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "handover.h"
#include "log.h"

#define TOO_SHORT_MS 1000 /* a process that fails within this is started again only after it */
#define CHECK_MS 10000    /* that the check of a new program may take */

struct place { /* of a process, in memory that it shares with the master */
	pid_t pid; /* 0: empty */
	int64_t started_ms;
	int64_t not_before_ms;
	atomic_bool up;
};

struct master {
	const struct supervise *s;
	struct place *places;
	pid_t *old;          /* processes of the program before; 0: has ended */
	size_t n_old, told;  /* the first `told` of them have been told to end */
	sigset_t signals;
	bool stopping, was_up;
	int64_t kill_at_ms;
	pid_t check;         /* of a new program, under way; 0: none */
	bool check_again;    /* HUP came meanwhile: what it looks at may have changed */
	int64_t check_until_ms;
};

static _Noreturn void become_process(const struct master *m, struct place *p, pid_t parent)
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
	_exit(m->s->run(m->s->arg, &p->up));
}

static void start(struct master *m, struct place *p)
{
	pid_t parent = getpid(), pid;

	atomic_store(&p->up, false);
	pid = fork();
	if (!pid)
		become_process(m, p, parent);
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
	size_t j;

	for (i = 0; i < m->s->processes; i++)
		if (m->places[i].pid)
			kill(m->places[i].pid, signal);
	for (j = 0; j < m->n_old; j++)
		if (m->old[j])
			kill(m->old[j], signal);
}

/* For each new process one of the old ones goes; with the last all that are left. */
static void look_who_is_up(struct master *m)
{
	int64_t i;
	size_t up = 0;
	bool all;

	if (m->stopping)
		return;
	for (i = 0; i < m->s->processes; i++)
		up += m->places[i].pid && atomic_load(&m->places[i].up);
	all = up == (size_t)m->s->processes;
	for (; m->told < m->n_old && (all || m->told < up); m->told++)
		if (m->old[m->told])
			kill(m->old[m->told], SIGTERM);
	if (all && !m->was_up)
		m->s->up(m->s->arg);
	m->was_up = m->was_up || all;
}

/* ------------------------------------------------------------------ a new program */

static void start_check(struct master *m)
{
	struct err e = ERR_INIT;

	if (m->stopping)
		return;
	m->check_again = m->check > 0;
	if (m->check)
		return;
	m->check = handover_check(m->s->argv, &e);
	m->check_until_ms = clock_mono_ms() + CHECK_MS;
	if (m->check > 0)
		return;
	m->check = 0;
	LOG(LOG_ERROR, "cannot be replaced and goes on as it was", LOG_S("error", e.text));
}

/* All that live, those of before last. Returns when it could not be replaced. */
static void be_replaced(struct master *m)
{
	pid_t *pids = calloc((size_t)m->s->processes + m->n_old, sizeof(*pids));
	size_t n = 0, j;
	int64_t i;

	if (!pids) {
		LOG(LOG_ERROR, "cannot be replaced and goes on as it was",
		    LOG_S("error", "out of memory"));
		return;
	}
	for (i = 0; i < m->s->processes; i++)
		if (m->places[i].pid)
			pids[n++] = m->places[i].pid;
	for (j = 0; j < m->n_old; j++)
		if (m->old[j])
			pids[n++] = m->old[j];
	m->s->replace(m->s->arg, pids, n);
	free(pids);
}

/* What was wrong the check itself has said on standard error. */
static void check_ended(struct master *m, int status)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	m->check = 0;
	if (m->stopping)
		return;
	if (m->check_again)
		start_check(m);
	else if (well)
		be_replaced(m);
	else
		LOG(LOG_ERROR, "the new program or its settings are no good: goes on as it was",
		    LOG_N("status", WIFEXITED(status) ? WEXITSTATUS(status) : 0),
		    LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}

/* ------------------------------------------------------------------ ends */

static void log_end(pid_t pid, int status)
{
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		LOG(LOG_WARN, "process ended", LOG_N("process", pid),
		    LOG_N("status", WIFEXITED(status) ? WEXITSTATUS(status) : 0),
		    LOG_N("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
}

static void place_ended(const struct master *m, struct place *p, int status)
{
	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	log_end(p->pid, status);
	p->pid = 0;
	p->not_before_ms = well || m->stopping ? 0 : p->started_ms + TOO_SHORT_MS;
}

static void ended(struct master *m, pid_t pid, int status)
{
	int64_t i;
	size_t j;

	if (pid == m->check) {
		check_ended(m, status);
		return;
	}
	for (i = 0; i < m->s->processes; i++)
		if (m->places[i].pid == pid)
			place_ended(m, &m->places[i], status);
	for (j = 0; j < m->n_old; j++)
		if (m->old[j] == pid) {
			log_end(pid, status);
			m->old[j] = 0;
		}
}

static void reap(struct master *m)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(m, pid, status);
}

static bool any_left(const struct master *m)
{
	int64_t i;
	size_t j;

	for (i = 0; i < m->s->processes; i++)
		if (m->places[i].pid)
			return true;
	for (j = 0; j < m->n_old; j++)
		if (m->old[j])
			return true;
	return false;
}

/* Somebody must be there to serve who waits in the socket. */
static void begin_stop(struct master *m)
{
	if (!any_left(m))
		start(m, &m->places[0]);
	m->stopping = true;
	m->kill_at_ms = clock_mono_ms() + m->s->stop_ms;
	m->s->shut(m->s->arg);
}

static void stop(struct master *m)
{
	if (!m->stopping)
		begin_stop(m);
	tell_all(m, SIGTERM);
}

static void kill_late(const struct master *m)
{
	int64_t now = clock_mono_ms();

	if (m->stopping && now >= m->kill_at_ms)
		tell_all(m, SIGKILL);
	if (m->check && now >= m->check_until_ms)
		kill(m->check, SIGKILL);
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
		start_check(m);
	reap(m);
	look_who_is_up(m);
	kill_late(m);
}

static void master_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGCHLD);
}

void supervise_block_signals(void)
{
	sigset_t signals;

	master_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

int supervise(const struct supervise *s, struct err *e)
{
	struct master m = { .s = s, .n_old = s->n_old };
	size_t size = (size_t)s->processes * sizeof(*m.places);

	m.places = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m.places == MAP_FAILED)
		return err_memory(e);
	m.old = calloc(s->n_old + 1, sizeof(*m.old));
	if (!m.old) {
		munmap(m.places, size);
		return err_memory(e);
	}
	if (s->n_old)
		memcpy(m.old, s->old, s->n_old * sizeof(*m.old));
	master_signals(&m.signals);
	supervise_block_signals();
	while (!m.stopping || any_left(&m))
		one_turn(&m);
	free(m.old);
	munmap(m.places, size);
	return 0;
}
