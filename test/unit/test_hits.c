/* Tests of lib/hits. */
#include "hits.h"

#include "check.h"

static void best_first(void)
{
	static const struct {
		enum text_class class;
		uint32_t number;
	} found[] = {
		{ TEXT_INSIDE, 9 }, { TEXT_WORD, 8 }, { TEXT_INSIDE, 7 }, { TEXT_BEGINNING, 6 },
		{ TEXT_WORD, 5 },   { TEXT_INSIDE, 4 },
	};
	static const uint32_t order[] = { 8, 5, 6, 9, 7, 4 };
	struct hits h = HITS_INIT;
	uint32_t got[8];

	CHECK_INT(hits_total(&h), 0);
	CHECK_INT(hits_get(&h, 0, 8, got), 0);
	for (size_t i = 0; i < 6; i++)
		CHECK(!hits_add(&h, found[i].class, found[i].number));
	CHECK_INT(hits_total(&h), 6);
	for (size_t first = 0; first < 8; first++)
		for (size_t n = 0; n <= 8; n++) {
			size_t want = first >= 6 ? 0 : n < 6 - first ? n : 6 - first;

			CHECK_INT(hits_get(&h, first, n, got), want);
			CHECK(!want || !memcmp(got, order + first, want * sizeof(got[0])));
		}
	CHECK(!hits_final(&h, 1));
	hits_clear(&h);
}

static void no_more_than_they_may_be(void)
{
	struct hits h = HITS_INIT;
	uint32_t got[3];

	for (uint32_t n = 30000; n > 15000; n--)
		CHECK(!hits_add(&h, n % 2 ? TEXT_INSIDE : TEXT_WORD, n));
	CHECK_INT(hits_total(&h), HITS_MAX);
	CHECK(hits_final(&h, 7500) && !hits_final(&h, 7501));
	CHECK_INT(hits_get(&h, 7499, 3, got), 3);
	CHECK(got[0] == 15002 && got[1] == 29999 && got[2] == 29997);
	CHECK_INT(hits_get(&h, HITS_MAX - 2, 3, got), 2);
	CHECK_INT(hits_get(&h, HITS_MAX, 3, got), 0);
	for (uint32_t n = 15000; n; n--)
		CHECK(!hits_add(&h, TEXT_WORD, n));
	CHECK(hits_final(&h, HITS_MAX));
	CHECK_INT(hits_get(&h, HITS_MAX - 1, 3, got), 1);
	CHECK_INT(got[0], 12501);
	CHECK_INT(h.numbers[TEXT_WORD].len, HITS_MAX * sizeof(uint32_t));
	hits_clear(&h);
}

static int attempt(void *arg)
{
	struct hits h = HITS_INIT;
	int rc = 0;

	(void)arg;
	for (uint32_t n = 100; n && !rc; n--)
		rc = hits_add(&h, TEXT_WORD, n);
	hits_clear(&h);
	return rc;
}

static void without_memory(void)
{
	CHECK(CHECK_EACH_ALLOC(attempt, NULL) >= 2);
}

static const struct check_test tests[] = {
	CHECK_TEST(best_first),
	CHECK_TEST(no_more_than_they_may_be),
	CHECK_TEST(without_memory),
};

CHECK_MAIN(tests)
