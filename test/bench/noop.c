/* noop SOCKET PROCESSES: the limit of what any FastCGI program on libfcgi can reach behind a web server.
 * Reads the body and answers 201 with a fixed text, in so many processes, until TERM. */
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char answer[] = "Status: 201 Created\r\nContent-Type: application/json\r\n"
			     "Content-Length: 12\r\n\r\n{\"number\":1}";

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (const void *)&at, sizeof(at)) || listen(fd, 1024)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void serve(int fd)
{
	char bytes[65536];
	FCGX_Request f;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (FCGX_Init() || FCGX_InitRequest(&f, fd, 0))
		exit(1);
	signal(SIGTERM, SIG_DFL); /* FCGX_Init installs a handler of its own */
	while (!FCGX_Accept_r(&f)) {
		while (FCGX_GetStr(bytes, sizeof(bytes), f.in) > 0)
			;
		FCGX_PutStr(answer, sizeof(answer) - 1, f.out);
		FCGX_Finish_r(&f);
	}
	exit(1);
}

int main(int argc, char **argv)
{
	long n;
	int fd;

	if (argc != 3)
		return 2;
	fd = listen_at(argv[1]);
	for (n = strtol(argv[2], NULL, 10); n > 0; n--)
		if (!fork())
			serve(fd);
	for (;;)
		pause();
}
