/* Bytes as text. */
#include "base64.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

int base64_encode(struct buf *out, const void *bytes, size_t n)
{
	int len;

	if (n > INT_MAX / 2 || buf_grow(out, n / 3 * 4 + 5)) {
		out->failed = true;
		return -1;
	}
	len = EVP_EncodeBlock((unsigned char *)out->data + out->len, bytes, (int)n);
	out->len += (size_t)len;
	return 0;
}

int base64_decode(struct buf *out, const char *text, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t padding = 0, i;
	int len;

	if (n % 4 || n > INT_MAX / 2)
		return 0;
	while (padding < 2 && padding < n && text[n - 1 - padding] == '=')
		padding++;
	/* libcrypto's own takes white space and more */
	for (i = 0; i < n - padding; i++)
		if (!text[i] || !strchr(digits, text[i]))
			return 0;
	if (buf_grow(out, n / 4 * 3 + 1))
		return -1;
	len = EVP_DecodeBlock((unsigned char *)out->data + out->len, (const unsigned char *)text, (int)n);
	if (len < 0)
		return 0;
	out->len += (size_t)len - padding;
	out->data[out->len] = '\0';
	return 1;
}
