/* Any answer to a _bulk of three either gives each operation a state, and a reason that is valid UTF-8, or
 * leaves all as they were. */
#include "bulk.h"

#include <stdlib.h>
#include <string.h>

#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void look(const struct bulk *b, bool read)
{
	size_t n, i;
	const struct bulk_op *op = bulk_ops(b, &n);

	must(n == 3);
	for (i = 0; i < n; i++) {
		const char *why = bulk_why(b, &op[i]);

		must(op[i].state < BULK_STATE__MAX && op[i].here == op[i].state);
		must(read || (op[i].state == BULK_DONE && !*why));
		must(strlen(why) < BULK_WHY && utf8_valid(why, strlen(why)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bulk b; /* its memory of folded characters is big */
	struct json reply;

	bulk_init(&b);
	must(!bulk_index(&b, 4294967297, 1, 1, "a", 1, NULL) && !bulk_delete(&b, 4294967297, 2, 1, NULL) &&
	     !bulk_index(&b, 4294967297, 3, 1, "", 0, NULL));
	if (!json_check((const char *)data, size, &reply, NULL))
		look(&b, !bulk_read(&b, 0, 3, reply, NULL));
	bulk_clear(&b);
	return 0;
}
