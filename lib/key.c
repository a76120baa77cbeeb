/* Ids and the names of Redis keys. */
#include "key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

uint64_t key_chat_id(uint64_t application, uint32_t number)
{
	return application << 32 | number;
}

uint64_t key_chat_application(uint64_t chat)
{
	return chat >> 32;
}

uint32_t key_chat_number(uint64_t chat)
{
	return (uint32_t)chat;
}

bool key_chat_valid(uint64_t chat)
{
	return (chat >> 32) > 0 && (chat >> 32) < KEY_APPLICATION_LIMIT && (uint32_t)chat > 0;
}

#define KEY(out, ...) (snprintf(out, KEY_MAX, __VA_ARGS__), out)
#define LLU(id) ((unsigned long long)(id))

char *key_chat_counter(char out[KEY_MAX], uint64_t application)
{
	return KEY(out, "chat_app:%llu:chat_counter", LLU(application));
}

char *key_message_counter(char out[KEY_MAX], uint64_t chat)
{
	return KEY(out, "chat:%llu:message_counter", LLU(chat));
}

char *key_token(char out[KEY_MAX], const char *token)
{
	return KEY(out, "chat_app:token:%.32s", token);
}

char *key_gone(char out[KEY_MAX], uint64_t id)
{
	return KEY(out, "gone:%llu", LLU(id));
}

char *key_heal(char out[KEY_MAX], uint64_t id)
{
	return KEY(out, "heal:%llu", LLU(id));
}

char *key_queue(char out[KEY_MAX], const char *queue)
{
	return KEY(out, "queue:%s", queue);
}

char *key_inflight(char out[KEY_MAX], const char *queue, const char *slot)
{
	return KEY(out, "inflight:%s:%s", queue, slot);
}

char *key_lease(char out[KEY_MAX], const char *queue, const char *slot)
{
	return KEY(out, "lease:%s:%s", queue, slot);
}

char *key_suspects(char out[KEY_MAX], const char *queue)
{
	return KEY(out, "suspects:%s", queue);
}

char *key_stat_day(char out[KEY_MAX], const char *stat, int64_t wall_us)
{
	char now[CLOCK_ISO];

	clock_iso(wall_us, now);
	return KEY(out, "%s:%.10s", stat, now);
}

char *key_pending(char out[KEY_MAX], const char *job_class, uint64_t id)
{
	return KEY(out, "pending:%s:%llu", job_class, LLU(id));
}

char *key_recovered(char out[KEY_MAX], const char *run_id, const char *replid)
{
	return KEY(out, "recovered:%.64s:%.64s", run_id, replid);
}

bool key_split_inflight(const char *inflight, char *queue, char *slot)
{
	static const char prefix[] = "inflight:";
	const char *name = inflight + sizeof(prefix) - 1, *colon;

	if (strncmp(inflight, prefix, sizeof(prefix) - 1) != 0 || strlen(inflight) >= KEY_MAX)
		return false;
	colon = strchr(name, ':');
	if (!colon || colon == name || !colon[1])
		return false;
	memcpy(queue, name, (size_t)(colon - name));
	queue[colon - name] = '\0';
	memcpy(slot, colon + 1, strlen(colon + 1) + 1);
	return true;
}

bool key_read_message_counter(const char *key, uint64_t *chat)
{
	char again[KEY_MAX];

	if (strncmp(key, "chat:", 5) != 0)
		return false;
	*chat = strtoull(key + 5, NULL, 10);
	return key_chat_valid(*chat) && !strcmp(key, key_message_counter(again, *chat));
}
