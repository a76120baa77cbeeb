/* url: where a server is and how to log in: REDIS_URL, DATABASE_URL, ELASTICSEARCH_URL.
 *
 *   redis://[user:]password@host:port/db      redis://:password@host      redis://host
 *   unix:///path?db=2&password=x              (a Redis socket)
 *   mysql://user:password@host:port/db?ssl-ca=/path
 *   mysql://user:password@/db?socket=/path
 *   http://… and https://…
 *
 * Every part may be percent-encoded (control characters excepted: libcurl refuses them). */
#ifndef PARLEY_URL_H
#define PARLEY_URL_H

#include "buf.h"
#include "err.h"
#include "query.h"

/* Strings are owned, decoded, and NULL where absent or empty. */
struct url {
	char *scheme;   /* lower case, never NULL */
	char *user;
	char *password; /* of the user information, or redis' and unix' ?password= */
	char *host;     /* an IPv6 address without its brackets */
	char *path;     /* without its leading slash; with it for unix */
	unsigned port;  /* 0: none given */
	struct query query;
};

#define URL_INIT { .port = 0 }

/* What *u held before is not freed. 0, or -1 with *u unchanged: ERR_INVALID (the text quotes nothing
 * from the URL, so it holds no password) or ERR_MEMORY. */
int url_parse(struct url *u, const char *text, struct err *e);
/* Frees the memory; *u is then empty. */
void url_clear(struct url *u);

/* Append what requests go to, of a URL that url_parse takes: it as it is written, but without user,
 * password, query, and slashes at the end. 0, or -1: ERR_INVALID, ERR_MEMORY. */
int url_base(const char *text, struct buf *out, struct err *e);

/* Append the URL with `***` in place of its password, to print it; the text need not be a valid URL:
 * where it is not plain what is a password, more is masked. Look at out->failed afterwards. */
void url_mask(const char *text, struct buf *out);

#endif
