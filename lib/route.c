/* From a path and a method to a handler. */
#include "route.h"

#include <string.h>

/* Does one segment fit? Tokens and numbers are noted in the request. */
static bool segment_fits(const char *pattern, size_t len, const char *at, size_t n,
			 struct request *r, unsigned *numbers)
{
	if (len == 6 && !memcmp(pattern, ":token", 6)) {
		if (!path_token(at, n))
			return false;
		memcpy(r->token, at, n);
		r->token[n] = '\0';
		return true;
	}
	if (len == 7 && !memcmp(pattern, ":number", 7))
		return *numbers < HTTP_NUMBERS && path_number(at, n, &r->number[(*numbers)++]);
	return len == n && !memcmp(pattern, at, n);
}

static bool fits(const char *pattern, struct request *r)
{
	unsigned i, numbers = 0;
	size_t len;

	r->token[0] = '\0';
	for (i = 0; i < r->path.n; i++) {
		if (*pattern != '/')
			return false;
		pattern++;
		len = strcspn(pattern, "/");
		if (!segment_fits(pattern, len, r->path.seg[i].at, r->path.seg[i].len, r, &numbers))
			return false;
		pattern += len;
	}
	return !*pattern;
}

static void not_allowed(struct reply *p, unsigned allowed)
{
	struct buf allow = BUF_INIT;
	int m;

	for (m = 0; m < HTTP_OTHER; m++)
		if (allowed >> m & 1)
			buf_addf(&allow, "%s%s%s", allow.len ? ", " : "",
				 http_method_name((enum http_method)m),
				 m == HTTP_GET ? ", HEAD" : "");
	reply_header(p, "Allow", "%s", buf_str(&allow));
	buf_clear(&allow);
	reply_problem(p, PROBLEM_NOT_ALLOWED, "This path does not have that method.");
}

const struct route *route_find(const struct route *const *tables, struct request *r,
			       struct reply *p)
{
	const struct route *route;
	unsigned allowed = 0;

	for (; *tables; tables++)
		for (route = *tables; route->pattern; route++) {
			if (!fits(route->pattern, r))
				continue;
			if (route->method == r->method)
				return route;
			allowed |= 1U << route->method;
		}
	if (allowed)
		not_allowed(p, allowed);
	else
		reply_problem(p, PROBLEM_NOT_FOUND, "There is nothing at this path.");
	return NULL;
}
