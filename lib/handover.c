/* A program that takes its own place. */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "buf.h"

/* PID FD OWNER DEVICE INODE N PID… ADDRESS, with a blank between each two; the first PID is the
 * program's own, so that nobody else takes it for theirs. */
#define VARIABLE "PARLEY_HANDOVER"

/* The path that this program was started with, be it through PATH: a link in it leads to where it
 * points now. */
static const char *own_path(char *const argv[])
{
	unsigned long path = getauxval(AT_EXECFN);

	return path ? (const char *)path : argv[0]; // NOLINT(performance-no-int-to-ptr)
}

/* ------------------------------------------------------------------ the variable */

static uint64_t next_number(const char **text)
{
	char *end;
	uint64_t n = strtoull(*text, &end, 10);

	*text = *end == ' ' ? end + 1 : end;
	return n;
}

static int read_pids(struct handover *h, const char **text, struct err *e)
{
	size_t i, n = next_number(text);

	if (n > strlen(*text))
		return err_set(e, ERR_INVALID, VARIABLE " is cut off");
	h->pids = calloc(n + 1, sizeof(*h->pids));
	if (!h->pids)
		return err_memory(e);
	for (i = 0; i < n; i++)
		h->pids[i] = (pid_t)next_number(text);
	h->n = n;
	return 0;
}

static int read_all(struct handover *h, const char *text, struct err *e)
{
	h->socket.fd = (int)next_number(&text);
	h->socket.owner = (enum listen_owner)next_number(&text);
	h->socket.device = next_number(&text);
	h->socket.inode = next_number(&text);
	if (read_pids(h, &text, e))
		return -1;
	h->socket.address = strdup(text);
	if (!h->socket.address)
		return err_memory(e);
	if (!listen_is_listening(h->socket.fd) ||
	    (h->socket.fd != STDIN_FILENO && fcntl(h->socket.fd, F_SETFD, FD_CLOEXEC)))
		return err_set(e, ERR_INVALID, VARIABLE " names no listening socket");
	return 0;
}

int handover_receive(struct handover *h, struct err *e)
{
	const char *text = getenv(VARIABLE);
	int rc = 0;

	*h = (struct handover){ .socket = { .fd = -1 } };
	if (text && next_number(&text) == (uint64_t)getpid())
		rc = read_all(h, text, e) ? -1 : 1;
	unsetenv(VARIABLE);
	return rc;
}

void handover_clear(struct handover *h)
{
	free(h->pids);
	h->pids = NULL;
	h->n = 0;
}

static int write_variable(const struct handover *h, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = 0;
	size_t i;

	buf_addf(&text, "%d %d %d %" PRIu64 " %" PRIu64 " %zu ", (int)getpid(), h->socket.fd,
		 (int)h->socket.owner, h->socket.device, h->socket.inode, h->n);
	for (i = 0; i < h->n; i++)
		buf_addf(&text, "%d ", (int)h->pids[i]);
	buf_addstr(&text, h->socket.address);
	if (text.failed)
		rc = err_memory(e);
	else if (setenv(VARIABLE, buf_str(&text), 1))
		rc = err_sys(e, VARIABLE);
	buf_clear(&text);
	return rc;
}

/* ------------------------------------------------------------------ executing */

/* The caller's signals are blocked, which would stay so. */
static _Noreturn void become_check(char *const argv[], char **with_check, pid_t parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	execv(own_path(argv), with_check);
	dprintf(STDERR_FILENO, "%s: %s\n", own_path(argv), strerror(errno));
	_exit(127);
}

pid_t handover_check(char *const argv[], struct err *e)
{
	static char check[] = "--check";
	pid_t pid, parent = getpid();
	size_t n = 0;
	char **with_check;

	while (argv[n])
		n++;
	with_check = calloc(n + 2, sizeof(*with_check));
	if (!with_check)
		return err_memory(e);
	memcpy(with_check, argv, n * sizeof(*with_check));
	with_check[n] = check;
	pid = fork();
	if (!pid)
		become_check(argv, with_check, parent);
	free(with_check);
	return pid < 0 ? err_sys(e, "fork") : pid;
}

int handover_give(const struct handover *h, char *const argv[], struct err *e)
{
	int flags = fcntl(h->socket.fd, F_GETFD);

	if (write_variable(h, e))
		return -1;
	fcntl(h->socket.fd, F_SETFD, 0);
	execv(own_path(argv), argv);
	err_sys(e, "%s", own_path(argv));
	fcntl(h->socket.fd, F_SETFD, flags);
	unsetenv(VARIABLE);
	return -1;
}
