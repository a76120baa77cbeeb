/* From tokens to applications. */
#include "tenant.h"

#include <stdlib.h>
#include <string.h>

#include "key.h"

static size_t slot_of(const char *token)
{
	char digits[9];

	/* random hex digits: any of them spread evenly */
	memcpy(digits, token + 24, 8);
	digits[8] = '\0';
	return strtoul(digits, NULL, 16) & (TENANT_SLOTS - 1);
}

static void remember(struct tenants *t, const char *token, uint64_t id)
{
	size_t at = slot_of(token);

	memcpy(t->slot[at].token, token, sizeof(t->slot[at].token));
	t->slot[at].id = id;
}

void tenant_note(struct tenants *t, struct redis *r, const char *token, uint64_t id)
{
	char key[KEY_MAX];
	struct redis_call c;

	redis_command(&c, "SET");
	redis_arg(&c, key_token(key, token));
	redis_arg_number(&c, (int64_t)id);
	redis_send(r, &c, NULL, NULL);
	remember(t, token, id);
}

static int ask_database(struct db *db, const char *token, uint64_t *id, struct err *e)
{
	const struct db_value at[] = { DB_BYTES(token, 32) };
	int rc = db_row(db, DB_APPLICATION_BY_TOKEN, at, 1, e);

	if (rc < 1)
		return rc;
	*id = db_number(db, 0);
	db_done(db);
	return 1;
}

int tenant_find(struct tenants *t, struct redis *r, struct db *db, const char *token, uint64_t *id,
		struct err *e)
{
	size_t at = slot_of(token);
	char key[KEY_MAX];
	int rc;

	if (t->slot[at].id && !memcmp(t->slot[at].token, token, 32)) {
		*id = t->slot[at].id;
		return 1;
	}
	rc = redis_get_number(r, key_token(key, token), id, NULL);
	if (rc == 1) {
		remember(t, token, *id);
		return 1;
	}
	rc = ask_database(db, token, id, e);
	if (rc == 1)
		tenant_note(t, r, token, *id);
	return rc;
}
