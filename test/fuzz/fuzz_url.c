/* No text crashes url_parse or url_mask; and where a password was put, neither the mask nor the
 * error shows it, and url_parse finds it again. What url_base makes of a URL leads to the same place, without
 * user and password. */
#include "url.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define SECRET "QZXJ" /* taken out of what the fuzzer makes, so that it stands for itself */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static bool present(const char *s)
{
	return !s || *s;
}

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void based(const char *text, const struct url *u)
{
	struct buf base = BUF_INIT;
	struct url v = URL_INIT;

	must(!url_base(text, &base, NULL));
	must(base.len && base.data[base.len - 1] != '/');
	must(!url_parse(&v, buf_str(&base), NULL));
	must(!v.user && !v.password && same(v.scheme, u->scheme) && same(v.host, u->host) &&
	     v.port == u->port);
	url_clear(&v);
	buf_clear(&base);
}

static void any_text(const char *text)
{
	struct url u = URL_INIT;
	struct err e = ERR_INIT;
	struct buf mask = BUF_INIT;

	url_mask(text, &mask);
	must(!mask.failed);
	if (url_parse(&u, text, &e)) {
		must(e.code == ERR_INVALID && *e.text && !u.scheme);
	} else {
		must(u.scheme && present(u.user) && present(u.password) && present(u.host) &&
		     present(u.path));
		must(u.port <= 65535);
		if (!strcmp(u.scheme, "unix"))
			must(u.path && *u.path == '/' && !u.host && !u.port);
		if (!strncmp(u.scheme, "http", 4))
			based(text, &u);
	}
	url_clear(&u);
	buf_clear(&mask);
}

/* `text` holds SECRET only as a password. */
static void hidden(const char *text)
{
	struct url u = URL_INIT;
	struct err e = ERR_INIT;
	struct buf mask = BUF_INIT;

	url_mask(text, &mask);
	must(!strstr(buf_str(&mask), SECRET));
	if (url_parse(&u, text, &e))
		must(!strstr(e.text, SECRET));
	url_clear(&u);
	buf_clear(&mask);
}

/* Any valid text without control characters as a password, percent-encoded. */
static void comes_back(const char *password, size_t len)
{
	static const char *const around[][2] = {
		{ "redis://:", "@h" },
		{ "redis://", "@[::1]:1/2?db=3" },
		{ "mysql://u:", "@/db?socket=/x" },
		{ "unix:///x?password=", "" },
	};

	if (!len || !utf8_valid(password, len))
		return;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)password[i] < 0x20 || password[i] == 0x7F)
			return;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		struct buf text = BUF_INIT;
		struct url u = URL_INIT;

		buf_addstr(&text, around[i][0]);
		for (size_t k = 0; k < len; k++)
			buf_addf(&text, "%%%02X", (unsigned char)password[k]);
		buf_addstr(&text, around[i][1]);
		must(!url_parse(&u, buf_str(&text), NULL));
		must(u.password && strlen(u.password) == len && !memcmp(u.password, password, len));
		must(!u.user || i == 2);
		url_clear(&u);
		buf_clear(&text);
	}
}

/* The fuzzer's text as what stands before, in and behind a password. */
static void with_secret(const char *text, size_t len)
{
	static const char *const front[] = { "redis://u:", "mysql://u:", "unix:///p?password=",
					     "redis://h?db=1&password=", "https://u:" };
	static const char *const back[] = { "@h/1", "@/db?socket=/x", "", "&a=b", "@h:1" };

	for (size_t i = 0; i < sizeof(front) / sizeof(front[0]); i++) {
		struct buf url = BUF_INIT;

		buf_addstr(&url, front[i]);
		buf_add(&url, text, len / 2);
		buf_addstr(&url, SECRET);
		buf_add(&url, text + len / 2, len - len / 2);
		buf_addstr(&url, back[i]);
		/* An '&' ends a parameter, so what follows one is none of the password. */
		if (i == 0 || i == 1 || i == 4 || !memchr(text, '&', len))
			hidden(buf_str(&url));
		buf_clear(&url);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	any_text(text);
	comes_back(text, size);
	if (strlen(text) == size && !strstr(text, "QZ"))
		with_secret(text, size);
	free(text);
	return 0;
}
