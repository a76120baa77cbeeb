/* api: the full API. */
#include "groups.h"
#include "service.h"

static const struct route *const tables[] = {
	creating_routes, message_routes, chat_routes, application_routes, searching_routes,
	health_routes, api_ready_routes, metrics_routes, openapi_routes, problem_routes, NULL,
};

static int64_t processes(const struct conf *c)
{
	return c->api_processes;
}

int main(int argc, char **argv)
{
	static const struct service_kind kind = { "api", "The full API, a FastCGI program.", tables,
						  processes };

	return service_main(&kind, argc, argv);
}
