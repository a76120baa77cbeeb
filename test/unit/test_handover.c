/* Tests of lib/handover: this program executes itself. */
#include "handover.h"

#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define AS_PROMISED 42

static char life[] = "PARLEY_TEST_LIFE", own_name[] = "test_handover", more[] = "more";

static bool is_as_given(const struct handover *h, char **argv)
{
	return h->n == 2 && h->pids[0] == 11 && h->pids[1] == 22 && h->socket.owner == LISTEN_BESIDE &&
	       h->socket.device == 33 && h->socket.inode == UINT64_MAX &&
	       !strcmp(h->socket.address, "unix:/a path/with blanks") &&
	       listen_is_listening(h->socket.fd) && fcntl(h->socket.fd, F_GETFD) == FD_CLOEXEC &&
	       argv[1] && !strcmp(argv[1], more) && !argv[2];
}

/* The second life of this program, before its tests begin. */
__attribute__((constructor)) static void second_life(int argc, char **argv)
{
	struct handover h;
	struct err e = ERR_INIT;
	sigset_t mask;

	if (!getenv(life))
		return;
	if (argc == 3 && !strcmp(argv[2], "--check")) {
		sigprocmask(SIG_BLOCK, NULL, &mask);
		_exit(sigismember(&mask, SIGTERM) ? 1 : AS_PROMISED);
	}
	if (handover_receive(&h, &e) != 1 || !is_as_given(&h, argv))
		_exit(1);
	handover_clear(&h);
	listen_clear(&h.socket);
	_exit(handover_receive(&h, &e) == 0 ? AS_PROMISED : 2); /* only once */
}

static int status_of(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int listening(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(!listen(fd, 1));
	return fd;
}

static void is_received_as_given(void)
{
	static char address[] = "unix:/a path/with blanks";
	char *argv[] = { own_name, more, NULL };
	pid_t pids[] = { 11, 22 }, pid;
	struct handover h = {
		{ .fd = listening(), .owner = LISTEN_BESIDE, .address = address, .device = 33, .inode = UINT64_MAX },
		pids, 2
	};
	struct err e = ERR_INIT;

	pid = fork();
	if (!pid) {
		setenv(life, "1", 1);
		handover_give(&h, argv, &e);
		_exit(3);
	}
	CHECK_INT(status_of(pid), AS_PROMISED);
	close(h.socket.fd);
}

static void the_check_gets_the_arguments_and_no_blocked_signal(void)
{
	char *argv[] = { own_name, more, NULL };
	struct err e = ERR_INIT;
	sigset_t term, before;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	setenv(life, "1", 1);
	CHECK_INT(status_of(handover_check(argv, &e)), AS_PROMISED);
	unsetenv(life);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void what_is_not_meant_for_this_process_is_nothing(void)
{
	static const char *const nothing[] = { "", "x", "1 2 3", "0 0 0 0 0 0 unix:/a" };
	struct handover h;
	struct err e = ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof(nothing) / sizeof(*nothing); i++) {
		setenv("PARLEY_HANDOVER", nothing[i], 1);
		CHECK_CASE(handover_receive(&h, &e) == 0, nothing[i]);
		CHECK(!getenv("PARLEY_HANDOVER"));
	}
	CHECK_INT(handover_receive(&h, &e), 0);
}

static void what_is_cut_off_is_an_error(void)
{
	static const char *const rest[] = { "", " ", " 99", " 99 1 0 0 0 unix:/a", " 0 1 0 0 1000000 1",
					    " 0 1 0 0 18446744073709551615 1 2 unix:/a" };
	struct handover h;
	struct err e = ERR_INIT;
	char text[100];
	size_t i;

	for (i = 0; i < sizeof(rest) / sizeof(*rest); i++) {
		snprintf(text, sizeof(text), "%d%s", (int)getpid(), rest[i]);
		setenv("PARLEY_HANDOVER", text, 1);
		CHECK_CASE(handover_receive(&h, &e) == -1 && e.code == ERR_INVALID, rest[i]);
		handover_clear(&h);
		listen_clear(&h.socket);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(is_received_as_given),
	CHECK_TEST(the_check_gets_the_arguments_and_no_blocked_signal),
	CHECK_TEST(what_is_not_meant_for_this_process_is_nothing),
	CHECK_TEST(what_is_cut_off_is_an_error),
};

CHECK_MAIN(tests)
