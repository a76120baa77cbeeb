/* entry: what a job needs to lie in `retry` or `dead`: a jid, why and when it failed. Sidekiq's pages
 * break without. */
#ifndef PARLEY_ENTRY_H
#define PARLEY_ENTRY_H

#include <stdbool.h>

#include "buf.h"
#include "job.h"

/* What is missing, or is no such thing: "no jid"; NULL: nothing. Of `schedule`, only the jid is asked. */
const char *entry_fault(const struct job *j, bool scheduled);
/* Appends the payload with what is missing added to it: `why` says what for. One that lacks nothing stays
 * as it is to the byte; what is no JSON object is wrapped into one ("class":"Unreadable"), base64.
 * 0 or -1: ERR_MEMORY. */
int entry_complete(const struct job *j, bool scheduled, const struct job_failure *why, struct buf *out,
		   struct err *e);

#endif
