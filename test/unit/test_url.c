/* Tests of lib/url. */
#include "url.h"

#include "check.h"

static void parses(void)
{
	static const struct {
		const char *text, *scheme, *user, *password, *host;
		unsigned port;
		const char *path, *name, *value; /* name, value: a parameter */
	} cases[] = {
		{ "redis://h", "redis", NULL, NULL, "h", 0, NULL, "db", NULL },
		{ "redis://h/", "redis", NULL, NULL, "h", 0, NULL, "db", NULL },
		{ "REDIS://H:6379/2", "redis", NULL, NULL, "H", 6379, "2", "db", NULL },
		{ "redis://u:pw@h:6379/2", "redis", "u", "pw", "h", 6379, "2", "", NULL },
		{ "redis://pw@h", "redis", NULL, "pw", "h", 0, NULL, "", NULL },
		{ "redis://:pw@h", "redis", NULL, "pw", "h", 0, NULL, "", NULL },
		{ "redis://u:@h", "redis", "u", NULL, "h", 0, NULL, "", NULL },
		{ "redis://:@h", "redis", NULL, NULL, "h", 0, NULL, "", NULL },
		{ "redis://@h", "redis", NULL, NULL, "h", 0, NULL, "", NULL },
		{ "redis://p%40:w%2Fx%3F%23@h", "redis", "p@", "w/x?#", "h", 0, NULL, "", NULL },
		{ "redis://p%3Aw@h", "redis", NULL, "p:w", "h", 0, NULL, "", NULL },
		{ "redis://u:a:b;c+d=e&f@h", "redis", "u", "a:b;c+d=e&f", "h", 0, NULL, "", NULL },
		{ "redis://:caf%C3%A9@h", "redis", NULL, "caf\xC3\xA9", "h", 0, NULL, "", NULL },
		{ "redis://:100%25@h", "redis", NULL, "100%", "h", 0, NULL, "", NULL },
		{ "redis://:pw@[::1]:6380/0", "redis", NULL, "pw", "::1", 6380, "0", "", NULL },
		{ "redis://[fe80::1]", "redis", NULL, NULL, "fe80::1", 0, NULL, "", NULL },
		{ "redis://127.0.0.1:65535", "redis", NULL, NULL, "127.0.0.1", 65535, NULL, "", NULL },
		{ "redis://h?password=p%20w", "redis", NULL, "p w", "h", 0, NULL, "", NULL },
		{ "redis://:one@h?password=two", "redis", NULL, "one", "h", 0, NULL, "", NULL },
		{ "unix:///run/r.sock", "unix", NULL, NULL, NULL, 0, "/run/r.sock", "db", NULL },
		{ "unix:///r?db=2&password=x%26", "unix", NULL, "x&", NULL, 0, "/r", "db", "2" },
		{ "unix:///a%20b/c%3F", "unix", NULL, NULL, NULL, 0, "/a b/c?", "db", NULL },
		{ "unix://:pw@/r", "unix", NULL, "pw", NULL, 0, "/r", "db", NULL },
		{ "unix:///a/../b/./c", "unix", NULL, NULL, NULL, 0, "/a/../b/./c", "", NULL },
		{ "mysql://u:p@h:3306/db", "mysql", "u", "p", "h", 3306, "db", "", NULL },
		{ "mysql://u:p@h", "mysql", "u", "p", "h", 0, NULL, "", NULL },
		{ "mysql://u@h/db", "mysql", "u", NULL, "h", 0, "db", "", NULL },
		{ "mysql://u:p@/db?socket=/run/m.sock", "mysql", "u", "p", NULL, 0, "db", "socket",
		  "/run/m.sock" },
		{ "mysql://u@/db?socket=%2Frun%2Fm", "mysql", "u", NULL, NULL, 0, "db", "socket", "/run/m" },
		{ "mysql:///db?socket=/x", "mysql", NULL, NULL, NULL, 0, "db", "socket", "/x" },
		{ "mysql://u:p@?socket=/x", "mysql", "u", "p", NULL, 0, NULL, "socket", "/x" },
		{ "mysql://u%40x:p%2f%3a@h/d%41b?ssl-ca=/etc/c+a.pem", "mysql", "u@x", "p/:", "h", 0, "dAb",
		  "ssl-ca", "/etc/c a.pem" },
		{ "mysql://u:p@[2001:db8::7]:3307/db", "mysql", "u", "p", "2001:db8::7", 3307, "db", "",
		  NULL },
		{ "https://elastic:p%21@es:9200", "https", "elastic", "p!", "es", 9200, NULL, "", NULL },
		{ "http://es:9200/prefix/", "http", NULL, NULL, "es", 9200, "prefix/", "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url u = URL_INIT;
		struct err e = ERR_INIT;

		if (!CHECK_CASE(url_parse(&u, cases[i].text, &e) == 0, cases[i].text)) {
			printf("# %s\n", e.text);
			continue;
		}
		CHECK_STR(u.scheme, cases[i].scheme);
		CHECK_STR(u.user, cases[i].user);
		CHECK_STR(u.password, cases[i].password);
		CHECK_STR(u.host, cases[i].host);
		CHECK_INT(u.port, cases[i].port);
		CHECK_STR(u.path, cases[i].path);
		CHECK_STR(query_get(&u.query, cases[i].name), cases[i].value);
		url_clear(&u);
		CHECK(!u.scheme && !u.password && !u.query.text);
	}
}

#define START "the URL must begin with redis://, unix://, mysql://, http:// or https://"
#define PERCENT "a % in the URL that begins no escape must be written %25"

static void refuses(void)
{
	static const struct {
		const char *text, *why; /* NULL: libcurl's words */
	} cases[] = {
		{ "", START },
		{ "h", START },
		{ "secret@h", START },
		{ "u:secret@h/db", START },
		{ "redis:secret@h", START },
		{ "redis:/secret", START },
		{ "redis//h", START },
		{ " redis://h", START },
		{ "mysqls://u:secret@h", START },
		{ "postgres://u:secret@h", START },
		{ "rediss://:secret@h", "rediss:// (TLS to Redis) is not supported" },
		{ "redis://", "no host in the URL" },
		{ "redis:///2", "no host in the URL" },
		{ "redis://:secret@/2", "no host in the URL" },
		{ "redis://?db=2", "no host in the URL" },
		{ "https://u:secret@", "no host in the URL" },
		{ "unix://run/r.sock", "a unix:// URL must have three slashes: unix:///path" },
		{ "unix://", "no path in the unix:// URL" },
		{ "unix:///", "no path in the unix:// URL" },
		{ "unix:///?password=secret", "no path in the unix:// URL" },
		{ "redis://:secret#1@h", "a # in the URL must be written %23" },
		{ "redis://h/2#secret", "a # in the URL must be written %23" },
		{ "redis://:secret%@h", PERCENT },
		{ "redis://:secret%zz@h", PERCENT },
		{ "redis://:secret@h/%", PERCENT },
		{ "redis://:secret@h/%4", PERCENT },
		{ "redis://:secret%00@h", "a control character in the URL" },
		{ "redis://:secret%0A@h", "a control character in the URL" },
		{ "redis://:secret@h:0", "the port in the URL must be 1 to 65535" },
		{ "redis://:secret@[fe80::1%25eth0]", "an IPv6 zone in the URL is not supported" },
		{ "redis://:secret@h?password=%FF", "invalid UTF-8 in the query" },
		{ "redis://:secret@h?password=%00", "NUL in the query" },
		{ "redis://:secret@h:65536", NULL },
		{ "redis://:secret@h:x", NULL },
		{ "redis://:secret@h:-1", NULL },
		{ "redis://:secret@[::1", NULL },
		{ "redis://:secret@[zz]", NULL },
		{ "redis://:secret@ h", NULL },
		{ "redis://:secret@a@h", NULL },
		{ "redis://:secret/x@h", NULL },
		{ "redis://:secret?x@h", NULL },
		{ "redis://:secret\n@h", NULL },
		{ "mysql://u:secret@:3306/db", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct url u = { .port = 77 };
		struct err e = ERR_INIT;

		CHECK_CASE(url_parse(&u, cases[i].text, &e) == -1, cases[i].text);
		CHECK_INT(e.code, ERR_INVALID);
		if (cases[i].why)
			CHECK_STR(e.text, cases[i].why);
		else
			CHECK(!strncmp(e.text, "bad URL: ", 9) && e.text[9]);
		CHECK(!strstr(e.text, "secret"));
		CHECK(u.port == 77 && !u.scheme);
	}
	CHECK(url_parse(&(struct url)URL_INIT, "x", NULL) == -1);
}

static void masks(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "redis://h", "redis://h" },
		{ "redis://h:6379/2?db=1", "redis://h:6379/2?db=1" },
		{ "redis://[::1]:6379/2", "redis://[::1]:6379/2" },
		{ "redis://[::1]", "redis://[::1]" },
		{ "redis://u:secret@h:1/2", "redis://u:***@h:1/2" },
		{ "redis://:secret@h", "redis://:***@h" },
		{ "redis://secret@h", "redis://***@h" },
		{ "redis://@h", "redis://@h" },
		{ "redis://u:@h", "redis://u:***@h" },
		{ "redis://u:secret:secret@h", "redis://u:***@h" },
		{ "redis://u:secret@secret@h", "redis://u:***@h" },
		{ "redis://u:secret/x@h", "redis://***" },
		{ "redis://u:secret?x@h", "redis://***" },
		{ "redis://u:secret#x@h", "redis://***" },
		{ "redis://u:x#secret", "redis://***" },
		{ "redis://:secret", "redis://:***" },
		{ "redis://:12345", "redis://:***" },
		{ "redis://u:secret", "redis://u:***" },
		{ "redis://[::1]:secret", "redis://[::1]:***" },
		{ "redis://h?password=secret", "redis://h?password=***" },
		{ "unix:///r?db=2&password=secret&x=y", "unix:///r?db=2&password=***&x=y" },
		{ "unix:///r?password=secret&password=secret", "unix:///r?password=***&password=***" },
		{ "unix:///r?Password=secret", "unix:///r?Password=***" },
		{ "unix:///r?p%61ssword=secret", "unix:///r?p%61ssword=***" },
		{ "unix:///r?password=secret=secret", "unix:///r?password=***" },
		{ "unix:///r?password", "unix:///r?password" },
		{ "unix:///r?password=", "unix:///r?password=***" },
		{ "unix:///r?xpassword=1&", "unix:///r?xpassword=1&" },
		{ "unix:///r?password=secret@x", "unix://***" },
		{ "mysql://u:secret@/db?socket=/x", "mysql://u:***@/db?socket=/x" },
		{ "mysql://u@h/db", "mysql://u@h/db" },
		{ "MySQL://u:secret@h/db", "MySQL://u:***@h/db" },
		{ "https://elastic:secret@es:9200", "https://elastic:***@es:9200" },
		{ "https://secret@es", "https://***@es" },
		{ "redis:secret@h", "***" },
		{ "u:secret@h/db?x=redis://", "***" },
		{ "secret", "***" },
		{ "://secret", "***" },
		{ "/run/secret", "***" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;

		url_mask(cases[i].text, &b);
		CHECK_STR(buf_str(&b), cases[i].want);
		CHECK(!b.failed);
		buf_clear(&b);
	}
}

static void takes_the_base(void)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} cases[] = {
		{ "http://es", "http://es" },
		{ "http://es:9200/", "http://es:9200" },
		{ "https://elastic:p%40%3A%2F@es:9200/prefix//", "https://es:9200/prefix" },
		{ "https://elastic:secret@[::1]:9200/a%20b/%2F?password=secret", "https://[::1]:9200/a%20b/%2F" },
		{ "http://user@es/a/../b", "http://es/a/../b" },
		{ "http://:secret@es?x", "http://es" },
		{ "http://es:99999", NULL },
		{ "http://es#f", NULL },
		{ "es:9200", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;
		int rc = url_base(cases[i].text, &b, &e);

		CHECK_CASE(rc == (cases[i].want ? 0 : -1), cases[i].text);
		CHECK_INT(e.code, cases[i].want ? ERR_NONE : ERR_INVALID);
		CHECK_STR(buf_str(&b), cases[i].want ? cases[i].want : "");
		buf_clear(&b);
	}
}

