/* Two lines, a list and an origin: what is listed is an origin, or "null" in "*"; and a list that is an
 * origin alone has itself. The second line is also what an Authorization header may be. */
#include "origin.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bearer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static bool is_one(const char *text)
{
	return *text && !strpbrk(text, ", \t*") && !origin_check(text, NULL);
}

static void check_origins(const char *list, const char *origin)
{
	struct err e = ERR_INIT;

	if (!origin_check(list, &e) && origin_listed(list, origin))
		must(is_one(origin) || (!strcmp(origin, "null") && strchr(list, '*')));
	must(origin_listed("*", origin) == (is_one(origin) || !strcmp(origin, "null")));
	must(!origin_listed("", origin));
}

/* Only a header that ends with the key, blanks aside, is right. */
static void check_bearer(const char *header)
{
	const char *key = strstr(header, "k3y");

	if (bearer_compare(header, "k3y") == BEARER_RIGHT)
		must(key && strspn(key + 3, " \t") == strlen(key + 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *list = malloc(size + 1), *origin;

	if (size)
		memcpy(list, data, size);
	list[size] = '\0';
	origin = strchr(list, '\n');
	if (origin) {
		*origin++ = '\0';
		check_origins(list, origin);
		check_bearer(origin);
	}
	free(list);
	return 0;
}
