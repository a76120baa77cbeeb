/* URLs of servers: taken apart by libcurl, and masked to be printed. */
#include "url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

/* libcurl takes the first segment for the host when there is none, so it is given this one. */
#define NO_HOST "localhost"

#define SCHEME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-."

enum host_rule { HOST_NEEDED, HOST_OPTIONAL, HOST_REFUSED };

static const struct scheme {
	const char *name;
	enum host_rule host;
	bool lone_password; /* user information without ':' is a password, not a user */
} schemes[] = {
	{ "redis", HOST_NEEDED, true },
	{ "unix", HOST_REFUSED, true },
	{ "mysql", HOST_OPTIONAL, false },
	{ "http", HOST_NEEDED, false },
	{ "https", HOST_NEEDED, false },
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

static int invalid(struct err *e, const char *why)
{
	return err_set(e, ERR_INVALID, "%s", why);
}

/* The scheme of "scheme://", or NULL. */
static const struct scheme *find_scheme(const char *text)
{
	for (size_t i = 0; i < SCHEMES; i++) {
		size_t len = strlen(schemes[i].name);

		if (!strncasecmp(text, schemes[i].name, len) && !strncmp(text + len, "://", 3))
			return schemes + i;
	}
	return NULL;
}

/* What libcurl would let pass and then read otherwise than it was meant. */
static int check_text(const char *text, struct err *e)
{
	if (strchr(text, '#'))
		return invalid(e, "a # in the URL must be written %23");
	for (const char *s = text; (s = strchr(s, '%')); s++)
		if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
			return invalid(e, "a % in the URL that begins no escape must be written %25");
	return 0;
}

static char *copy(const char *s, struct err *e)
{
	size_t size = strlen(s) + 1;
	char *new = malloc(size);

	if (!new)
		err_memory(e);
	else
		memcpy(new, s, size);
	return new;
}

/* Store a copy of one part in *out, which stays NULL when the part is absent or empty. */
static int get_part(CURLU *c, CURLUPart what, char **out, struct err *e)
{
	char *part = NULL;
	CURLUcode got = curl_url_get(c, what, &part, CURLU_URLDECODE);
	int rc = 0;

	if (got == CURLUE_OUT_OF_MEMORY)
		return err_memory(e);
	if (got == CURLUE_URLDECODE)
		return invalid(e, "a control character in the URL");
	if (!got && *part) {
		*out = copy(part, e);
		rc = *out ? 0 : -1;
	}
	curl_free(part);
	return rc;
}

static int get_user(struct url *u, CURLU *c, const struct scheme *scheme, struct err *e)
{
	char *empty = NULL;
	bool lone;

	if (get_part(c, CURLUPART_USER, &u->user, e) ||
	    get_part(c, CURLUPART_PASSWORD, &u->password, e))
		return -1;
	lone = curl_url_get(c, CURLUPART_PASSWORD, &empty, 0) == CURLUE_NO_PASSWORD;
	curl_free(empty);
	if (!u->password && lone && scheme->lone_password) {
		u->password = u->user;
		u->user = NULL;
	}
	return 0;
}

static int get_host(struct url *u, CURLU *c, struct err *e)
{
	char *zone = NULL, *port = NULL;
	size_t len;
	int rc = -1;

	if (get_part(c, CURLUPART_HOST, &u->host, e) || get_part(c, CURLUPART_ZONEID, &zone, e) ||
	    get_part(c, CURLUPART_PORT, &port, e))
		goto out;
	if (zone) {
		invalid(e, "an IPv6 zone in the URL is not supported");
		goto out;
	}
	len = u->host ? strlen(u->host) : 0;
	if (len > 2 && u->host[0] == '[') {
		memmove(u->host, u->host + 1, len - 2);
		u->host[len - 2] = '\0';
	}
	if (port)
		u->port = (unsigned)strtoul(port, NULL, 10);
	rc = port && !u->port ? invalid(e, "the port in the URL must be 1 to 65535") : 0;
out:
	free(zone);
	free(port);
	return rc;
}

static int get_path(struct url *u, CURLU *c, struct err *e)
{
	if (get_part(c, CURLUPART_PATH, &u->path, e))
		return -1;
	if (!strcmp(u->scheme, "unix"))
		return u->path && u->path[1] ? 0 : invalid(e, "no path in the unix:// URL");
	if (u->path)
		memmove(u->path, u->path + 1, strlen(u->path));
	if (u->path && !*u->path) {
		free(u->path);
		u->path = NULL;
	}
	return 0;
}

/* Fill in a URL from its part before the '?', which libcurl knows, and the one behind it. */
static int fill(struct url *u, CURLU *c, const struct scheme *scheme, const char *query,
		struct err *e)
{
	const char *password;

	u->scheme = copy(scheme->name, e);
	if (!u->scheme || get_user(u, c, scheme, e) || get_host(u, c, e) || get_path(u, c, e) ||
	    query_parse(&u->query, query, strlen(query), e))
		return -1;
	password = query_get(&u->query, "password");
	if (password && *password && !u->password) {
		u->password = copy(password, e);
		if (!u->password)
			return -1;
	}
	return 0;
}

/* Let libcurl parse the `len` bytes before the '?', with `host` put in at `prefix`. */
static CURLU *parse_front(const char *text, size_t len, size_t prefix, const char *host,
			  struct err *e)
{
	struct buf front = BUF_INIT;
	CURLU *c = curl_url();
	CURLUcode rc = CURLUE_OUT_OF_MEMORY;

	buf_add(&front, text, prefix);
	buf_addstr(&front, host);
	buf_add(&front, text + prefix, len - prefix);
	if (c && !front.failed)
		rc = curl_url_set(c, CURLUPART_URL, buf_str(&front),
				  CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
	buf_clear(&front);
	if (!rc)
		return c;
	curl_url_cleanup(c);
	if (rc == CURLUE_OUT_OF_MEMORY)
		err_memory(e);
	else
		err_set(e, ERR_INVALID, "bad URL: %s", curl_url_strerror(rc));
	return NULL;
}

/* The scheme of a URL that may go to libcurl; NULL, and the error set, for any other. */
static const struct scheme *check_start(const char *text, struct err *e)
{
	const struct scheme *scheme = find_scheme(text);

	if (!strncasecmp(text, "rediss://", 9))
		invalid(e, "rediss:// (TLS to Redis) is not supported");
	else if (!scheme)
		invalid(e,
			"the URL must begin with redis://, unix://, mysql://, http:// or https://");
	return scheme && !check_text(text, e) ? scheme : NULL;
}

int url_parse(struct url *u, const char *text, struct err *e)
{
	const struct scheme *scheme = check_start(text, e);
	struct url new = URL_INIT;
	size_t len = strcspn(text, "?"), prefix;
	bool no_host;
	CURLU *c;

	if (!scheme)
		return -1;
	prefix = strlen(scheme->name) + 3;
	prefix += strcspn(text + prefix, "/?");
	no_host = text[prefix - 1] == '/' || text[prefix - 1] == '@';
	if (no_host && scheme->host == HOST_NEEDED)
		return invalid(e, "no host in the URL");
	if (!no_host && scheme->host == HOST_REFUSED)
		return invalid(e, "a unix:// URL must have three slashes: unix:///path");
	c = parse_front(text, len, prefix, no_host ? NO_HOST : "", e);
	if (!c)
		return -1;
	if (fill(&new, c, scheme, text[len] ? text + len + 1 : "", e)) {
		url_clear(&new);
	} else {
		if (no_host) {
			free(new.host);
			new.host = NULL;
		}
		*u = new;
	}
	curl_url_cleanup(c);
	return new.scheme ? 0 : -1;
}

void url_clear(struct url *u)
{
	free(u->scheme);
	free(u->user);
	free(u->password);
	free(u->host);
	free(u->path);
	query_clear(&u->query);
	*u = (struct url)URL_INIT;
}

int url_base(const char *text, struct buf *out, struct err *e)
{
	CURLU *c = check_start(text, e) ? parse_front(text, strcspn(text, "?"), 0, "", e) : NULL;
	char *base = NULL;
	size_t len;
	int rc;

	if (!c)
		return -1;
	if (curl_url_set(c, CURLUPART_USER, NULL, 0) || curl_url_set(c, CURLUPART_PASSWORD, NULL, 0) ||
	    curl_url_get(c, CURLUPART_URL, &base, 0)) {
		rc = err_memory(e);
	} else {
		len = strlen(base);
		while (len && base[len - 1] == '/')
			len--;
		rc = buf_add(out, base, len) ? err_memory(e) : 0;
	}
	curl_free(base);
	curl_url_cleanup(c);
	return rc;
}

/* A host, perhaps with a port. What is no port may be a password whose "@host" was forgotten. */
static void mask_host(const char *s, size_t len, struct buf *out)
{
	const char *bracket = memrchr(s, ']', len), *host = bracket ? bracket : s;
	const char *colon = memchr(host, ':', len - (size_t)(host - s));
	size_t before = colon ? (size_t)(colon + 1 - s) : len;

	if (!colon || (before > 1 && before + strspn(colon + 1, "0123456789") == len)) {
		buf_add(out, s, len);
		return;
	}
	buf_add(out, s, before);
	buf_addstr(out, "***");
}

/* User information and host. */
static void mask_authority(const char *s, size_t len, bool lone_user, struct buf *out)
{
	const char *at = memrchr(s, '@', len);
	const char *colon = at ? memchr(s, ':', (size_t)(at - s)) : NULL;

	if (!at) {
		mask_host(s, len, out);
		return;
	}
	if (colon)
		buf_add(out, s, (size_t)(colon + 1 - s));
	else if (lone_user)
		buf_add(out, s, (size_t)(at - s));
	if (at > s && (colon || !lone_user))
		buf_addstr(out, "***");
	buf_add(out, at, len - (size_t)(at - s));
}

/* The parameters behind the '?'. A name with an escape in it may be "password" too. */
static void mask_query(const char *s, struct buf *out)
{
	for (;;) {
		size_t len = strcspn(s, "&"), name = strcspn(s, "=&");
		bool secret = (name == 8 && !strncasecmp(s, "password", 8)) || memchr(s, '%', name);

		if (secret && name < len) {
			buf_add(out, s, name);
			buf_addstr(out, "=***");
		} else {
			buf_add(out, s, len);
		}
		s += len;
		if (!*s)
			return;
		buf_addch(out, *s++);
	}
}

void url_mask(const char *text, struct buf *out)
{
	const char *s = text + strspn(text, SCHEME_CHARACTERS);
	size_t len;

	if (s == text || strncmp(s, "://", 3)) {
		buf_addstr(out, *text ? "***" : "");
		return;
	}
	s += 3;
	len = strcspn(s, "/?#");
	buf_add(out, text, (size_t)(s - text));
	/* With these further on, a password that should have been escaped may be anywhere. */
	if (strpbrk(s + len, "@#")) {
		buf_addstr(out, "***");
		return;
	}
	mask_authority(s, len, !strncasecmp(text, "mysql:", 6), out);
	s += len;
	len = strcspn(s, "?");
	buf_add(out, s, len);
	s += len;
	if (*s) {
		buf_addch(out, *s++);
		mask_query(s, out);
	}
}
