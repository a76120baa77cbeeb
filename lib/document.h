/* document: a message as Elasticsearch has it, and the index that holds such documents.
 *
 * Nothing of a document is kept but what is needed to find it: its text is read from MySQL. The index
 * knows no analyzer of ours: grams are cut here, on the folded text (lib/fold.h) into which a mark was
 * put wherever a word begins or ends (lib/text.h says what makes words):
 *
 *   g3    every window of three code points, in order; a text of three code points and more is in the
 *         message where its windows stand one behind the other, so a phrase of them is exact
 *   g12   the set of its single code points and pairs, for shorter texts
 *   check what tells whether the document is that of a row: see document_check
 *
 * With the marks, the same field answers for whole words and beginnings: "|word|", "|word", "word". */
#ifndef PARLEY_DOCUMENT_H
#define PARLEY_DOCUMENT_H

#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "fold.h"

#define DOCUMENT_MAPPING 1 /* level of document_index; in the index's _meta.mapping */
#define DOCUMENT_ID 40     /* "<chat>-<number>" and its NUL */

/* The body of PUT /<index>: settings and mapping. Borrowed. */
const char *document_index(void);
/* A message's _id. Returns `id`. */
char *document_id(char id[DOCUMENT_ID], uint64_t chat, uint32_t number);
/* A checksum of a message's number and version, below 2^32: what the index and MySQL have of a range of
 * numbers is the same when there are as many and the sums of these are equal. MySQL's
 * CRC32(CONCAT(number, '-', version)) is the same. */
uint32_t document_check(uint32_t number, uint32_t version);
/* Appends the document as JSON, in one line, without its end. `body` is UTF-8. 0 or -1: ERR_MEMORY. */
int document_write(struct buf *out, struct fold *f, uint64_t chat, uint32_t number, uint32_t version,
		   const char *body, size_t len, struct err *e);

#endif
