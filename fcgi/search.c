/* search: searching, in processes of its own, so that long searches hold up nothing else. */
#include "groups.h"
#include "service.h"

static const struct route *const tables[] = { searching_routes, NULL };

static int64_t processes(const struct conf *c)
{
	return c->search_processes;
}

int main(int argc, char **argv)
{
	static const struct service_kind kind = { "search", "Search, a FastCGI program.", tables,
						  processes };

	return service_main(&kind, argc, argv);
}
