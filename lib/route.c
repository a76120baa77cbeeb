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
	if (len == 5 && !memcmp(pattern, ":name", 5))
		return true;
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

/* A path has HEAD with GET, and OPTIONS always. */
static void list_methods(struct buf *list, unsigned allowed)
{
	int m;

	for (m = 0; m < HTTP_OPTIONS; m++)
		if (allowed >> m & 1)
			buf_addf(list, "%s%s, ", http_method_name((enum http_method)m),
				 m == HTTP_GET ? ", HEAD" : "");
	buf_addstr(list, http_method_name(HTTP_OPTIONS));
}

/* 405, or what OPTIONS is answered. */
static void tell_methods(struct reply *p, const struct request *r, unsigned allowed)
{
	struct buf list = BUF_INIT;

	list_methods(&list, allowed);
	reply_header(p, "Allow", "%s", buf_str(&list));
	if (r->preflight)
		reply_header(p, "Access-Control-Allow-Methods", "%s", buf_str(&list));
	if (list.failed)
		p->headers.failed = true;
	buf_clear(&list);
	if (r->method == HTTP_OPTIONS)
		p->status = 204;
	else
		reply_problem(p, PROBLEM_NOT_ALLOWED, "This path does not have that method.");
}

void route_options(const struct route *const *tables, const struct request *r, struct reply *p)
{
	const struct route *route;
	unsigned allowed = 0;

	for (; *tables; tables++)
		for (route = *tables; route->pattern; route++)
			allowed |= 1U << route->method;
	tell_methods(p, r, allowed);
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
		tell_methods(p, r, allowed);
	else
		reply_problem(p, PROBLEM_NOT_FOUND, "There is nothing at this path.");
	return NULL;
}
