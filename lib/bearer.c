/* Bearer keys. */
#include "bearer.h"

#include <ctype.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>

#define SCHEME "Bearer"

/* Digests have one length, whatever the keys' are. */
static enum bearer compare(const char *given, size_t len, const char *key)
{
	unsigned char a[SHA256_DIGEST_LENGTH], b[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)given, len, a);
	SHA256((const unsigned char *)key, strlen(key), b);
	return CRYPTO_memcmp(a, b, sizeof(a)) ? BEARER_WRONG : BEARER_RIGHT;
}

enum bearer bearer_compare(const char *authorization, const char *key)
{
	size_t len = strlen(SCHEME);
	const char *given = authorization + len;

	if (strncasecmp(authorization, SCHEME, len) != 0 || (*given && *given != ' '))
		return BEARER_NONE;
	given += strspn(given, " ");
	len = strlen(given);
	while (len && strchr(" \t", given[len - 1]))
		len--;
	return compare(given, len, key);
}

int bearer_check_key(const char *key, struct err *e)
{
	for (; *key; key++)
		if (!isascii((unsigned char)*key) || !isgraph((unsigned char)*key))
			return err_set(e, ERR_INVALID,
				       "only visible ASCII characters, without white space");
	return 0;
}
