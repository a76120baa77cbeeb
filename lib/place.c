/* Places of services, as a web page knows them. */
#include "place.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "origin.h"
#include "path.h"

static bool is_port(const char *text)
{
	uint32_t port;

	return *text == ':' && path_number(text + 1, strlen(text + 1), &port) && port <= 65535;
}

/* ("//host" would be another origin.) */
static bool is_path(const char *text)
{
	return *text == '/' && text[1] != '/' &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/")];
}

static bool is_address(const char *text)
{
	size_t len = origin_len(text);

	if (!len || (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0))
		return false;
	return !text[len] || is_path(text + len);
}

int place_check(const char *word, struct err *e)
{
	if (is_port(word) || is_path(word) || is_address(word))
		return 0;
	return err_set(e, ERR_INVALID,
		       "\"%.80s\" is neither :PORT, /path nor http://host:port/path", word);
}
