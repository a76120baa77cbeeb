/* Tests of lib/listen: real sockets in a folder of their own. */
#include "listen.h"

#include "check.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[32], path[64], address[72];

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/parley-listen.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/a.sock", folder);
	snprintf(address, sizeof(address), "unix:%s", path);
}

static void end(void)
{
	CHECK(!rmdir(folder)); /* nothing is left in it */
}

static void done(struct listener *l)
{
	close(l->fd);
	listen_clear(l);
}

/* A connection, or -1 with errno. */
static int connected(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

/* Takes the next of the queue; false: nobody waits. */
static bool accepts(const struct listener *l)
{
	int fd = accept(l->fd, NULL, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void refuses_a_second(void)
{
	struct listener first, second;
	struct err e = ERR_INIT;

	begin();
	CHECK(!listen_open(&first, address, false, &e));
	CHECK_INT(first.owner, LISTEN_OWN);
	CHECK(listen_is_listening(first.fd));
	CHECK_INT(listen_open(&second, address, false, &e), -1);
	CHECK(second.taken && !first.taken);
	CHECK_INT(e.code, ERR_INVALID);
	listen_clear(&second);
	CHECK(accepts(&first)); /* it was asked whether anybody listens */
	listen_shut(&first);
	done(&first);
	end();
}

static void replaces_a_left_over(void)
{
	struct listener l;
	struct err e = ERR_INIT;

	begin();
	CHECK(!listen_open(&l, address, false, &e));
	done(&l);
	CHECK(!access(path, F_OK));
	CHECK(!listen_open(&l, address, false, &e));
	listen_shut(&l);
	done(&l);
	end();
}

static void takes_the_place_of_another(void)
{
	struct listener first, second;
	struct err e = ERR_INIT;
	int a, b;

	begin();
	CHECK(!listen_open(&first, address, false, &e));
	CHECK(!listen_open(&second, address, true, &e));
	CHECK_INT(second.owner, LISTEN_BESIDE);
	a = connected();
	CHECK(a >= 0 && !accepts(&second)); /* not yet */
	CHECK(!listen_take_place(&second, &e));
	CHECK_INT(second.owner, LISTEN_OWN);
	b = connected();
	CHECK(b >= 0 && accepts(&second));
	listen_shut(&first); /* the path is not its own any more, what is in its queue is */
	CHECK(!access(path, F_OK));
	CHECK(accepts(&first));
	CHECK(!accepts(&first));
	done(&first);
	listen_shut(&second);
	done(&second);
	close(a);
	close(b);
	end();
}

static void never_took_the_place(void)
{
	struct listener first, second;
	struct err e = ERR_INIT;

	begin();
	CHECK(!listen_open(&first, address, false, &e));
	CHECK(!listen_open(&second, address, true, &e));
	listen_shut(&second);
	done(&second);
	CHECK(connected() >= 0);
	listen_shut(&first);
	done(&first);
	end();
}

static void shut_keeps_the_queue(void)
{
	struct listener l;
	struct err e = ERR_INIT;
	char other[80];
	int fds[3], i;

	begin();
	CHECK(!listen_open(&l, address, false, &e));
	for (i = 0; i < 3; i++)
		CHECK((fds[i] = connected()) >= 0);
	snprintf(other, sizeof(other), "%s.other", path);
	CHECK(!link(path, other)); /* a way in that is left after the file is gone */
	listen_shut(&l);
	CHECK(access(path, F_OK) && errno == ENOENT);
	CHECK(!rename(other, path));
	CHECK(connected() < 0 && errno == ECONNREFUSED);
	for (i = 0; i < 3; i++) {
		CHECK(accepts(&l));
		close(fds[i]);
	}
	CHECK(!accepts(&l));
	CHECK_INT(errno, EAGAIN);
	unlink(path);
	done(&l);
	end();
}

static void a_path_may_be_as_long_as_the_kernel_allows(void)
{
	struct sockaddr_un a;
	struct listener first, second;
	struct err e = ERR_INIT;
	char longest[sizeof(a.sun_path) + 6];
	int n;

	begin();
	n = snprintf(longest, sizeof(longest), "unix:%s/", folder);
	memset(longest + n, 'x', sizeof(longest) - (size_t)n);
	longest[5 + sizeof(a.sun_path) - 1] = '\0';
	snprintf(path, sizeof(path), "%s", "");
	CHECK(!listen_open(&first, longest, false, &e));
	CHECK(!listen_open(&second, longest, true, &e));
	CHECK(!listen_take_place(&second, &e));
	listen_shut(&first);
	listen_shut(&second);
	done(&first);
	done(&second);
	longest[5 + sizeof(a.sun_path) - 1] = 'x';
	longest[5 + sizeof(a.sun_path)] = '\0';
	CHECK_INT(listen_open(&first, longest, false, &e), -1);
	CHECK_INT(e.code, ERR_INVALID);
	listen_clear(&first);
	end();
}

static void tcp(void)
{
	static const char *const bad[] = { "nowhere", "127.0.0.1:nothing", "[::1", "" };
	struct listener l;
	struct err e = ERR_INIT;
	size_t i;

	CHECK(!listen_open(&l, "127.0.0.1:0", false, &e));
	CHECK(listen_is_listening(l.fd) && !accepts(&l));
	listen_shut(&l);
	CHECK(listen_is_listening(l.fd));
	done(&l);
	CHECK_INT(listen_open(&l, "127.0.0.1:0", true, &e), -1);
	listen_clear(&l);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK_CASE(listen_open(&l, bad[i], false, &e) == -1 && e.code == ERR_INVALID, bad[i]);
		listen_clear(&l);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(refuses_a_second),
	CHECK_TEST(replaces_a_left_over),
	CHECK_TEST(takes_the_place_of_another),
	CHECK_TEST(never_took_the_place),
	CHECK_TEST(shut_keeps_the_queue),
	CHECK_TEST(a_path_may_be_as_long_as_the_kernel_allows),
	CHECK_TEST(tcp),
};

CHECK_MAIN(tests)
