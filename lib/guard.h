/* guard: who may ask for what: pages of which origins, and who has the admin key. */
#ifndef PARLEY_GUARD_H
#define PARLEY_GUARD_H

#include "route.h"

struct guard { /* borrowed from the settings */
	const char *origins;   /* a list, see origin.h */
	const char *admin_key; /* "": none, all may do all */
};

/* Notes in the request what it says of its origin. The method must be known already. */
void guard_read(const struct guard *g, struct request *r, const char *origin,
		const char *requested_method);
/* May it be carried out? False: the reply is 403 (a foreign origin, on a route that changes something or
 * needs the admin key) or 401. */
bool guard_admits(const struct guard *g, const struct route *route, const struct request *r,
		  const char *authorization, struct reply *p);
/* The CORS headers that go with the reply, also with an error. */
void guard_headers(const struct request *r, struct reply *p);

#endif
