/* check: a small test harness. A test file has tests (static void, no arguments), a table of them
 * and CHECK_MAIN(table). Its program prints TAP and exits with 1 when a check failed.
 *
 * Unit tests are linked with --wrap=malloc,calloc,realloc, so that the n-th allocation made by our own
 * code (not by shared libraries) can be made to fail. */
#ifndef PARLEY_CHECK_H
#define PARLEY_CHECK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct check_test {
	const char *name;
	void (*run)(void);
};

#define CHECK_TEST(function) { #function, function }

static unsigned check_failures;     /* of the running test */
static unsigned long check_alloc_n; /* allocations until the one that fails; 0: none will */
static bool check_alloc_hit;        /* it has failed */

__attribute__((format(printf, 3, 4))) static inline bool check_that(bool good, int line,
								   const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	check_failures++;
	printf("# line %d: ", line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return false;
}

static inline bool check_same_str(const char *got, const char *want)
{
	return got && want ? !strcmp(got, want) : got == want;
}

/* Each yields whether it held, so that a test can stop or say more. */
#define CHECK(condition) check_that(condition, __LINE__, "%s", #condition)
/* The condition, and which case of a table it was. */
#define CHECK_CASE(condition, label) \
	check_that(condition, __LINE__, "%s, with: %s", #condition, label)
#define CHECK_INT(got, want) check_int((long long)(got), (long long)(want), __LINE__, #got)
#define CHECK_STR(got, want) check_str(got, want, __LINE__, #got)

static inline bool check_int(long long got, long long want, int line, const char *what)
{
	return check_that(got == want, line, "%s is %lld, not %lld", what, got, want);
}

static inline bool check_str(const char *got, const char *want, int line, const char *what)
{
	return check_that(check_same_str(got, want), line, "%s is \"%s\", not \"%s\"", what,
			  got ? got : "(null)", want ? want : "(null)");
}

/* The n-th allocation from now fails, once; 0: none. */
static inline void check_fail_alloc(unsigned long n)
{
	check_alloc_n = n;
	check_alloc_hit = false;
}

/* Did that allocation happen? No further one fails. */
static inline bool check_alloc_failed(void)
{
	check_alloc_n = 0;
	return check_alloc_hit;
}

/* Run `attempt` with its first allocation failing, then with its second, … until it makes so few
 * that none fails. It must return -1 when one failed and 0 otherwise, check for itself that a failure
 * changed nothing, and clean up. Returns how many of its allocations can fail. */
static inline unsigned long check_each_alloc(int (*attempt)(void *), void *arg, int line)
{
	for (unsigned long n = 1;; n++) {
		int rc;

		check_fail_alloc(n);
		rc = attempt(arg);
		if (!check_alloc_failed()) {
			check_that(!rc, line, "fails although no allocation failed");
			return n - 1;
		}
		check_that(rc == -1, line, "succeeds although allocation %lu failed", n);
	}
}

#define CHECK_EACH_ALLOC(attempt, arg) check_each_alloc(attempt, arg, __LINE__)

/* The linker sends our calls of malloc() and so on here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static inline bool check_alloc_fails(void)
{
	if (!check_alloc_n || --check_alloc_n)
		return false;
	check_alloc_hit = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return check_alloc_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return check_alloc_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return check_alloc_fails() ? NULL : __real_realloc(old, size);
}

static inline int check_run(const struct check_test *tests, size_t n)
{
	size_t bad = 0;

	printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++) {
		check_failures = 0;
		tests[i].run();
		check_fail_alloc(0);
		printf("%sok %zu - %s\n", check_failures ? "not " : "", i + 1, tests[i].name);
		fflush(stdout);
		bad += check_failures > 0;
	}
	return bad > 0;
}

#define CHECK_MAIN(tests)                                                \
	int main(void)                                                   \
	{                                                                \
		return check_run(tests, sizeof(tests) / sizeof((tests)[0])); \
	}

#endif
