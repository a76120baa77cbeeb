/* utf8: questions about UTF-8 texts, which may contain NULs. */
#ifndef PARLEY_UTF8_H
#define PARLEY_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8? No overlong forms, no surrogates, nothing above U+10FFFF. */
bool utf8_valid(const char *s, size_t n);
/* How many code points valid text has. */
size_t utf8_length(const char *s, size_t n);
/* Has this code point the property White_Space? */
bool utf8_white(int32_t point);
/* Empty, or only code points with the property White_Space? Invalid text is not blank. */
bool utf8_blank(const char *s, size_t n);
/* The length in bytes of the longest prefix of valid text that has at most `most` bytes and ends at
 * a code point's boundary. */
size_t utf8_cut(const char *s, size_t n, size_t most);

#endif
