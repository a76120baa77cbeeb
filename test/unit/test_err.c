/* Tests of lib/err. */
#include "err.h"

#include <errno.h>

#include "check.h"

static void sets_code_and_text(void)
{
	struct err e = ERR_INIT;

	CHECK_INT(e.code, ERR_NONE);
	CHECK_STR(e.text, "");
	CHECK_INT(err_set(&e, ERR_REDIS, "no %s after %d s", "answer", 3), -1);
	CHECK_INT(e.code, ERR_REDIS);
	CHECK_STR(e.text, "no answer after 3 s");
}

static void null_is_allowed(void)
{
	CHECK_INT(err_set(NULL, ERR_DB, "x"), -1);
	CHECK_INT(err_sys(NULL, "x"), -1);
	CHECK_INT(err_memory(NULL), -1);
}

static void long_texts_are_cut(void)
{
	struct err e = ERR_INIT;

	err_set(&e, ERR_DB, "%0500d", 0);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
	errno = ENOENT;
	err_sys(&e, "%0500d", 0);
	CHECK_INT(strlen(e.text), sizeof(e.text) - 1);
}

static void system_errors_say_errno(void)
{
	struct err e = ERR_INIT;

	errno = ENOENT;
	CHECK_INT(err_sys(&e, "open %s", "x"), -1);
	CHECK_INT(e.code, ERR_SYSTEM);
	CHECK_STR(e.text, "open x: No such file or directory");
}

static void a_later_error_replaces_the_first(void)
{
	struct err e = ERR_INIT;

	errno = EINTR;
	err_sys(&e, "%d", 1);
	err_memory(&e);
	CHECK_INT(e.code, ERR_MEMORY);
	CHECK_STR(e.text, "out of memory");
}

static const struct check_test tests[] = {
	CHECK_TEST(sets_code_and_text),
	CHECK_TEST(null_is_allowed),
	CHECK_TEST(long_texts_are_cut),
	CHECK_TEST(system_errors_say_errno),
	CHECK_TEST(a_later_error_replaces_the_first),
};

CHECK_MAIN(tests)
