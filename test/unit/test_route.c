/* Tests of lib/route, and of the replies of lib/http that it gives. */
#include "route.h"

#include "check.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static void handle(struct service *s, struct request *r, struct reply *p)
{
	(void)s;
	(void)r;
	(void)p;
}

static const struct route one[] = {
	{ HTTP_POST, "/applications/:token/chats", handle, ROUTE_BODY },
	{ HTTP_GET, "/applications/:token/chats/:number/messages/:number", handle, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
static const struct route two[] = {
	{ HTTP_GET, "/applications/:token/chats", handle, 0 },
	{ HTTP_GET, "/", handle, 0 },
	{ HTTP_GET, "/problems/:name", handle, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
static const struct route *const tables[] = { one, two, NULL };

static const struct route *find(enum http_method method, const char *path, struct request *r,
				struct reply *p)
{
	*r = (struct request){ .method = method };
	if (path_split(&r->path, path))
		return NULL;
	return route_find(tables, r, p);
}

static void finds_over_all_tables(void)
{
	struct request r;
	struct reply p = { 0 };

	CHECK(find(HTTP_POST, "/applications/" TOKEN "/chats", &r, &p) == &one[0]);
	CHECK_STR(r.token, TOKEN);
	CHECK(find(HTTP_GET, "/applications/" TOKEN "/chats?limit=1", &r, &p) == &two[0]);
	CHECK(find(HTTP_GET, "/applications/" TOKEN "/chats/3/messages/4294967295", &r, &p) == &one[1]);
	CHECK_INT(r.number[0], 3);
	CHECK_INT(r.number[1], 4294967295);
	CHECK(find(HTTP_GET, "/problems/any-thing", &r, &p) == &two[2]);
}

static void tells_what_is_not_there(void)
{
	static const char *const paths[] = {
		"/applications", "/applications/" TOKEN, "/applications/" TOKEN "/chats/1",
		"/applications/0123456789ABCDEF0123456789ABCDEF/chats", "/applications/" TOKEN "/Chats",
		"/applications/" TOKEN "/chats/01/messages/1", "/applications/" TOKEN "/chats/0/messages/1",
		"/applications/" TOKEN "/chats/1/messages/4294967296",
		"/applications/" TOKEN "/chats/1/messages/1/x",
	};
	struct request r;
	struct reply p = { 0 };
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		CHECK_CASE(!find(HTTP_GET, paths[i], &r, &p), paths[i]);
		CHECK_INT(p.status, 404);
		CHECK(strstr(buf_str(&p.body), "\"type\":\"/problems/not-found\""));
		reply_clear(&p);
	}
	buf_clear(&p.body);
	buf_clear(&p.headers);
}

static void tells_which_methods_there_are(void)
{
	struct request r;
	struct reply p = { 0 };

	CHECK(!find(HTTP_DELETE, "/applications/" TOKEN "/chats", &r, &p));
	CHECK_INT(p.status, 405);
	CHECK_STR(buf_str(&p.headers), "Allow: GET, HEAD, POST, OPTIONS\r\n");
	reply_clear(&p);
	CHECK(!find(HTTP_OTHER, "/problems/x", &r, &p));
	CHECK_INT(p.status, 405);
	CHECK_STR(buf_str(&p.headers), "Allow: GET, HEAD, OPTIONS\r\n");
	buf_clear(&p.body);
	buf_clear(&p.headers);
}

static void options_has_an_answer_wherever_there_is_a_route(void)
{
	struct request r;
	struct reply p = { 0 };

	CHECK(!find(HTTP_OPTIONS, "/applications/" TOKEN "/chats/1/messages/2", &r, &p));
	CHECK_INT(p.status, 204);
	CHECK_STR(buf_str(&p.headers), "Allow: GET, HEAD, OPTIONS\r\n");
	CHECK_INT(p.body.len, 0);
	reply_clear(&p);
	CHECK(!find(HTTP_OPTIONS, "/nothing", &r, &p));
	CHECK_INT(p.status, 404);
	reply_clear(&p);
	r = (struct request){ .method = HTTP_OPTIONS, .preflight = true };
	route_options(tables, &r, &p);
	CHECK_INT(p.status, 204);
	CHECK_STR(buf_str(&p.headers), "Allow: GET, HEAD, POST, OPTIONS\r\n"
				       "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n");
	buf_clear(&p.body);
	buf_clear(&p.headers);
}

static void a_field_that_is_wrong_is_named(void)
{
	struct reply p = { 0 };

	reply_invalid(&p, "body", "must not be blank");
	CHECK_INT(p.status, 422);
	CHECK_STR(buf_str(&p.body),
		  "{\"type\":\"/problems/validation-failed\",\"title\":\"Validation failed\","
		  "\"status\":422,\"detail\":\"body must not be blank\","
		  "\"errors\":{\"body\":[\"must not be blank\"]}}");
	buf_clear(&p.body);
	buf_clear(&p.headers);
}

static const struct check_test tests[] = {
	CHECK_TEST(finds_over_all_tables),
	CHECK_TEST(tells_what_is_not_there),
	CHECK_TEST(tells_which_methods_there_are),
	CHECK_TEST(options_has_an_answer_wherever_there_is_a_route),
	CHECK_TEST(a_field_that_is_wrong_is_named),
};

CHECK_MAIN(tests)
