/* indexer: tells Elasticsearch what the outbox has, in batches, under the lock of search_index.
 *
 * A batch: the oldest rows, their messages as they are now, one `_bulk` to the index that searches use and to
 * the one that is being built. After one batch, or some in a row while more wait, a refresh of both; then the
 * rows go, all with one COMMIT. Whatever breaks off in between is begun again: telling the same twice does
 * no harm. */
#ifndef PARLEY_INDEXER_H
#define PARLEY_INDEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "bulk.h"
#include "db.h"
#include "elastic.h"
#include "outbox.h"
#include "search_state.h"

/* What a run ended in; all zero before the first. */
struct indexer_report {
	uint64_t rows;     /* of the outbox that were read */
	uint64_t indexed, deleted; /* messages that Elasticsearch has taken */
	uint64_t again;    /* messages that are to be told once more: see bulk_state */
	uint64_t raised;   /* messages for which Elasticsearch had a higher version */
	uint64_t refused;  /* messages that were set aside */
	uint64_t refused_chat; /* the first of them */
	uint32_t refused_number;
	char why[BULK_WHY];
	bool more;         /* there is more in the outbox */
	bool lost;         /* the index that searches used is gone; a new one was asked for */
	bool lost_building;
	bool led_back;     /* its alias was gone, and leads to it again */
	bool old_mapping;  /* the index has a mapping that is older than these programs */
};

struct indexer {
	struct db *db;      /* borrowed; of DB_ROLE_INDEX: it is idle while Elasticsearch works */
	struct elastic *el; /* borrowed */
	struct bulk bulk;
	struct outbox_batch batch;
	uint64_t most;      /* rows of the next batch: few after a failure, then more and more */
	bool careful;       /* they are not that big again yet: each batch stands alone */
	int64_t look_ms;    /* clock_mono_ms from which on the alias is looked at although nothing waits */
	struct indexer_report report;
};

enum indexer_result {
	INDEXER_BUSY, /* somebody else holds the lock */
	INDEXER_IDLE, /* nothing waits, or there is no index to tell it to */
	INDEXER_TOLD  /* see the report */
};

void indexer_init(struct indexer *x, struct db *db, struct elastic *el);
void indexer_clear(struct indexer *x);
/* One or some batches, for about a second. An indexer_result, or -1 with *e: ERR_ELASTIC, ERR_DB…, ERR_MEMORY; what Elasticsearch has taken
 * before it said "not now" to the rest is in the report, and is done. */
int indexer_run(struct indexer *x, struct err *e);

#endif
