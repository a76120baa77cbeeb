/* The second and the third look of verify. */
#include "verify_look.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "key.h"

#define RANGES_MAX 100 /* of gaps of one parent that are told one by one */
#define LLU(n) ((unsigned long long)(n))

struct suspect *look_suspects(const struct look *l, size_t *n)
{
	*n = l->suspects.len / sizeof(struct suspect);
	return (void *)l->suspects.data;
}

/* The second look remembers what it finds, the third tells what both have found. */
static int tell(struct look *l, struct difference *d, struct err *e)
{
	const uint64_t id = l->state->id, application = id < KEY_APPLICATION_LIMIT ? id : key_chat_application(id);
	uint32_t bit = UINT32_C(1) << d->kind;

	if (l->number == LOOK_SECOND) {
		l->suspect->kinds |= bit;
		return 0;
	}
	if (!(l->suspect->kinds & bit))
		return 0;
	if (verify_name(l->v, application, e))
		return -1;
	d->id = id;
	d->there = l->state->there;
	d->chat = id == application ? 0 : key_chat_number(id);
	memcpy(d->token, l->v->token, sizeof(d->token));
	return verify_found(l->v, d, e);
}

__attribute__((format(printf, 4, 5))) static int tell_of(struct look *l, struct difference d, struct err *e,
							 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d.detail, sizeof(d.detail), fmt, ap);
	va_end(ap);
	return tell(l, &d, e);
}

static void say_gap(struct difference *d, bool chats)
{
	const char *one = chats ? "message" : "chat";

	if (d->missing == 1)
		snprintf(d->detail, sizeof(d->detail), "%s %lu has no row and no waiting job", one, (unsigned long)d->from);
	else if (d->missing == (uint64_t)d->to - d->from + 1)
		snprintf(d->detail, sizeof(d->detail), "%ss %lu to %lu have no row and no waiting job", one,
			 (unsigned long)d->from, (unsigned long)d->to);
	else
		snprintf(d->detail, sizeof(d->detail), "%llu more %ss from %lu to %lu have no row and no waiting job",
			 LLU(d->missing), one, (unsigned long)d->from, (unsigned long)d->to);
}

static int gap(void *arg, uint32_t from, uint32_t to, struct err *e)
{
	struct look *l = arg;
	struct difference d = { .kind = DIFFERENCE_GAP, .from = from, .to = to,
				.missing = (uint64_t)to - from + 1 };

	if (l->number == LOOK_SECOND) {
		l->suspect->kinds |= UINT32_C(1) << DIFFERENCE_GAP;
		return 1;
	}
	if (l->ranges++ < RANGES_MAX) {
		say_gap(&d, parent_kind_of(l->state->id)->chats);
		return buf_add(&l->gaps, &d, sizeof(d)) ? err_memory(e) : 0;
	}
	if (!l->more.missing)
		l->more = d;
	else
		l->more.missing += d.missing;
	l->more.to = to;
	return 0;
}

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* While the snapshot is open, so nothing else may be asked of MySQL: what is found is kept in l->gaps. */
static int look_for_gaps(struct look *l, const struct parent_state *s, struct err *e)
{
	const struct parent_gaps g = { gap, l };
	uint64_t last = most(most(s->says.last, s->is.last), l->suspect->counter);

	if (!s->there || s->parent_gone || s->deleted || s->is.stored == last)
		return 0;
	return parent_gaps(l->v->db, s->id, 1, last, &l->waiting, false, &g, e);
}

static int tell_gap(struct look *l, const struct difference *d, struct err *e)
{
	struct difference one = *d;

	return tell(l, &one, e);
}

static int judge_tombstone(struct look *l, const struct parent_state *s, struct err *e)
{
	const struct parent_kind *k = parent_kind_of(s->id);
	const struct difference left = { .kind = DIFFERENCE_COUNTER_LEFT };
	const struct difference over = { .kind = DIFFERENCE_LEFTOVER };
	uint64_t rows = k->chats ? s->is.stored : s->is.living;

	if (s->counter_there && tell_of(l, left, e, "deleted, but its counter is there"))
		return -1;
	if (s->purged && rows)
		return tell_of(l, over, e, "purged, but %llu %s are left", LLU(rows), k->children);
	return 0;
}

static int judge_counter(struct look *l, const struct parent_state *s, struct err *e)
{
	struct difference d = { .kind = DIFFERENCE_COUNTER_LOW };

	d.floor = most(most(s->says.last, s->is.last), waiting_highest(&l->waiting, s->id));
	if (s->counter_there && s->counter < d.floor)
		return tell_of(l, d, e, "counter is %llu, but %llu was given", LLU(s->counter), LLU(d.floor));
	d.kind = DIFFERENCE_COUNTER_MISSING;
	return s->counter_there ? 0 : tell_of(l, d, e, "counter is missing");
}

static int judge_counts(struct look *l, const struct parent_state *s, struct err *e)
{
	const struct parent_kind *k = parent_kind_of(s->id);
	const struct {
		enum difference_kind kind;
		bool differs;
		const char *column, *what;
		uint64_t says, is;
	} counts[] = {
		{ DIFFERENCE_STORED, s->says.stored != s->is.stored, k->stored, "rows are", s->says.stored,
		  s->is.stored },
		{ DIFFERENCE_COUNT, s->says.living != s->is.living, k->living, "living rows are", s->says.living,
		  s->is.living },
		{ DIFFERENCE_LAST, s->says.last < s->is.last, k->last, "the highest row is", s->says.last,
		  s->is.last },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const struct difference d = { .kind = counts[i].kind };

		if (counts[i].differs && tell_of(l, d, e, "%s is %llu, %s %llu", counts[i].column,
						 LLU(counts[i].says), counts[i].what, LLU(counts[i].is)))
			return -1;
	}
	return 0;
}

