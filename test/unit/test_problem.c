/* Tests of lib/problem: the table is whole, and finds what it is asked for. */
#include "problem.h"

#include <ctype.h>

#include "check.h"
#include "http.h"

static bool is_sentence(const char *text)
{
	return text && !strpbrk(text, "<>&\"") && strlen(text) > 10 && text[strlen(text) - 1] == '.' &&
	       isupper((unsigned char)text[0]);
}

static void every_row_is_whole(void)
{
	int i;

	for (i = 0; i < PROBLEM__MAX; i++) {
		enum problem p = (enum problem)i;
		const char *name = problem_name(p);

		if (!CHECK(name && *name))
			continue;
		CHECK_CASE(strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name), name);
		CHECK_CASE(problem_status(p) >= 400 && problem_status(p) < 600, name);
		CHECK_CASE(strcmp(http_reason(problem_status(p)), "Status") != 0, name);
		CHECK_CASE(problem_title(p) && *problem_title(p), name);
		CHECK_CASE(is_sentence(problem_means(p)), name);
		CHECK_CASE(is_sentence(problem_advice(p)), name);
		CHECK_CASE((problem_status(p) == 503) <= (problem_retry_after(p) > 0), name);
	}
}

static void each_is_found_by_its_name_and_nothing_else_is(void)
{
	static const char *const others[] = { "", "not", "not-foundx", "Not-found", "not-found/", "unavailabl" };
	const char *name;
	size_t i;

	for (i = 0; i < PROBLEM__MAX; i++) {
		name = problem_name((enum problem)i);
		CHECK_CASE(problem_find(name, strlen(name)) == (enum problem)i, name);
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK_CASE(problem_find(others[i], strlen(others[i])) == PROBLEM__MAX, others[i]);
}

static void the_web_servers_errors_have_a_problem(void)
{
	static const struct { int status, want; const char *name; } cases[] = {
		{ 400, 400, "bad-request" }, { 403, 403, "forbidden" }, { 404, 404, "not-found" },
		{ 405, 405, "method-not-allowed" }, { 408, 408, "request-timeout" },
		{ 411, 411, "length-required" }, { 413, 413, "content-too-large" },
		{ 414, 414, "uri-too-long" }, { 415, 415, "unsupported-media-type" },
		{ 417, 400, "bad-request" }, { 431, 431, "header-fields-too-large" },
		{ 494, 431, "header-fields-too-large" }, { 497, 400, "bad-request" },
		{ 500, 500, "internal-error" }, { 501, 501, "not-implemented" },
		{ 502, 503, "unavailable" }, { 503, 503, "unavailable" }, { 504, 503, "unavailable" },
		{ 505, 505, "http-version-not-supported" }, { 599, 500, "internal-error" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum problem p = problem_of_status(cases[i].status);

		CHECK_STR(problem_name(p), cases[i].name);
		CHECK_INT(problem_status(p), cases[i].want);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(every_row_is_whole),
	CHECK_TEST(each_is_found_by_its_name_and_nothing_else_is),
	CHECK_TEST(the_web_servers_errors_have_a_problem),
};

CHECK_MAIN(tests)
