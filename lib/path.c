/* Paths: cut into segments, and the two kinds of segment that name things. */
#include "path.h"

#include <string.h>
#include <strings.h>

/* Where the path of an absolute-form URI begins: a '/', a '?' or its end; else the URI itself. */
static const char *skip_origin(const char *uri)
{
	const char *host;
	size_t len;

	if (!strncasecmp(uri, "http://", 7))
		host = uri + 7;
	else if (!strncasecmp(uri, "https://", 8))
		host = uri + 8;
	else
		return uri;
	len = strcspn(host, "/?");
	return len ? host + len : uri;
}

int path_split(struct path *p, const char *request_uri)
{
	const char *s = skip_origin(request_uri), *end = s + strcspn(s, "?");
	struct path new = { .query = *end ? end + 1 : end };

	/* Only an absolute form may lack a path, and then means the root (RFC 9112, 3.2.1). */
	if (s == request_uri && *s != '/')
		return -1;
	new.query_len = strlen(new.query);
	if (end - s == 1)
		s = end;
	while (s < end) {
		size_t len = strcspn(++s, "/?");

		if (!len || new.n == PATH_SEGMENTS)
			return -1;
		new.seg[new.n].at = s;
		new.seg[new.n++].len = len;
		s += len;
	}
	*p = new;
	return 0;
}

bool path_number(const char *s, size_t len, uint32_t *number)
{
	uint32_t n = 0;

	if (!len || *s == '0')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || __builtin_mul_overflow(n, 10u, &n) ||
		    __builtin_add_overflow(n, (uint32_t)(s[i] - '0'), &n))
			return false;
	}
	*number = n;
	return true;
}

bool path_token(const char *s, size_t len)
{
	if (len != 32)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return true;
}
