/* insert CHAT-ID ROWS BYTES CONNECTIONS: the limit of what persist can reach: as many connections insert
 * rows into messages, 500 at a time, a transaction each, nothing else. The chats CHAT-ID and the ones
 * behind it, one for each connection, must be there. Prints {"rows":…,"seconds":…}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "job.h"
#include "key.h"

#define ROWS 500
#define VALUES 8

struct rows { /* of one statement */
	struct db_value value[ROWS * VALUES];
	unsigned char key[ROWS][JOB_KEY]; /* ascending, as jids are */
	char now[CLOCK_ISO];
};

static void fill(struct rows *r, uint64_t chat, uint64_t from, const char *body, size_t len)
{
	size_t i;

	clock_sql(clock_wall_us(), r->now);
	for (i = 0; i < ROWS; i++) {
		struct db_value *v = r->value + i * VALUES;

		memset(r->key[i], 0, JOB_KEY);
		snprintf((char *)r->key[i], JOB_KEY, "%05u%02u%08u",
			 (unsigned)key_chat_application(chat) % 100000, key_chat_number(chat) % 100,
			 (unsigned)(from + i) % 100000000);
		v[0] = (struct db_value)DB_U64(chat);
		v[1] = (struct db_value)DB_U64(from + i);
		v[2] = (struct db_value)DB_U64(1);
		v[3] = (struct db_value)DB_BYTES((const char *)r->key[i], JOB_KEY);
		v[4] = v[5] = (struct db_value)DB_STR(r->now);
		v[6] = (struct db_value)DB_NULL;
		v[7] = (struct db_value)DB_BYTES(body, len);
	}
}

static int insert(struct db *db, uint64_t chat, uint64_t rows, size_t bytes, struct err *e)
{
	struct rows *r = calloc(1, sizeof(*r));
	char *body = malloc(bytes + 1);
	uint64_t from;
	int rc = 0;

	if (!r || !body) {
		free(body);
		free(r);
		return err_memory(e);
	}
	memset(body, 'x', bytes);
	for (from = 1; !rc && from + ROWS <= rows + 1; from += ROWS) {
		fill(r, chat, from, body, bytes);
		rc = db_plain(db, DB_BEGIN, e) || db_run(db, DB_STORE_MESSAGES, r->value, ROWS, NULL, e) ||
				     db_plain(db, DB_COMMIT, e)
			     ? -1
			     : 0;
	}
	free(body);
	free(r);
	return rc;
}

static int connection(uint64_t chat, uint64_t rows, size_t bytes)
{
	struct conf conf = { 0 };
	struct err e = ERR_INIT;
	struct db db;

	if (conf_load(&conf, &e) || db_init(&db, &conf, DB_ROLE_JOB, NULL, &e) ||
	    insert(&db, chat, rows, bytes, &e)) {
		fprintf(stderr, "insert: %s\n", e.text);
		return 1;
	}
	db_clear(&db);
	conf_clear(&conf);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t chat, rows, i, n;
	int64_t began = clock_mono_ms();
	int status, failed = 0;

	if (argc != 5)
		return 2;
	chat = strtoull(argv[1], NULL, 10);
	rows = strtoull(argv[2], NULL, 10);
	n = strtoull(argv[4], NULL, 10);
	if (!n)
		return 2;
	for (i = 0; i < n; i++)
		if (!fork())
			_exit(connection(chat + i, rows / n, strtoull(argv[3], NULL, 10)));
	while (wait(&status) > 0)
		failed |= status;
	printf("{\"rows\":%llu,\"seconds\":%.3f}\n",
	       (unsigned long long)(rows / n / ROWS * ROWS * n),
	       (double)(clock_mono_ms() - began) / 1000);
	return failed != 0;
}
