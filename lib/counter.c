/* Counters of applications and chats. */
#include "counter.h"

char *counter_key(char out[KEY_MAX], uint64_t id)
{
	return id < KEY_APPLICATION_LIMIT ? key_chat_counter(out, id) : key_message_counter(out, id);
}

int counter_raise(struct redis *r, uint64_t id, uint64_t floor, int64_t *now, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	redis_script(&c, REDIS_SCRIPT_RAISE);
	redis_compared_only(&c);
	redis_key(&c, counter_key(key, id));
	redis_key(&c, key_gone(key, id));
	redis_arg_number(&c, (int64_t)floor);
	redis_arg(&c, "");
	return redis_send_number(r, &c, now, e);
}
