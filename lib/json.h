/* json: strict RFC 8259 texts. A text is checked once, as a whole; what it holds is then read in
 * place, as slices of it. Strings are written by json-c.
 *
 * The check stands in front of json-c because json-c 0.16 takes lone surrogates, NaN, `1.`, raw
 * control characters, invalid UTF-8 and duplicate keys, and makes 36 MB of 1 MiB of `[0,0,…`. */
#ifndef PARLEY_JSON_H
#define PARLEY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* This many arrays and objects may be open at once. */
#define JSON_DEPTH 32

/* One value of a checked text, without the white space around it. */
struct json {
	const char *at; /* borrowed: lives as long as the text; NULL when absent */
	size_t len;     /* bytes; 0 = absent */
};

enum json_kind {
	JSON_ABSENT,
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* Is the text exactly one JSON value, white space around it allowed? Then *root is that value and 0
 * is returned; else -1, and *root is as it was. ERR_INVALID: malformed, nested deeper than
 * JSON_DEPTH, a key twice in one object (compared after unescaping), NaN or Infinity, a raw control
 * character, invalid UTF-8, a lone surrogate, a byte order mark, nothing at all, bytes left over,
 * or more than 4 GiB; the text says which and at which byte (the first is byte 0). ERR_MEMORY.
 * Takes O(n log n) time and 16 to 40 bytes of memory per key of the objects open at once. */
int json_check(const char *text, size_t len, struct json *root, struct err *e);

/* The functions below take slices that json_check has made, or parts of those, or absent ones. */
enum json_kind json_kind(struct json value);
/* The member called `key` (UTF-8, compared after unescaping); absent when there is none or when
 * `object` is no object. */
struct json json_member(struct json object, const char *key);
/* The item at `index`, from 0; absent when there is none or when `array` is no array. Walks the
 * array: O(length of the text). */
struct json json_item(struct json array, size_t index);
/* How many items or members; 0 for any other kind. */
size_t json_count(struct json array_or_object);

/* Walk an array or object: *at is 1 before the first call and is moved on. Gives the next item, or in
 * turn the next key and its value; absent behind the last one, and in anything else. */
struct json json_next(struct json array_or_object, size_t *at);
/* Is `string` a string that, unescaped, equals the `len` bytes at text? */
bool json_equals(struct json string, const char *text, size_t len);

/* Append the decoded bytes of a string, which may contain NUL (from \u0000). 0, or -1 with
 * ERR_INVALID (not a string) or ERR_MEMORY; `out` then holds what it held before. */
int json_string(struct json value, struct buf *out, struct err *e);
/* True, and *out set, only for a number written as a canonical non-negative integer (no sign,
 * fraction or exponent) that fits. */
bool json_u64(struct json value, uint64_t *out);
/* True, and *out set, for a number that is finite as a double and is written with at most 511
 * characters. */
bool json_double(struct json value, double *out);

/* Append text (valid UTF-8, NULs allowed) as a JSON string, with its quotes. 0, or -1: out of
 * memory (`out` then holds what it held before, and is marked as failed). */
int json_quote(struct buf *out, const char *text, size_t len);

#endif
