/* buf: a growable run of bytes, NUL-terminated, that may hold NULs itself.
 *
 * A failed allocation is remembered in `failed` and makes every later call a no-op that returns -1,
 * so a caller may build a whole text and look at `failed` once, at the end. */
#ifndef PARLEY_BUF_H
#define PARLEY_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;  /* owned; NULL while nothing was ever added */
	size_t len;  /* bytes in use, without the terminating NUL */
	size_t cap;  /* bytes allocated */
	bool failed; /* an allocation failed: the contents are incomplete */
};

#define BUF_INIT { 0 }

void buf_init(struct buf *b);
/* Frees the memory; the buffer is as after buf_init. */
void buf_clear(struct buf *b);
/* Empties the buffer and keeps its memory, unless that is more than `keep` bytes. */
void buf_reset(struct buf *b, size_t keep);

/* Make room for `more` bytes beyond len. 0, or -1: out of memory. */
int buf_grow(struct buf *b, size_t more);
/* Append; 0, or -1: out of memory (the buffer then holds what it held before). */
int buf_add(struct buf *b, const void *bytes, size_t n);
int buf_addstr(struct buf *b, const char *s);
int buf_addch(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_addv(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* The contents as a C string, borrowed; "" when empty. */
const char *buf_str(const struct buf *b);
/* The contents, moved to the caller (who frees them); NULL when nothing was ever added. */
char *buf_detach(struct buf *b);

#endif
