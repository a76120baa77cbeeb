/* base64: bytes that are no text, as text (RFC 4648, with padding, no line breaks). */
#ifndef PARLEY_BASE64_H
#define PARLEY_BASE64_H

#include "buf.h"

/* Append; 0, or -1: out of memory (`out` is marked as failed). */
int base64_encode(struct buf *out, const void *bytes, size_t n);
/* Appends what `text` stands for. 1; 0: it is no base64, nothing was appended; -1: out of memory. */
int base64_decode(struct buf *out, const char *text, size_t n);

#endif
