/* difference: what `queue verify` finds and `queue repair` mends. */
#ifndef PARLEY_DIFFERENCE_H
#define PARLEY_DIFFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

/* In the order in which they are mended. */
enum difference_kind {
	DIFFERENCE_BEHIND,          /* queue_seq is behind what MySQL has seen, or missing */
	DIFFERENCE_COUNTER_LOW,     /* a counter is below a number that was given */
	DIFFERENCE_COUNTER_MISSING, /* a living application or chat has no counter */
	DIFFERENCE_COUNTER_LEFT,    /* a deleted one has one */
	DIFFERENCE_LEFTOVER,        /* a purged one has rows below it that purge removes */
	DIFFERENCE_ENTRY,           /* a job of retry, schedule or dead lacks what it needs there */
	DIFFERENCE_GAP,             /* numbers were given, and have neither a row nor a job that waits */
	DIFFERENCE_STORED,          /* messages_stored or chats_stored is not the number of rows */
	DIFFERENCE_COUNT,           /* messages_count or chats_count is not the number of living ones */
	DIFFERENCE_LAST,            /* the last number is below the highest row */
	DIFFERENCE_LOSS,            /* Redis went back once, and nobody has taken note */
	DIFFERENCE_NO_INDEX,        /* searches have no index, or one that this database has not filled */
	DIFFERENCE_REFUSED,         /* Elasticsearch has refused messages */
	DIFFERENCE_INDEX,           /* messages are in Elasticsearch otherwise than in MySQL, and not in the outbox */
	DIFFERENCE__MAX
};

/* "counter_low" */
const char *difference_name(enum difference_kind k);

struct difference {
	enum difference_kind kind;
	uint64_t id;         /* of the chat or application; of a loss; 0: of nothing that has one */
	char token[33];      /* the application's; "" where there is none */
	uint32_t chat;       /* its number; 0: not of a chat */
	uint32_t from, to;   /* a gap's ends, or those of messages that the index lacks */
	uint64_t missing;    /* how many numbers; fewer than from..to when it stands for several */
	uint64_t floor;      /* what a low counter has to be at least */
	bool there;          /* the chat or application has a row */
	char detail[240];    /* fit for a terminal */
};

/* Of which application and chat, ": ", what: "abc123 chat 4: counter is missing". No end of line. */
void difference_text(struct buf *out, const struct difference *d);
/* A JSON object. */
void difference_json(struct buf *out, const struct difference *d);

#endif
