/* Folds texts, with the properties of libutf8proc. */
#include "fold.h"

#include <string.h>
#include <utf8proc.h>

#include "utf8.h"

#define POINTS_MAX 32 /* of one code point; U+FDFA has 18 */
#define SPARE 16     /* bytes: more than one code point adds to its own length where it is kept */
#define MARKS_MAX 30  /* that are put in order behind one letter (UAX #15, stream-safe text) */

struct range {
	int32_t first, last;
};

static bool is_in(const struct range *ranges, size_t n, int32_t point)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

#define IS_IN(ranges, point) is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), point)

/* ------------------------------------------------------------------ one code point */

/* Scripts whose nonspacing marks are vowels, viramas, tones: no accents. */
static const struct range lettering[] = {
	{ 0x07A6, 0x07B0 },   /* Thaana */
	{ 0x0900, 0x109F },   /* Devanagari to Sinhala, Thai, Lao, Tibetan, Burmese */
	{ 0x1700, 0x17DF },   /* scripts of the Philippines, Khmer */
	{ 0x1920, 0x1AAF },   /* Limbu, Buginese, Tai Tham */
	{ 0x1B00, 0x1C7F },   /* Balinese, Sundanese, Batak, Lepcha */
	{ 0x3099, 0x309A },   /* Japanese voicing */
	{ 0xA800, 0xABFF },   /* Syloti Nagri, Javanese, Cham, Tai Viet, Meetei Mayek */
	{ 0x10A00, 0x10A3F }, /* Kharoshthi */
	{ 0x11000, 0x11FFF }, /* Brahmi and what came of it */
};

/* … but these are. */
static const struct range accents[] = {
	{ 0x093C, 0x093C }, { 0x09BC, 0x09BC }, { 0x0A3C, 0x0A3C }, { 0x0ABC, 0x0ABC },
	{ 0x0B3C, 0x0B3C }, { 0x0C3C, 0x0C3C }, { 0x0CBC, 0x0CBC }, /* nuktas */
	{ 0x0951, 0x0954 },                                         /* Vedic accents */
};

static bool is_tag(int32_t point)
{
	return point >= 0xE0020 && point <= 0xE007F;
}

static bool is_dropped(int32_t point)
{
	const utf8proc_property_t *p = utf8proc_get_property(point);

	if (point == 0x0640) /* tatweel */
		return true;
	if (p->ignorable)
		return !is_tag(point);
	if (p->category != UTF8PROC_CATEGORY_MN)
		return false;
	return !IS_IN(lettering, point) || IS_IN(accents, point);
}

static const struct {
	int32_t from;
	char to[3];
} letters[] = {
	{ 0x00E6, "ae" }, { 0x00F0, "d" }, { 0x00F8, "o" },  { 0x00FE, "th" }, { 0x0111, "d" },
	{ 0x0127, "h" },  { 0x0131, "i" }, { 0x0142, "l" },  { 0x0153, "oe" }, { 0x0167, "t" },
	{ 0x0180, "b" },  { 0x01B6, "z" }, { 0x01E5, "g" },  { 0x0268, "i" },  { 0x0289, "u" },
};

static size_t put_letter(int32_t point, int32_t *out)
{
	size_t i, k;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].from != point)
			continue;
		for (k = 0; letters[i].to[k]; k++)
			out[k] = (unsigned char)letters[i].to[k];
		return k;
	}
	*out = point;
	return 1;
}

static size_t take_apart(int32_t point, int options, int32_t *out)
{
	int last = UTF8PROC_BOUNDCLASS_START;
	utf8proc_ssize_t n = utf8proc_decompose_char(point, out, POINTS_MAX,
						     (utf8proc_option_t)options, &last);

	if (n > 0 && n <= POINTS_MAX)
		return (size_t)n;
	*out = point;
	return 1;
}

/* か and a voicing mark are が. 0: they do not combine. */
static int32_t voiced(int32_t letter, int32_t mark)
{
	utf8proc_int32_t pair[] = { letter, mark };

	if (mark != 0x3099 && mark != 0x309A)
		return 0;
	return utf8proc_normalize_utf32(pair, 2, UTF8PROC_COMPOSE | UTF8PROC_STABLE) == 1 ? pair[0]
										      : 0;
}

/* The case of a code point that NFKD has made. */
static size_t fold_case(int32_t point, int32_t *out)
{
	int32_t cased[POINTS_MAX];
	size_t n = take_apart(point, UTF8PROC_CASEFOLD, cased), i, put = 0;

	for (i = 0; i < n; i++)
		put += put_letter(cased[i], out + put);
	return put;
}