/* A chat that has no row: it is queued, or it went with its application before it was stored. */
static int judge_queued(struct look *l, const struct parent_state *s, struct err *e)
{
	const struct difference left = { .kind = DIFFERENCE_COUNTER_LEFT };
	uint64_t application = key_chat_application(s->id);

	if (!parent_kind_of(s->id)->chats || verify_name(l->v, application, e))
		return parent_kind_of(s->id)->chats ? -1 : 0;
	if (l->v->token_deleted)
		return s->counter_there ? tell_of(l, left, e, "deleted, but its counter is there") : 0;
	return *l->v->token && waiting_highest(&l->waiting, s->id) ? judge_counter(l, s, e) : 0;
}

static int judge(struct look *l, const struct parent_state *s, struct err *e)
{
	if (!s->there)
		return judge_queued(l, s, e);
	if (s->deleted)
		return judge_tombstone(l, s, e);
	if (s->parent_gone) /* purge will come to it */
		return 0;
	return judge_counter(l, s, e) || judge_counts(l, s, e) ? -1 : 0;
}

static void take_up(struct look *l, const struct parent_state *s, struct suspect *suspected)
{
	l->state = s;
	l->suspect = suspected;
	l->ranges = 0;
	l->more.missing = 0;
}

/* ends: how far each one's gaps go in l->gaps. */
static int read_exactly(struct look *l, const struct parent_kind *k, struct parent_state *s, size_t n,
			struct suspect *of, size_t *ends, struct err *e)
{
	struct db *db = l->v->db;
	struct progress quiet = { 0 }; /* the suspects are counted, not their rows */
	uint64_t rows = 0;
	size_t i;

	if (parent_states_some(db, k, s, n, e) || parent_states_count(db, k, s, n, &quiet, &rows, e))
		return -1;
	progress_add(&l->v->progress, n);
	for (i = 0; i < n; i++) {
		take_up(l, &s[i], &of[i]);
		if (look_for_gaps(l, &s[i], e))
			return -1;
		if (l->more.missing) {
			say_gap(&l->more, k->chats);
			buf_add(&l->gaps, &l->more, sizeof(l->more));
		}
		ends[i] = l->gaps.len / sizeof(struct difference);
	}
	return l->gaps.failed ? err_memory(e) : 0;
}

static int judge_all(struct look *l, const struct parent_state *s, size_t n, struct suspect *of,
		     const size_t *ends, struct err *e)
{
	const struct difference *gaps = (const void *)l->gaps.data;
	size_t i, from = 0;

	for (i = 0; i < n; i++) {
		take_up(l, &s[i], &of[i]);
		for (; from < ends[i]; from++)
			if (tell_gap(l, &gaps[from], e))
				return -1;
		if (judge(l, &s[i], e))
			return -1;
	}
	return 0;
}

/* Suspects of one kind, at most a page. */
static int look_exactly(struct look *l, struct suspect *of, size_t n, struct err *e)
{
	const struct parent_kind *k = parent_kind_of(of->id);
	struct parent_state s[PARENT_STATE_PAGE];
	size_t ends[PARENT_STATE_PAGE], i;
	int rc;

	memset(s, 0, sizeof(s));
	buf_reset(&l->gaps, 65536);
	for (i = 0; i < n; i++)
		s[i].id = of[i].id;
	rc = parent_states_begin(l->v->db, e) || read_exactly(l, k, s, n, of, ends, e) ||
			     parent_states_end(l->v->db, e) || parent_states_counters(l->v->redis, s, n, e)
		     ? -1
		     : judge_all(l, s, n, of, ends, e);
	if (rc && l->v->db->in_transaction)
		db_rollback(l->v->db);
	return rc;
}

/* The suspects from `i` on that make a page: all applications or all chats. */
static size_t page_of(const struct suspect *s, size_t i, size_t n)
{
	size_t len = 0;

	while (i + len < n && len < PARENT_STATE_PAGE &&
	       parent_kind_of(s[i + len].id) == parent_kind_of(s[i].id))
		len++;
	return len;
}

/* What was given before now: the counters. */
static int counters_before(struct look *l, struct err *e)
{
	struct parent_state states[PARENT_STATE_PAGE];
	size_t i, k, n, len;
	struct suspect *s = look_suspects(l, &n);

	for (i = 0; i < n; i += len) {
		len = page_of(s, i, n);
		for (k = 0; k < len; k++)
			states[k].id = s[i + k].id;
		if (parent_states_counters(l->v->redis, states, len, e))
			return -1;
		for (k = 0; k < len; k++)
			s[i + k].counter = states[k].counter;
	}
	return 0;
}

/* Only those stay of which the second look found something. */
static void keep_found(struct look *l)
{
	size_t i, n, kept = 0;
	struct suspect *s = look_suspects(l, &n);

	for (i = 0; i < n; i++)
		if (s[i].kinds)
			s[kept++] = s[i];
	l->suspects.len = kept * sizeof(*s);
}

int look_again(struct look *l, enum look_number number, struct err *e)
{
	size_t i, n, len;
	struct suspect *s = look_suspects(l, &n);
	int rc = 0;

	if (!n)
		return 0;
	l->number = number;
	waiting_clear(&l->waiting);
	progress_begin(&l->v->progress, "looking again", n);
	if (counters_before(l, e) || waiting_read(&l->waiting, l->v->redis, NULL, e))
		rc = -1;
	for (i = 0; i < n && !rc; i += len) {
		len = page_of(s, i, n);
		rc = look_exactly(l, s + i, len, e);
	}
	progress_end(&l->v->progress);
	keep_found(l);
	return rc;
}

