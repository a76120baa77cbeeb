/* Puts jobs among the dead. */
#include "bury.h"

#include "clock.h"
#include "entry.h"
#include "key.h"
#include "voids.h"

static int move(struct redis *r, const char *from, const char *to, const struct job *j,
		const struct buf *text, const char *score, struct err *e)
{
	struct redis_call c;
	int64_t moved;

	redis_script(&c, REDIS_SCRIPT_BURY);
	redis_compared_only(&c);
	redis_key(&c, from);
	redis_key(&c, to);
	redis_arg_bytes(&c, j->text, j->len);
	redis_arg_bytes(&c, buf_str(text), text->len);
	redis_arg(&c, score);
	return redis_send_number(r, &c, &moved, e) ? -1 : (int)moved;
}

int bury(struct redis *r, struct db *db, const char *zset, const struct job *j, struct err *e)
{
	const struct job_failure why = { "Killed", "given up by hand (queue kill)", clock_wall_us() };
	struct buf text = BUF_INIT;
	char now[CLOCK_SECONDS];
	int rc;

	clock_seconds(why.now_us, now);
	rc = voids_bury(r, db, j, e) || entry_complete(j, false, &why, &text, e)
		     ? -1
		     : move(r, zset, KEY_DEAD, j, &text, now, e);

	buf_clear(&text);
	return rc;
}

int bury_rewrite(struct redis *r, const char *zset, const struct job *j, const struct buf *text,
		 struct err *e)
{
	return move(r, zset, zset, j, text, "", e);
}