/* What a code point that is no white space folds to. */
static size_t fold_point(int32_t point, int32_t *out)
{
	int32_t parts[POINTS_MAX], both;
	size_t n = take_apart(point, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, parts), i, put = 0;

	if (*parts == ' ') /* a space with an accent */
		n = take_apart(point, UTF8PROC_DECOMPOSE, parts);
	for (i = 0; i < n; i++) {
		if (is_dropped(parts[i]))
			continue;
		both = put ? voiced(out[put - 1], parts[i]) : 0;
		if (both)
			out[put - 1] = both;
		else
			put += fold_case(parts[i], out + put);
	}
	return put;
}

static int mark_class(int32_t point)
{
	return utf8proc_get_property(point)->combining_class;
}

static void make_entry(struct fold_entry *e, int32_t point, char *bytes)
{
	int32_t points[3 * POINTS_MAX];
	size_t n = fold_point(point, points), i, len = 0;

	for (i = 0; i < n; i++)
		len += (size_t)utf8proc_encode_char(points[i],
						    (utf8proc_uint8_t *)bytes + len);
	e->point = point;
	e->len = (uint8_t)len;
	e->marks = n && mark_class(*points) > 0;
	if (len <= FOLD_KEPT_BYTES)
		memcpy(e->bytes, bytes, len);
	else
		e->point = 0; /* too long to be kept */
}

/* ------------------------------------------------------------------ a text */

struct folding {
	struct fold *fold;
	const unsigned char *text;
	size_t len, at;
	struct buf *out, *map;
	size_t begin; /* of what is ours in `out` */
};

/* What ASCII folds to; a space for all that is white. */
#define SAME8(c) (c), (c) + 1, (c) + 2, (c) + 3, (c) + 4, (c) + 5, (c) + 6, (c) + 7
static const char ascii[128] = {
	SAME8(0),  8,	      ' ',	  ' ',	      ' ',	' ', ' ', 14, 15, SAME8(16),
	SAME8(24), SAME8(32), SAME8(40), SAME8(48), SAME8(56),
	'@', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '[', '\\', ']', '^', '_',
	SAME8(96), SAME8(104), SAME8(112), SAME8(120),
};

static int note(struct folding *f, size_t bytes, size_t from)
{
	uint32_t offset = (uint32_t)from;
	size_t i;

	for (i = 0; i < bytes && f->map; i++)
		if (buf_add(f->map, &offset, sizeof(offset)))
			return -1;
	return 0;
}

static bool ends_white(const struct folding *f)
{
	return f->out->len > f->begin && f->out->data[f->out->len - 1] == ' ';
}

/* The code point of two or three bytes at s, and its length; 0: something else, or broken. (What is
 * left to be refused, surrogates, was never folded.) */
static size_t decode_short(const unsigned char *s, size_t n, int32_t *point)
{
	if (n >= 2 && s[0] >= 0xC2 && s[0] <= 0xDF && (s[1] & 0xC0) == 0x80) {
		*point = (s[0] & 0x1F) << 6 | (s[1] & 0x3F);
		return 2;
	}
	if (n >= 3 && (s[0] & 0xF0) == 0xE0 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80) {
		*point = (s[0] & 0x0F) << 12 | (s[1] & 0x3F) << 6 | (s[2] & 0x3F);
		return *point >= 0x800 ? 3 : 0;
	}
	return 0;
}

/* What a code point that was folded before folds to, where it has just to be appended; or NULL. */
static const struct fold_entry *find_kept(const struct folding *f, size_t at, size_t *n)
{
	const struct fold_entry *e;
	int32_t point;

	*n = f->map ? 0 : decode_short(f->text + at, f->len - at, &point);
	if (!*n)
		return NULL;
	e = &f->fold->kept[(size_t)point % FOLD_KEPT];
	return e->point == point && !e->marks ? e : NULL;
}

/* As far as nothing has to be looked up: ASCII, and code points that were folded before. There is room
 * in `out` for what is left of the text, and SPARE bytes. */
static int fold_run(struct folding *f)
{
	char *to = f->out->data + f->out->len, *stop = f->out->data + f->out->cap - SPARE - f->len;
	bool white = ends_white(f);
	const unsigned char *s = f->text;
	const struct fold_entry *e;
	size_t at = f->at, n;

	for (; at < f->len; at += n) {
		n = 1;
		if (s[at] < 0x80) {
			if (ascii[s[at]] == ' ' && white)
				continue;
			if (f->map && note(f, 1, at))
				return -1;
			white = ascii[s[at]] == ' ';
			*to++ = ascii[s[at]];
			continue;
		}
		e = find_kept(f, at, &n);
		if (!e || to > stop + at)
			break;
		memcpy(to, e->bytes, FOLD_KEPT_BYTES);
		to += e->len;
		white = white && !e->len;
	}
	f->at = at;
	f->out->len = (size_t)(to - f->out->data);
	return 0;
}

