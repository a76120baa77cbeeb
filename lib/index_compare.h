/* index_compare: is what an index of Elasticsearch has what MySQL has?
 *
 * Of every thousand numbers of a chat both tell how many messages there are, and the sum of their checks
 * (lib/document.h). Where that differs, each message is looked at, twice: Elasticsearch first, then MySQL,
 * then the outbox. What is in the outbox is no difference; and what both looks find alike is none that
 * just went by. */
#ifndef PARLEY_INDEX_COMPARE_H
#define PARLEY_INDEX_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "db.h"
#include "index_read.h"
#include "progress.h"

struct compare_finding {
	uint64_t chat;
	uint32_t number;
	bool living;      /* in MySQL, with */
	uint32_t version;
	bool found;       /* in Elasticsearch, with */
	uint64_t there;   /* this version, and perhaps another check */
};

/* The version with which the outbox has to have it, so that it is put right. */
uint32_t compare_version(const struct compare_finding *f);

struct index_compare {
	struct db *db;       /* borrowed */
	struct index_source index;
	int (*found)(void *arg, const struct compare_finding *f, struct err *e); /* 0 or -1 */
	void *arg;
	struct progress *progress; /* of chats; may be NULL */
	uint64_t windows;    /* that are compared with one question, about; 0: as many as to begin with */
	/* the outcome */
	uint64_t documents;  /* that Elasticsearch has, as far as was looked */
	struct buf ours, theirs, before, after, numbers; /* at work; owned */
};

void index_compare_clear(struct index_compare *c);
/* Compares some chats behind *chat, up to `upto`, and moves *chat on to the last of them. Chats that are
 * deleted are left out: purge comes to them. 1: there may be more; 0: these were the last; -1 with *e. */
int index_compare_some(struct index_compare *c, uint64_t *chat, uint64_t upto, struct err *e);
/* Looks at some chats that Elasticsearch has, behind *chat in an order of its own (0: from the first), for those
 * that are gone. 1, 0 or -1 likewise. */
int index_compare_gone(struct index_compare *c, uint64_t *chat, struct err *e);
/* One by one: messages from..to of a chat. 0 or -1. */
int index_compare_numbers(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e);

#endif
