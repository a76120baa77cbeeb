/* Tests of lib/base64. */
#include "base64.h"

#include "check.h"

/* RFC 4648, section 10 */
static const struct { const char *bytes, *text; } vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

static void the_rfcs_own(void)
{
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct buf text = BUF_INIT, bytes = BUF_INIT;

		CHECK(!base64_encode(&text, vectors[i].bytes, strlen(vectors[i].bytes)));
		CHECK_STR(buf_str(&text), vectors[i].text);
		CHECK_INT(base64_decode(&bytes, vectors[i].text, strlen(vectors[i].text)), 1);
		CHECK_STR(buf_str(&bytes), vectors[i].bytes);
		CHECK_INT(bytes.len, strlen(vectors[i].bytes));
		buf_clear(&text);
		buf_clear(&bytes);
	}
}

static void every_byte_comes_back(void)
{
	char all[256];
	size_t n;

	for (n = 0; n < sizeof(all); n++)
		all[n] = (char)n;
	for (n = 0; n <= sizeof(all); n++) {
		struct buf text = BUF_INIT, bytes = BUF_INIT;

		buf_addstr(&bytes, "before");
		base64_encode(&text, all, n);
		CHECK_INT(base64_decode(&bytes, buf_str(&text), text.len), 1);
		CHECK_INT(bytes.len, 6 + n);
		CHECK(!memcmp(bytes.data + 6, all, n));
		buf_clear(&text);
		buf_clear(&bytes);
	}
}

static void what_is_no_base64_is_refused(void)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Z g=", "Zm9\n", "Zm9-", "=Zm9",
					   " Zm9v", "Zm9v\n" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf bytes = BUF_INIT;

		CHECK_CASE(!base64_decode(&bytes, bad[i], strlen(bad[i])), bad[i]);
		CHECK_INT(bytes.len, 0);
		buf_clear(&bytes);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(the_rfcs_own),
	CHECK_TEST(every_byte_comes_back),
	CHECK_TEST(what_is_no_base64_is_refused),
};

CHECK_MAIN(tests)
