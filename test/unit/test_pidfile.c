/* Tests of lib/pidfile. */
#include "pidfile.h"

#include "check.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[32], path[64];

static void begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/parley-pidfile.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	snprintf(path, sizeof(path), "%s/file", folder);
}

static long content(void)
{
	char line[32] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		return -1;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strtol(line, NULL, 10);
}

static void has_the_pid_of_who_wrote_last(void)
{
	struct err e = ERR_INIT;
	pid_t pid;

	begin();
	CHECK(!pidfile_write(path, &e));
	CHECK_INT(content(), getpid());
	pid = fork();
	if (!pid)
		_exit(pidfile_write(path, &e) ? 1 : 0);
	waitpid(pid, NULL, 0);
	CHECK_INT(content(), pid);
	pidfile_remove(path); /* not ours */
	CHECK_INT(content(), pid);
	CHECK(!pidfile_write(path, &e));
	pidfile_remove(path);
	pidfile_remove(path);
	CHECK(!rmdir(folder));
}

static void says_why_it_cannot(void)
{
	struct err e = ERR_INIT;

	CHECK_INT(pidfile_write("/nonexistent/file", &e), -1);
	CHECK_INT(e.code, ERR_SYSTEM);
}

static const struct check_test tests[] = {
	CHECK_TEST(has_the_pid_of_who_wrote_last),
	CHECK_TEST(says_why_it_cannot),
};

CHECK_MAIN(tests)
