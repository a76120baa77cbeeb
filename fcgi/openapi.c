/* The API's description: doc/openapi.json, built in. */
#define PARLEY_GEN_TEXTS
#include "groups.h"
#include "openapi.h"

static void openapi(struct service *s, struct request *r, struct reply *p)
{
	(void)s;
	(void)r;
	reply_json(p, 200);
	buf_addstr(&p->body, document_texts[DOCUMENT_OPENAPI].text);
}

const struct route openapi_routes[] = {
	{ HTTP_GET, "/openapi.json", openapi, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
