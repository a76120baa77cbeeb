/* Lists of origins. */
#include "origin.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "path.h"

#define SEPARATORS ", \t"
#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The next item and its length; NULL at the end. No set of characters below has a separator, so that
 * no strspn runs out of an item. */
static const char *next(const char **list, size_t *len)
{
	const char *at = *list + strspn(*list, SEPARATORS);

	*len = strcspn(at, SEPARATORS);
	*list = at + *len;
	return *len ? at : NULL;
}

/* How much of the text is a host; 0: nothing. */
static size_t host_len(const char *at)
{
	size_t n;

	if (*at != '[')
		return strspn(at, ALNUM "-._");
	n = strspn(at + 1, "0123456789abcdefABCDEF:.");
	return n && at[n + 1] == ']' ? n + 2 : 0;
}

size_t origin_len(const char *text)
{
	size_t scheme = strspn(text, ALNUM "+-."), host, digits;
	const char *end = text + scheme;
	uint32_t port;

	if (!isalpha((unsigned char)*text) || strncmp(end, "://", 3) != 0)
		return 0;
	host = host_len(end + 3);
	if (!host)
		return 0;
	end += 3 + host;
	if (*end != ':')
		return (size_t)(end - text);
	digits = strspn(++end, "0123456789");
	if (!path_number(end, digits, &port) || port > 65535)
		return 0;
	return (size_t)(end - text) + digits;
}

static bool is_origin(const char *at, size_t len)
{
	return len && origin_len(at) == len;
}

static bool is_any(const char *at, size_t len)
{
	return len == 1 && *at == '*';
}

int origin_check(const char *list, struct err *e)
{
	const char *at;
	size_t len;

	while ((at = next(&list, &len)) != NULL)
		if (!is_any(at, len) && !is_origin(at, len))
			return err_set(e, ERR_INVALID,
				       "\"%.*s\" is no origin (scheme://host or scheme://host:port)",
				       len < 80 ? (int)len : 80, at);
	return 0;
}

/* The length without a port that goes without saying: browsers leave it out. */
static size_t plain_len(const char *at, size_t len)
{
	static const struct { const char *scheme, *port; } usual[] = {
		{ "http://", ":80" }, { "https://", ":443" },
	};
	size_t i, scheme, port;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		scheme = strlen(usual[i].scheme);
		port = strlen(usual[i].port);
		if (len > scheme + port && !strncasecmp(at, usual[i].scheme, scheme) &&
		    !memcmp(at + len - port, usual[i].port, port))
			return len - port;
	}
	return len;
}

static bool same(const char *at, size_t len, const char *origin)
{
	if (is_any(at, len))
		return is_origin(origin, strlen(origin)) || !strcmp(origin, "null");
	len = plain_len(at, len);
	return len == strlen(origin) && !strncasecmp(at, origin, len);
}

bool origin_listed(const char *list, const char *origin)
{
	const char *at;
	size_t len;

	while ((at = next(&list, &len)) != NULL)
		if (same(at, len, origin))
			return true;
	return false;
}
