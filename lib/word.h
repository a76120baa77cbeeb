/* word: the error words of our scripts. One table: word -> HTTP status and problem type. */
#ifndef PARLEY_WORD_H
#define PARLEY_WORD_H

#include "err.h"

enum word {
	WORD_NONE,  /* no word of ours */
	WORD_NOAPP, /* the application's counter (or queue_seq) is missing: never was, deleted, or lost */
	WORD_NOCTR, /* the chat's counter is missing: likewise */
	WORD_QFULL, /* too much waits, or for too long (PARLEY_QUEUE_LIMIT, PARLEY_QUEUE_AGE_LIMIT_S) */
	WORD_FULL,  /* no number is left below 2^32 */
	WORD__MAX
};

/* The word an error text begins with ("QFULL queue too deep"). */
enum word word_find(const char *text);
/* The status that answers it; 0 for WORD_NOAPP and WORD_NOCTR, which MySQL decides upon. */
int word_status(enum word w);
/* The problem type that answers it (lib/problem.h); NULL where the status is 0. */
const char *word_problem(enum word w);

#endif
