/* writer: the fast writer: creates chats and messages, nothing else. */
#include "groups.h"
#include "service.h"

static const struct route *const tables[] = {
	creating_routes, health_routes, writer_ready_routes, problem_routes, NULL,
};

static int64_t processes(const struct conf *c)
{
	return c->writer_processes;
}

int main(int argc, char **argv)
{
	static const struct service_kind kind = {
		"writer", "The fast writer of chats and messages, a FastCGI program.", tables, processes,
	};

	return service_main(&kind, argc, argv);
}
