/* json_point: the code points inside a JSON string, for lib/json.c and lib/json_check.c only. */
#ifndef PARLEY_JSON_POINT_H
#define PARLEY_JSON_POINT_H

#include <stddef.h>
#include <stdint.h>

/* Four hexadecimal digits as a number, or -1. */
int32_t json_point_hex4(const char *s);
/* The next code point, unescaped; *s moves behind it. *s must be in a checked string. */
int32_t json_point_next(const char **s);
/* Compare two checked strings, given without their quotes, by code points: <0, 0, >0. */
int json_point_compare(const char *a, size_t a_len, const char *b, size_t b_len);

#endif
