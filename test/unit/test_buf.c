/* Tests of lib/buf. */
#include "buf.h"

#include <stdint.h>
#include <stdlib.h>

#include "check.h"

static void empty_buffer(void)
{
	struct buf b = BUF_INIT;

	CHECK_STR(buf_str(&b), "");
	CHECK(buf_detach(&b) == NULL);
	CHECK(buf_add(&b, NULL, 0) == 0);
	CHECK_STR(buf_str(&b), "");
	buf_clear(&b);
	buf_clear(&b);
}

static void appends(void)
{
	struct buf b;

	buf_init(&b);
	CHECK(buf_add(&b, "ab\0c", 4) == 0);
	CHECK(buf_addstr(&b, "de") == 0);
	CHECK(buf_addch(&b, '\0') == 0);
	CHECK(buf_addf(&b, "%d-%s", -7, "x") == 0);
	CHECK_INT(b.len, 11);
	CHECK(!memcmp(b.data, "ab\0cde\0-7-x", 12));
	CHECK(!b.failed && b.cap > b.len);
	buf_clear(&b);
	CHECK(!b.data && !b.len && !b.cap);
}

static void grows(void)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 100000; i++)
		buf_addch(&b, (char)('a' + i % 26));
	CHECK_INT(b.len, 100000);
	CHECK_INT(strlen(buf_str(&b)), 100000);
	CHECK(b.data[99999] == 'a' + 99999 % 26);
	CHECK(buf_addf(&b, "%0500d", 1) == 0);
	CHECK_INT(b.len, 100500);
	buf_clear(&b);
}

static void reset_keeps_a_small_buffer(void)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, "hello");
	buf_reset(&b, 1000);
	CHECK(b.data && b.len == 0);
	CHECK_STR(buf_str(&b), "");
	buf_reset(&b, 1);
	CHECK(!b.data && !b.cap);
	buf_clear(&b);
}

static void detach_moves(void)
{
	struct buf b = BUF_INIT;
	char *s;

	buf_addstr(&b, "mine");
	s = buf_detach(&b);
	CHECK_STR(s, "mine");
	CHECK(!b.data && !b.len && !b.cap);
	free(s);
}

static void too_big_fails(void)
{
	struct buf b = BUF_INIT;

	buf_addstr(&b, "abc");
	CHECK(buf_grow(&b, SIZE_MAX) == -1);
	CHECK(b.failed);
	CHECK_STR(buf_str(&b), "abc");
	CHECK(buf_addch(&b, 'd') == -1);
	CHECK_STR(buf_str(&b), "abc");
	buf_reset(&b, 1000);
	CHECK(!b.failed && buf_addch(&b, 'd') == 0);
	buf_clear(&b);
}

static int fill(void *arg)
{
	struct buf b = BUF_INIT;
	int rc = 0;

	(void)arg;
	for (size_t i = 0; i < 200 && !rc; i++) {
		rc = i % 2 ? buf_addf(&b, "%zu", i % 10) : buf_addch(&b, 'x');
		CHECK_INT(b.len, rc ? i : i + 1);
	}
	CHECK(b.failed == (rc != 0));
	CHECK_INT(strlen(buf_str(&b)), b.len);
	if (rc) {
		CHECK(buf_addstr(&b, "more") == -1);
		CHECK(buf_addf(&b, "more") == -1);
	}
	buf_clear(&b);
	return rc;
}

static void failing_allocations(void)
{
	CHECK(CHECK_EACH_ALLOC(fill, NULL) >= 3);
}

static const struct check_test tests[] = {
	CHECK_TEST(empty_buffer),  CHECK_TEST(appends),
	CHECK_TEST(grows),         CHECK_TEST(reset_keeps_a_small_buffer),
	CHECK_TEST(detach_moves),  CHECK_TEST(too_big_fails),
	CHECK_TEST(failing_allocations),
};

CHECK_MAIN(tests)
