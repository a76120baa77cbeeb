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

#define BACKLOG 4096
#define FIRST_HANDED_OVER 3 /* sd_listen_fds(3) */

static int is_listening(int fd)
{
	int yes = 0;
	socklen_t len = sizeof(yes);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &yes, &len) && yes;
}

static int handed_over(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");

	if (is_listening(STDIN_FILENO))
		return STDIN_FILENO;
	if (fds && pid && strtol(pid, NULL, 10) == (long)getpid() && strtol(fds, NULL, 10) >= 1 &&
	    is_listening(FIRST_HANDED_OVER))
		return FIRST_HANDED_OVER;
	return -1;
}

static int open_unix(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, rc;

	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, ERR_INVALID, "%.80s…: a socket's path has at most %zu bytes", path,
			       sizeof(a.sun_path) - 1);
	memcpy(a.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return err_set(e, ERR_INVALID, "%s: somebody listens there already", path);
	}
	unlink(path);
	rc = bind(fd, (struct sockaddr *)&a, sizeof(a));
	if (rc || chmod(path, 0660) || listen(fd, BACKLOG)) {
		err_sys(e, "%s", path);
		close(fd);
		return -1;
	}
	return fd;
}

static int open_resolved(const struct addrinfo *a, const char *address, struct err *e)
{
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol), yes = 1;

	if (fd < 0)
		return err_sys(e, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG)) {
		err_sys(e, "%s", address);
		close(fd);
		return -1;
	}
	return fd;
}

static int open_tcp(const char *address, struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	const char *colon = strrchr(address, ':');
	struct addrinfo *found;
	char host[256];
	int n, fd;

	if (!colon || colon - address >= (long)sizeof(host))
		return err_set(e, ERR_INVALID, "%.80s is neither unix:/path nor host:port", address);
	n = (int)(colon - address);
	if (*address == '[' && n > 2 && address[n - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", n - 2, address + 1);
	else
		snprintf(host, sizeof(host), "%.*s", n, address);
	n = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &found);
	if (n)
		return err_set(e, ERR_INVALID, "%s: %s", address, gai_strerror(n));
	fd = open_resolved(found, address, e);
	freeaddrinfo(found);
	return fd;
}

int listen_open(const char *address, struct err *e)
{
	int fd = handed_over();

	if (fd < 0)
		fd = strncmp(address, "unix:", 5) == 0 ? open_unix(address + 5, e)
						       : open_tcp(address, e);
	if (fd < 0)
		return -1;
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return err_sys(e, "%s", address);
	return fd;
}

void listen_remove(const char *address)
{
	if (handed_over() < 0 && strncmp(address, "unix:", 5) == 0)
		unlink(address + 5);
}
