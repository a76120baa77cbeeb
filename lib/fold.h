/* fold: a text as search compares it.
 *
 * Two texts are the same for search when they fold to the same bytes. Folding does, in this order:
 *
 *   white space   every run of it (property White_Space) is one space
 *   invisibles    default ignorable code points are left out (soft hyphen, ZWJ and ZWNJ, direction
 *                 marks, variation selectors, BOM), but for the tags that tell flags apart; so is
 *                 the Arabic tatweel, which only stretches a word
 *   NFKD          full width, half width, ligatures, superscripts, Roman numerals … become plain;
 *                 what would become a space with an accent on it (´ ¨ ¯) stays as it is
 *   accents       nonspacing marks are left out: é is e, й is и, ё is е, ά is α, אָ is א, بَ is ب
 *                 … but not where marks are letters or make other letters: the vowel signs, viramas
 *                 and tone marks of the scripts of India, of Thai, Lao, Tibetan, Burmese, Khmer and
 *                 so on, the vowels of Thaana, and the Japanese voicing marks: が is not か. The nukta
 *                 is an accent (फ़ोन and फोन are both written). Marks that are kept stand in canonical
 *                 order
 *   case          full Unicode case folding: ß is ss, ς is σ
 *   letters       ø o, đ ð d, ł l, ħ h, ŧ t, ı i, æ ae, œ oe, þ th: strokes and ligatures that
 *                 Unicode does not take apart
 *
 * Hangul is compared by its jamo, so that 하, which one has typed on the way to 한, finds it. */
#ifndef PARLEY_FOLD_H
#define PARLEY_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define FOLD_KEPT 2048   /* a power of two */
#define FOLD_KEPT_BYTES 10

struct fold_entry { /* what a code point folds to */
	int32_t point;
	uint8_t len;
	bool marks; /* it begins with a mark, which has to find its place among those before it */
	char bytes[FOLD_KEPT_BYTES];
};

/* Code points that were folded before. All zero is empty; nothing to free. */
struct fold {
	struct fold_entry kept[FOLD_KEPT];
};

/* Appends the folded text to `out`. Valid UTF-8 stays valid UTF-8; a byte that is none stays as it is.
 * `map` may be NULL; else a uint32_t for each appended byte is appended to it: the offset in the
 * original of the code point that the byte comes from, never falling. The text is at most 4 GiB.
 * 0, or -1: out of memory (`out` or `map` is marked as failed). */
int fold_text(struct fold *f, const char *text, size_t len, struct buf *out, struct buf *map);

#endif
