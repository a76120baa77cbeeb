/* Tests of lib/breaker and lib/catchup: who waits, and who no longer does. */
#include "breaker.h"

#include "catchup.h"
#include "check.h"
#include "clock.h"

static void nobody_tries_while_it_is_open(void)
{
	struct breaker b = { 0 };

	CHECK(breaker_allows(&b, 60000) && breaker_allows(NULL, 60000));
	breaker_opened(&b, 60000);
	CHECK(!breaker_allows(&b, 60000));
	breaker_closed(&b);
	CHECK(breaker_allows(&b, 60000));
}

static void one_tries_when_its_time_is_over(void)
{
	struct breaker b = { 0 };

	atomic_store(&b.until_ms, clock_mono_ms() - 1);
	CHECK(breaker_allows(&b, 60000));
	CHECK(!breaker_allows(&b, 60000));
}

struct calls {
	int made, until;
};

static int arrives(void *arg, struct err *e)
{
	struct calls *c = arg;

	(void)e;
	return ++c->made >= c->until;
}

static void a_read_waits_until_it_is_there(void)
{
	struct catchup c = { .wait_ms = 5000 };
	struct calls calls = { 0, 3 };

	CHECK_INT(catchup_wait(&c, arrives, &calls, NULL), 1);
	CHECK_INT(calls.made, 3);
	CHECK_INT(c.not_before_ms, 0);
}

static void after_a_wait_in_vain_nobody_waits(void)
{
	struct catchup c = { .wait_ms = 10 };
	struct calls calls = { 0, INT32_MAX };
	int made;

	CHECK_INT(catchup_wait(&c, arrives, &calls, NULL), 0);
	CHECK(calls.made > 0);
	made = calls.made;
	CHECK_INT(catchup_wait(&c, arrives, &calls, NULL), 0);
	CHECK_INT(calls.made, made);
}

static const struct check_test tests[] = {
	CHECK_TEST(nobody_tries_while_it_is_open),
	CHECK_TEST(one_tries_when_its_time_is_over),
	CHECK_TEST(a_read_waits_until_it_is_there),
	CHECK_TEST(after_a_wait_in_vain_nobody_waits),
};

CHECK_MAIN(tests)
