/* key: the ids, and the name of every Redis key (doc/queues.md tells each key's life).
 *
 * An application's id is below 2^21, a number below 2^32, so a chat's id
 * (application id * 2^32 + number) is below 2^53: exact in JSON, JavaScript and Lua. */
#ifndef PARLEY_KEY_H
#define PARLEY_KEY_H

#include <stdbool.h>
#include <stdint.h>

#define KEY_APPLICATION_LIMIT (UINT64_C(1) << 21) /* ids are below this */
#define KEY_NUMBER_MAX UINT64_C(4294967295)
#define KEY_POSITION_MAX (UINT64_C(1) << 53) /* where a list may be asked to begin */

uint64_t key_chat_id(uint64_t application, uint32_t number);
uint64_t key_chat_application(uint64_t chat);
uint32_t key_chat_number(uint64_t chat);
/* Could this be a chat's id: application and number both within bounds, neither 0? */
bool key_chat_valid(uint64_t chat);

#define KEY_MAX 160 /* bytes that any key needs, its NUL included */

#define KEY_QUEUES "queues"
#define KEY_QUEUE_SEQ "queue_seq"
#define KEY_BACKLOG "backlog"
#define KEY_INFLIGHT "inflight"
#define KEY_RECOVERING "recovering"
#define KEY_DOCTOR "doctor"
#define KEY_RETRY "retry"
#define KEY_SCHEDULE "schedule"
#define KEY_DEAD "dead"
#define KEY_MESSAGE_COUNTERS "chat:*:message_counter" /* a pattern: those of all chats */
#define KEY_PROCESSED "stat:processed"
#define KEY_FAILED "stat:failed"

/* Seconds that gone:<id> is kept: longer than any heal; afterwards MySQL's tombstone says the same. */
#define KEY_GONE_KEEP_S 86400

/* Each fills `out` and returns it. */
char *key_chat_counter(char out[KEY_MAX], uint64_t application);
char *key_message_counter(char out[KEY_MAX], uint64_t chat);
char *key_token(char out[KEY_MAX], const char *token);
char *key_gone(char out[KEY_MAX], uint64_t id);
char *key_heal(char out[KEY_MAX], uint64_t id);
char *key_queue(char out[KEY_MAX], const char *queue);
/* `slot` is "<node>:<number>" */
char *key_inflight(char out[KEY_MAX], const char *queue, const char *slot);
char *key_lease(char out[KEY_MAX], const char *queue, const char *slot);
char *key_suspects(char out[KEY_MAX], const char *queue);
/* "stat:processed:2026-11-24" */
char *key_stat_day(char out[KEY_MAX], const char *stat, int64_t wall_us);
char *key_pending(char out[KEY_MAX], const char *job_class, uint64_t id);
char *key_recovered(char out[KEY_MAX], const char *run_id, const char *replid);
/* The parts of an in-flight list's name: queue and slot, both at least KEY_MAX bytes.
 * False when it is no such name. */
bool key_split_inflight(const char *inflight, char *queue, char *slot);
/* The chat whose counter this is. False when it is no such key. */
bool key_read_message_counter(const char *key, uint64_t *chat);

#endif
