/* text: when a message matches what is searched for, how well, and where. Every result of a search,
 * wherever it was found, goes through here.
 *
 * What is searched for is split at white space into terms; "in quotes", white space is part of a
 * term. A quote opens a term only at its beginning, and closes it only in front of white space or the
 * end; a quote without a partner, and two with nothing between them, are taken as typed, like any
 * other character. A body matches when, both folded (lib/fold.h), it contains every term. A term that
 * folds to nothing is contained in no body. */
#ifndef PARLEY_TEXT_H
#define PARLEY_TEXT_H

#include "buf.h"
#include "err.h"
#include "fold.h"

#define TEXT_TERMS_MAX 32
#define TEXT_QUERY_MAX 1000 /* code points */

/* How a term stands in a body, best first. Letters, marks and numbers make words; where a term itself
 * begins or ends with something else, nothing is asked there: in "C++20" "c++" is a whole word. */
enum text_class {
	TEXT_WORD,      /* it is not followed, nor preceded, by more of a word */
	TEXT_BEGINNING, /* it is not preceded */
	TEXT_INSIDE,
	TEXT_NONE       /* it is not there */
};

struct text_term {
	size_t at, len;                 /* in text_query.terms; a len of 0 is found nowhere */
	size_t period;                  /* it may stand again so many bytes behind itself, no sooner */
	bool word_begins, word_ends;    /* its first and its last code point make words */
};

struct text_query {
	struct buf terms; /* folded, one behind the other; owned */
	struct text_term term[TEXT_TERMS_MAX];
	size_t n;
	struct buf body, map, depths; /* of the message at hand; owned */
	struct fold fold;
};

/* Does this code point make words? */
bool text_makes_word(int32_t point);

/* Reads what is searched for (valid UTF-8). 0, or -1: ERR_INVALID (blank, more than TEXT_QUERY_MAX
 * code points or TEXT_TERMS_MAX terms; the text says which) or ERR_MEMORY. Clear it in any case. */
int text_query_init(struct text_query *q, const char *text, size_t len, struct err *e);
void text_query_clear(struct text_query *q);

/* Can a body match at all? Not when a term folds to nothing. */
bool text_query_possible(const struct text_query *q);
/* Sets *class to that of the term that stands worst in the body, TEXT_NONE when it does not match.
 * 0, or -1: ERR_MEMORY. */
int text_match(struct text_query *q, const char *body, size_t len, enum text_class *class,
	       struct err *e);
/* Appends the body with & < > " ' escaped and every place where a term stands in <em>…</em>; places
 * that touch are one. Characters as people see them (grapheme clusters) are never cut.
 * 0, or -1: ERR_MEMORY. */
int text_highlight(struct text_query *q, const char *body, size_t len, struct buf *out,
		   struct err *e);

#endif