static int attempt_base(void *text)
{
	struct buf b = BUF_INIT;
	int rc = url_base(text, &b, NULL);

	CHECK(rc ? !b.len : b.len > 0);
	buf_clear(&b);
	return rc;
}

static int attempt(void *text)
{
	struct url u = { .port = 77 };
	struct err e = ERR_INIT;
	int rc = url_parse(&u, text, &e);

	CHECK_INT(e.code, rc ? ERR_MEMORY : ERR_NONE);
	if (rc)
		CHECK(u.port == 77 && !u.scheme && !u.query.text);
	else
		url_clear(&u);
	return rc;
}

static int attempt_mask(void *text)
{
	struct buf b = BUF_INIT;
	int rc;

	url_mask(text, &b);
	CHECK(!strstr(buf_str(&b), "secret"));
	rc = b.failed ? -1 : 0;
	buf_clear(&b);
	return rc;
}

static void failing_allocations(void)
{
	char full[] = "mysql://user:secret@host:3306/database?ssl-ca=/x&socket=/y";
	char parameter[] = "unix:///path?password=secret&a=0123456789012345678901234567890123456789";

	CHECK_INT(CHECK_EACH_ALLOC(attempt, full), 8);
	CHECK_INT(CHECK_EACH_ALLOC(attempt, parameter), 6);
	CHECK_INT(CHECK_EACH_ALLOC(attempt_mask, parameter), 2);
	CHECK_INT(CHECK_EACH_ALLOC(attempt_base, full), 2);
}

static const struct check_test tests[] = {
	CHECK_TEST(parses),
	CHECK_TEST(refuses),
	CHECK_TEST(masks),
	CHECK_TEST(takes_the_base),
	CHECK_TEST(failing_allocations),
};

CHECK_MAIN(tests)
