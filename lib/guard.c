/* Origins and the admin key. */
#include "guard.h"

#include "bearer.h"
#include "origin.h"

#define EXPOSED                                                                   \
	"Link, Location, Retry-After, X-Request-Id, X-Total-Count, X-Search-Source, " \
	"X-Search-Incomplete"
#define PREFLIGHT_S 600 /* how long a browser need not ask again */

void guard_read(const struct guard *g, struct request *r, const char *origin,
		const char *requested_method)
{
	r->origin = origin;
	r->origin_listed = *origin && origin_listed(g->origins, origin);
	r->preflight = r->origin_listed && r->method == HTTP_OPTIONS && *requested_method;
}

/* A browser sends a form or a text to any site without asking first, and only hides the answer from
 * the page: so that has to be refused here, before it does anything. */
static bool admits_origin(const struct route *route, const struct request *r)
{
	if (!*r->origin || r->origin_listed)
		return true;
	return r->method == HTTP_GET && !(route->flags & ROUTE_ADMIN);
}

bool guard_admits(const struct guard *g, const struct route *route, const struct request *r,
		  const char *authorization, struct reply *p)
{
	enum bearer bearer;

	if (!admits_origin(route, r)) {
		reply_problem(p, PROBLEM_FORBIDDEN_ORIGIN,
			      "Pages of this origin may not use the API (PARLEY_CORS_ORIGINS).");
		return false;
	}
	if (!(route->flags & ROUTE_ADMIN) || !*g->admin_key)
		return true;
	bearer = bearer_compare(authorization, g->admin_key);
	if (bearer == BEARER_RIGHT)
		return true;
	reply_header(p, "WWW-Authenticate", "Bearer realm=\"parley\"%s",
		     bearer == BEARER_WRONG ? ", error=\"invalid_token\"" : "");
	reply_problem(p, PROBLEM_ADMIN_KEY,
		      bearer == BEARER_WRONG ? "This is not the admin key." :
					       "Send Authorization: Bearer and the admin key.");
	return false;
}

void guard_headers(const struct request *r, struct reply *p)
{
	reply_header(p, "Vary", "Origin");
	if (!r->origin_listed)
		return;
	reply_header(p, "Access-Control-Allow-Origin", "%s", r->origin);
	reply_header(p, "Access-Control-Expose-Headers", EXPOSED);
	if (!r->preflight)
		return;
	reply_header(p, "Access-Control-Allow-Headers", "Content-Type, Authorization, X-Request-Id");
	reply_header(p, "Access-Control-Max-Age", "%d", PREFLIGHT_S);
}
