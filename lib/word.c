/* The error words of our scripts. */
#include "word.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *word;
	int status;
	const char *problem;
} words[WORD__MAX] = {
	[WORD_NONE] = { "", 503, "sequential-numbering-unavailable" },
	[WORD_NOAPP] = { "NOAPP", 0, NULL },
	[WORD_NOCTR] = { "NOCTR", 0, NULL },
	[WORD_QFULL] = { "QFULL", 503, "queue-full" },
	[WORD_FULL] = { "FULL", 409, "number-space-full" },
};

enum word word_find(const char *text)
{
	size_t len = strcspn(text, " ");
	int w;

	for (w = WORD_NONE + 1; w < WORD__MAX; w++)
		if (strlen(words[w].word) == len && !memcmp(words[w].word, text, len))
			return (enum word)w;
	return WORD_NONE;
}

int word_status(enum word w)
{
	return words[w].status;
}

const char *word_problem(enum word w)
{
	return words[w].problem;
}
