/* jobline: a job of a zset as a line of text, and back, to the byte.
 *
 *   {"place":"dead","score":1795560953.104305,"job":{…the payload as it is…}}
 *   {"place":"dead","score":1795560953.104305,"base64":"…"}     a payload that is no job, or not so in a line
 */
#ifndef PARLEY_JOBLINE_H
#define PARLEY_JOBLINE_H

#include "buf.h"
#include "err.h"
#include "json.h"

/* Appends the line, with its end. 0 or -1: ERR_MEMORY. */
int jobline_write(struct buf *out, const char *place, const char *score, const char *text, size_t len,
		  struct err *e);

struct jobline {
	char place[16];
	struct buf score;   /* as Redis takes it; owned */
	struct buf payload; /* owned */
};

/* Reads a line without its end. 0, or -1: ERR_INVALID (the text says what is wrong), ERR_MEMORY.
 * jobline_clear it in any case. */
int jobline_read(struct jobline *l, const char *line, size_t len, struct err *e);
void jobline_clear(struct jobline *l);

#endif
