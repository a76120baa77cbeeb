/* Keeps processes off a server that does not answer. */
#include "breaker.h"

#include <stddef.h>

#include "clock.h"

bool breaker_allows(struct breaker *b, int64_t open_ms)
{
	int64_t until = b ? atomic_load(&b->until_ms) : 0, now;

	if (!until)
		return true;
	now = clock_mono_ms();
	return now >= until && atomic_compare_exchange_strong(&b->until_ms, &until, now + open_ms);
}

void breaker_opened(struct breaker *b, int64_t open_ms)
{
	if (b && open_ms)
		atomic_store(&b->until_ms, clock_mono_ms() + open_ms);
}

void breaker_closed(struct breaker *b)
{
	if (b && atomic_load(&b->until_ms))
		atomic_store(&b->until_ms, 0);
}
