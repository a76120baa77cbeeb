/* route: a table of routes, and the dispatcher that finds the handler or says why there is none. */
#ifndef PARLEY_ROUTE_H
#define PARLEY_ROUTE_H

#include "http.h"

struct service;

enum route_flag {
	ROUTE_BODY = 1 << 0, /* takes a body: JSON, read and checked before the handler */
	ROUTE_ADMIN = 1 << 1 /* needs the admin key where one is set, and no foreign Origin */
};

struct route {
	enum http_method method;
	const char *pattern; /* "/applications/:token/chats/:number", ":name" is any segment; NULL ends a table */
	void (*handle)(struct service *s, struct request *r, struct reply *p);
	unsigned flags; /* of enum route_flag */
};

/* The table's route for the request's path and method. The path's token and numbers are put into
 * the request. NULL: the reply is filled in (404, 405 with Allow, or 204 to OPTIONS). */
const struct route *route_find(const struct route *const *tables, struct request *r,
			       struct reply *p);
/* The answer to "OPTIONS *": what there is on any path. */
void route_options(const struct route *const *tables, const struct request *r, struct reply *p);

#endif
