/* The socket of a FastCGI program. */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lock.h"

#define BACKLOG 4096
#define PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path) /* 108 */
#define FIRST_HANDED_OVER 3 /* sd_listen_fds(3) */

bool listen_is_listening(int fd)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) && yes;
}

static int handed_over(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");

	if (listen_is_listening(STDIN_FILENO))
		return STDIN_FILENO;
	if (fds && pid && strtol(pid, NULL, 10) == (long)getpid() && strtol(fds, NULL, 10) >= 1 &&
	    listen_is_listening(FIRST_HANDED_OVER))
		return FIRST_HANDED_OVER;
	return -1;
}

/* ------------------------------------------------------------------ Unix sockets */

/* The path of an address, or NULL: it is not a Unix socket's. */
static const char *path_of(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL;
}

/* Where the socket lies until it takes the place of another: as long as its path, which may be as
 * long as the kernel allows. */
static void beside_name(char name[PATH_SIZE], const char *path)
{
	snprintf(name, PATH_SIZE, "%s", path);
	if (*name)
		name[strlen(name) - 1] = '~';
}

static int remember_file(struct listener *l, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st))
		return err_sys(e, "%s", path);
	l->device = st.st_dev;
	l->inode = st.st_ino;
	return 0;
}

static int bind_unix(struct listener *l, const struct sockaddr_un *a, struct err *e)
{
	const char *path = a->sun_path;

	/* EAGAIN: so many wait there that there is no room */
	l->taken = !connect(l->fd, (const struct sockaddr *)a, sizeof(*a)) || errno == EAGAIN;
	if (l->taken)
		return err_set(e, ERR_INVALID, "%s: somebody listens there already", path);
	unlink(path);
	if (bind(l->fd, (const struct sockaddr *)a, sizeof(*a)) || chmod(path, 0660) ||
	    listen(l->fd, BACKLOG))
		return err_sys(e, "%s", path);
	return remember_file(l, path, e);
}

static int open_unix(struct listener *l, const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int lock, rc;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, ERR_INVALID, "%.80s…: a socket's path has at most %zu bytes", path,
			       sizeof(a.sun_path) - 1);
	if (l->owner == LISTEN_BESIDE)
		beside_name(a.sun_path, path);
	else
		memcpy(a.sun_path, path, strlen(path) + 1);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_sys(e, "socket");
	/* two that start at once would both find that nobody listens */
	lock = lock_folder_of(path, e);
	if (lock < 0)
		return -1;
	rc = bind_unix(l, &a, e);
	close(lock);
	return rc;
}

/* ------------------------------------------------------------------ TCP */

static int open_resolved(struct listener *l, const struct addrinfo *a, struct err *e)
{
	int yes = 1;

	l->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
	if (l->fd < 0)
		return err_sys(e, "socket");
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(l->fd, a->ai_addr, a->ai_addrlen) || listen(l->fd, BACKLOG))
		return err_sys(e, "%s", l->address);
	return 0;
}

static int open_tcp(struct listener *l, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	const char *address = l->address, *colon = strrchr(address, ':');
	struct addrinfo *found;
	char host[256];
	int n, rc;

	if (!colon || colon - address >= (long)sizeof(host))
		return err_set(e, ERR_INVALID, "%.80s is neither unix:/path nor host:port", address);
	if (l->owner == LISTEN_BESIDE)
		return err_set(e, ERR_INVALID, "%.80s: only a Unix socket can take another's place",
			       address);
	n = (int)(colon - address);
	if (*address == '[' && n > 2 && address[n - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", n - 2, address + 1);
	else
		snprintf(host, sizeof(host), "%.*s", n, address);
	n = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found);
	if (n)
		return err_set(e, ERR_INVALID, "%s: %s", address, gai_strerror(n));
	rc = open_resolved(l, found, e);
	freeaddrinfo(found);
	return rc;
}

/* ------------------------------------------------------------------ both */

static int open_own(struct listener *l, bool beside, struct err *e)
{
	const char *path = path_of(l->address);

	l->owner = beside ? LISTEN_BESIDE : LISTEN_OWN;
	if (!(path ? open_unix(l, path, e) : open_tcp(l, e)))
		return 0;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	return -1;
}

int listen_open(struct listener *l, const char *address, bool beside, struct err *e)
{
	*l = (struct listener){ .fd = handed_over(), .owner = LISTEN_FOREIGN };
	l->address = strdup(address);
	if (!l->address)
		return err_memory(e);
	if (l->fd < 0 && open_own(l, beside, e))
		return -1;
	if (fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    (l->fd != STDIN_FILENO && fcntl(l->fd, F_SETFD, FD_CLOEXEC) < 0))
		return err_sys(e, "%s", address);
	return 0;
}

int listen_take_place(struct listener *l, struct err *e)
{
	const char *path = path_of(l->address);
	char name[PATH_SIZE];
	int lock, rc;

	if (l->owner != LISTEN_BESIDE || !path)
		return 0;
	lock = lock_folder_of(path, e);
	if (lock < 0)
		return -1;
	beside_name(name, path);
	rc = rename(name, path) ? err_sys(e, "%s", path) : 0;
	if (!rc)
		l->owner = LISTEN_OWN;
	close(lock);
	return rc;
}

static void remove_file(const struct listener *l, const char *path)
{
	char name[PATH_SIZE];
	int lock = lock_folder_of(path, NULL);
	struct stat st;

	snprintf(name, sizeof(name), "%s", path);
	if (l->owner == LISTEN_BESIDE)
		beside_name(name, path);
	if (!stat(name, &st) && st.st_dev == l->device && st.st_ino == l->inode)
		unlink(name);
	if (lock >= 0)
		close(lock);
}

void listen_shut(struct listener *l)
{
	const char *path = path_of(l->address);

	if (l->owner == LISTEN_FOREIGN || !path)
		return;
	remove_file(l, path);
	/* From here connect(2) is refused; accept(2) still hands out who is in the queue. (On TCP this
	 * would throw them out.) */
	shutdown(l->fd, SHUT_RD);
}

void listen_clear(struct listener *l)
{
	free(l->address);
	l->address = NULL;
	l->fd = -1;
}