static int append(struct folding *f, const char *bytes, size_t n, size_t from)
{
	return buf_add(f->out, bytes, n) || note(f, n, from) ? -1 : 0;
}

/* The code point that ends at `end` of what was folded; 0: there is none. */
static int32_t point_before(const struct folding *f, size_t end, size_t *start)
{
	const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)f->out->data;
	utf8proc_int32_t point;
	size_t at = end;

	while (at > f->begin && end - at < 4) {
		at--;
		if ((s[at] & 0xC0) != 0x80)
			break;
	}
	*start = at;
	if (at == end || utf8proc_iterate(s + at, (utf8proc_ssize_t)(end - at), &point) !=
				 (utf8proc_ssize_t)(end - at))
		return 0;
	return point;
}

/* From byte `start` of what was folded on, all comes from where that byte comes from. */
static void map_evenly(struct folding *f, size_t start)
{
	uint32_t *from;
	size_t n = f->out->len - start, i;

	if (!f->map || !n)
		return;
	from = (uint32_t *)(void *)f->map->data + f->map->len / sizeof(*from) - n;
	for (i = 1; i < n; i++)
		from[i] = from[0];
}

/* The letter that ends at `place` is replaced by its voiced form, which has as many bytes. */
static bool was_voiced(const struct folding *f, int32_t mark, size_t place)
{
	size_t start;
	int32_t letter = point_before(f, place, &start), both = letter ? voiced(letter, mark) : 0;

	if (both)
		utf8proc_encode_char(both, (utf8proc_uint8_t *)f->out->data + start);
	return both;
}

/* Where a mark goes: before those of a higher class at the end. */
static size_t place_of_mark(const struct folding *f, int32_t mark)
{
	size_t place = f->out->len, start;
	int class = mark_class(mark), passed;
	int32_t before;

	for (passed = 0; class && passed < MARKS_MAX; passed++) {
		before = point_before(f, place, &start);
		if (!before || mark_class(before) <= class)
			break;
		place = start;
	}
	return place;
}

static int append_mark(struct folding *f, int32_t mark, const char *bytes, size_t n, size_t from)
{
	size_t end = f->out->len, place = place_of_mark(f, mark);

	if (was_voiced(f, mark, place))
		return 0;
	if (append(f, bytes, n, from))
		return -1;
	if (place < end) {
		memmove(f->out->data + place + n, f->out->data + place, end - place);
		memcpy(f->out->data + place, bytes, n);
		map_evenly(f, place);
	}
	return 0;
}

static int append_marks(struct folding *f, const char *bytes, size_t len, size_t from)
{
	utf8proc_int32_t point;
	utf8proc_ssize_t n;

	for (; len; bytes += n, len -= (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)len, &point);
		if (append_mark(f, point, bytes, (size_t)n, from))
			return -1;
	}
	return 0;
}

static int append_white(struct folding *f, size_t from)
{
	return ends_white(f) ? 0 : append(f, " ", 1, from);
}

static int append_point(struct folding *f, int32_t point, size_t from)
{
	struct fold_entry *e = &f->fold->kept[(size_t)point % FOLD_KEPT], long_one;
	char made[4 * 3 * POINTS_MAX];
	const char *bytes = e->bytes;

	if (e->point != point) {
		if (utf8_white(point))
			return append_white(f, from);
		make_entry(&long_one, point, made);
		if (long_one.point)
			*e = long_one;
		else
			e = &long_one;
		bytes = made;
	}
	return e->marks ? append_marks(f, bytes, e->len, from) : append(f, bytes, e->len, from);
}

/* One code point beyond ASCII, or a byte that is no UTF-8. */
static int fold_other(struct folding *f)
{
	size_t from = f->at;
	utf8proc_int32_t point;
	utf8proc_ssize_t n = utf8proc_iterate(f->text + from, (utf8proc_ssize_t)(f->len - from),
					      &point);
	int rc;

	f->at += n > 0 ? (size_t)n : 1;
	rc = n > 0 ? append_point(f, point, from)
		   : append(f, (const char *)f->text + from, 1, from);
	return rc || buf_grow(f->out, f->len - f->at + SPARE) ? -1 : 0;
}

int fold_text(struct fold *f, const char *text, size_t len, struct buf *out, struct buf *map)
{
	struct folding state = { f, (const unsigned char *)text, len, 0, out, map, out->len };

	if (buf_grow(out, len + SPARE))
		return -1;
	while (state.at < len) {
		if (fold_run(&state))
			return -1;
		if (state.at < len && fold_other(&state))
			return -1;
	}
	out->data[out->len] = '\0';
	return 0;
}
