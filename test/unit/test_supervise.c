/* Tests of lib/supervise: a master in a process of its own, with processes of a program before. */
#include "supervise.h"

#include "check.h"
#include "clock.h"
#include "log.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 2
#define OLD 3
#define WAIT_MS 20000

/* What master, processes and test tell each other, in shared memory. */
struct shared {
	atomic_bool good;             /* a process comes up; else it fails at once */
	atomic_int started, up, shut; /* how often */
	atomic_int old_told;          /* old processes that got TERM */
	_Atomic pid_t process[PROCESSES + 8];
};

static struct shared *shared;

static void old_process(void)
{
	sigset_t term;
	int got;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (!sigwait(&term, &got))
		atomic_fetch_add(&shared->old_told, 1);
	_exit(0);
}

/* TERM is blocked when it begins. */
static int run(void *arg, atomic_bool *up)
{
	int n = atomic_fetch_add(&shared->started, 1), got;
	sigset_t term;

	(void)arg;
	if (!atomic_load(&shared->good))
		return 1;
	if (n < PROCESSES + 8)
		atomic_store(&shared->process[n], getpid());
	atomic_store(up, true);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigwait(&term, &got);
	return 0;
}

static void on_up(void *arg)
{
	(void)arg;
	atomic_fetch_add(&shared->up, 1);
}

static void on_shut(void *arg)
{
	(void)arg;
	atomic_fetch_add(&shared->shut, 1);
}

static void on_replace(void *arg, pid_t *pids, size_t n)
{
	(void)arg;
	(void)pids;
	(void)n;
}

static _Noreturn void be_master(void)
{
	static char name[] = "/nonexistent/program";
	char *argv[] = { name, NULL };
	pid_t old[OLD];
	struct supervise how = { .processes = PROCESSES, .stop_ms = 5000, .argv = argv, .old = old,
				 .n_old = OLD, .run = run, .up = on_up, .shut = on_shut,
				 .replace = on_replace };
	struct err e = ERR_INIT;
	int i;

	supervise_block_signals();
	for (i = 0; i < OLD; i++) {
		old[i] = fork();
		if (!old[i])
			old_process();
	}
	_exit(supervise(&how, &e) ? 1 : 0);
}

static pid_t begin(bool good)
{
	pid_t master;

	log_init("test", LOG_ERROR, LOG_LOGFMT);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		abort();
	atomic_store(&shared->good, good);
	master = fork();
	if (!master)
		be_master();
	return master;
}

static bool comes_to(atomic_int *what, int value)
{
	int64_t until = clock_mono_ms() + WAIT_MS;

	while (atomic_load(what) < value && clock_mono_ms() < until)
		clock_sleep_ms(5);
	return atomic_load(what) >= value;
}

/* It ends with 0, having told its processes. */
static void stop(pid_t master)
{
	int status = -1;

	kill(master, SIGTERM);
	CHECK_INT(waitpid(master, &status, 0), master);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
	CHECK_INT(atomic_load(&shared->shut), 1);
	munmap(shared, sizeof(*shared));
}

static void old_ones_go_when_new_ones_are_up(void)
{
	pid_t master = begin(true);

	CHECK(comes_to(&shared->old_told, OLD));
	CHECK(comes_to(&shared->up, 1));
	CHECK_INT(atomic_load(&shared->started), PROCESSES);
	stop(master);
}

static void old_ones_stay_while_new_ones_fail(void)
{
	pid_t master = begin(false);

	/* all have failed, and have been started once more */
	CHECK(comes_to(&shared->started, 2 * PROCESSES));
	CHECK_INT(atomic_load(&shared->old_told), 0);
	CHECK_INT(atomic_load(&shared->up), 0);
	atomic_store(&shared->good, true);
	CHECK(comes_to(&shared->old_told, OLD));
	CHECK(comes_to(&shared->up, 1));
	stop(master);
}

static void a_stop_ends_the_old_ones_too(void)
{
	pid_t master = begin(false);

	CHECK(comes_to(&shared->started, PROCESSES));
	kill(master, SIGTERM);
	CHECK(comes_to(&shared->old_told, OLD));
	stop(master);
}

static void who_ends_is_started_again(void)
{
	pid_t master = begin(true);

	CHECK(comes_to(&shared->up, 1));
	kill(atomic_load(&shared->process[0]), SIGKILL);
	CHECK(comes_to(&shared->started, PROCESSES + 1));
	CHECK_INT(atomic_load(&shared->up), 1);
	stop(master);
}

static const struct check_test tests[] = {
	CHECK_TEST(old_ones_go_when_new_ones_are_up),
	CHECK_TEST(old_ones_stay_while_new_ones_fail),
	CHECK_TEST(a_stop_ends_the_old_ones_too),
	CHECK_TEST(who_ends_is_started_again),
};

CHECK_MAIN(tests)
