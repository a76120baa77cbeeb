/* Whatever json_check accepts, json-c accepts too, and every string in it survives being decoded,
 * quoted, checked and decoded again. */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

/* Returns the decoded string. */
static struct buf string_survives(struct json value)
{
	struct buf text = BUF_INIT, quoted = BUF_INIT, again = BUF_INIT;
	struct json root;

	must(!json_string(value, &text, NULL));
	must(!json_quote(&quoted, buf_str(&text), text.len));
	must(!json_check(quoted.data, quoted.len, &root, NULL));
	must(root.at == quoted.data && root.len == quoted.len);
	must(!json_string(root, &again, NULL));
	must(again.len == text.len && !memcmp(buf_str(&again), buf_str(&text), text.len));
	buf_clear(&quoted);
	buf_clear(&again);
	return text;
}

/* Is the slice a JSON value by itself, the same one? */
static void slice_is_value(struct json value)
{
	struct json root;

	must(!json_check(value.at, value.len, &root, NULL));
	must(root.at == value.at && root.len == value.len);
}

static void number_is_number(struct json value)
{
	uint64_t u64;
	double number;

	if (json_u64(value, &u64)) {
		must(json_double(value, &number));
		must(number >= 0 && number <= 18446744073709551616.0);
	}
}

static void walk(struct json value)
{
	size_t n = json_count(value);

	slice_is_value(value);
	if (json_kind(value) == JSON_STRING) {
		struct buf text = string_survives(value);

		buf_clear(&text);
	} else if (json_kind(value) == JSON_NUMBER) {
		number_is_number(value);
	} else if (json_kind(value) == JSON_ARRAY) {
		/* json_item walks from the beginning each time */
		for (size_t i = 0; i < n && i < 50; i++)
			walk(json_item(value, i));
		must(!json_item(value, n).len);
	}
	must(!json_member(value, "no such key").len || json_kind(value) == JSON_OBJECT);
}

/* Every key that json-c finds leads to a value here too, except where json-c 0.16 reads it wrongly:
 * it cuts keys at U+0000 and turns some pairs of surrogates into U+FFFD. */
static void compare(struct json value, struct json_object *object, bool odd_keys)
{
	size_t members = 0;

	walk(value);
	if (!json_object_is_type(object, json_type_object)) {
		must(json_kind(value) != JSON_OBJECT);
		return;
	}
	must(json_kind(value) == JSON_OBJECT);
	json_object_object_foreach(object, key, member) {
		struct json found = json_member(value, key);

		members++;
		must(found.len || odd_keys);
		/* An odd key may lead to another member. */
		if (found.len && !odd_keys)
			compare(found, member, false);
	}
	must(odd_keys || members == json_count(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json root = { 0 };
	struct json_tokener *tokener;
	struct json_object *object;
	struct err e = ERR_INIT;

	if (json_check((const char *)data, size, &root, &e)) {
		must(e.code == ERR_INVALID && *e.text && !root.len);
		return 0;
	}
	tokener = json_tokener_new_ex(JSON_DEPTH + 2);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, root.at, (int)root.len);
	/* json-c waits for what follows a bare number or word. */
	must(json_tokener_get_error(tokener) == json_tokener_success ||
	     (json_tokener_get_error(tokener) == json_tokener_continue &&
	      json_kind(root) < JSON_STRING));
	compare(root, object, memmem(root.at, root.len, "\\u", 2) != NULL);
	json_object_put(object);
	json_tokener_free(tokener);
	return 0;
}
