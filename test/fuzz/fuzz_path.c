/* A path that was split is, joined again, the end of what was split; a number that was read is, written
 * again, what was read. */
#include "path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_segment(const char *at, size_t len)
{
	uint32_t number = 0;
	char text[16];

	must(len > 0 && !memchr(at, '/', len) && !memchr(at, '?', len));
	must(path_token(at, len) == (len == 32 && strspn(at, "0123456789abcdef") >= 32));
	if (path_number(at, len, &number)) {
		must(number > 0);
		must((size_t)snprintf(text, sizeof(text), "%u", number) == len);
		must(!memcmp(text, at, len));
	} else {
		must(!number);
	}
}

static void joins_again(const struct path *p, const char *uri)
{
	struct buf joined = BUF_INIT;
	size_t len = strlen(uri), from;

	for (unsigned i = 0; i < p->n; i++) {
		check_segment(p->seg[i].at, p->seg[i].len);
		buf_addch(&joined, '/');
		buf_add(&joined, p->seg[i].at, p->seg[i].len);
	}
	if (strchr(uri, '?')) {
		if (!p->n && p->query - uri >= 2 && p->query[-2] == '/')
			buf_addch(&joined, '/');
		buf_addch(&joined, '?');
	} else if (!p->n && uri[len - 1] == '/') {
		buf_addch(&joined, '/');
	}
	buf_add(&joined, p->query, p->query_len);
	must(joined.len <= len);
	from = len - joined.len;
	must(!strcmp(uri + from, buf_str(&joined)));
	/* What was skipped can only be an origin. */
	must(!from || (from > 7 && (uri[0] | 0x20) == 'h' && strstr(uri, "://")));
	buf_clear(&joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct path p = { .n = 77 };
	char *uri = malloc(size + 1);

	if (size)
		memcpy(uri, data, size);
	uri[size] = '\0';
	if (path_split(&p, uri)) {
		must(p.n == 77 && !p.query);
	} else {
		must(p.n <= PATH_SEGMENTS && p.query && strlen(p.query) == p.query_len);
		joins_again(&p, uri);
	}
	free(uri);
	return 0;
}
