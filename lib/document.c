/* A message as Elasticsearch has it. */
#include "document.h"

#include <stdio.h>
#include <zlib.h>

#include "grams.h"

/* A refresh is ours to ask for: a row leaves the outbox when one has succeeded. Deletions are remembered
 * for longer than a document may be on its way. */
static const char index_body[] =
	"{\"settings\":{\"number_of_shards\":1,\"auto_expand_replicas\":\"0-1\","
	"\"refresh_interval\":\"-1\",\"gc_deletes\":\"10m\"},"
	"\"mappings\":{\"_meta\":{\"mapping\":1},\"dynamic\":\"strict\","
	"\"_source\":{\"enabled\":false},\"_routing\":{\"required\":true},\"properties\":{"
	"\"chat_id\":{\"type\":\"keyword\"},"
	"\"number\":{\"type\":\"long\"},"
	"\"version\":{\"type\":\"long\",\"index\":false},"
	"\"check\":{\"type\":\"long\",\"index\":false},"
	"\"g3\":{\"type\":\"text\",\"analyzer\":\"whitespace\",\"norms\":false},"
	"\"g12\":{\"type\":\"text\",\"analyzer\":\"whitespace\",\"norms\":false,\"index_options\":\"docs\"}}}}";

const char *document_index(void)
{
	_Static_assert(DOCUMENT_MAPPING == 1, "it stands in _meta.mapping");
	return index_body;
}

char *document_id(char id[DOCUMENT_ID], uint64_t chat, uint32_t number)
{
	snprintf(id, DOCUMENT_ID, "%llu-%u", (unsigned long long)chat, number);
	return id;
}

uint32_t document_check(uint32_t number, uint32_t version)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%u-%u", number, version);

	return (uint32_t)crc32(0, (const unsigned char *)text, (unsigned)len);
}

static void add_fields(struct buf *out, struct grams *g, uint64_t chat, uint32_t number, uint32_t version)
{
	buf_addf(out, "{\"chat_id\":\"%llu\",\"number\":%u,\"version\":%u,\"check\":%u,\"g3\":\"",
		 (unsigned long long)chat, number, version, document_check(number, version));
	grams_windows(g, out);
	buf_addstr(out, "\",\"g12\":\"");
	if (grams_short(g, out))
		out->failed = true;
	buf_addstr(out, "\"}");
}

int document_write(struct buf *out, struct fold *f, uint64_t chat, uint32_t number, uint32_t version,
		   const char *body, size_t len, struct err *e)
{
	struct grams g = GRAMS_INIT;
	struct buf folded = BUF_INIT;
	int rc = fold_text(f, body, len, &folded, NULL) ||
		 grams_take(&g, buf_str(&folded), folded.len, true, true);

	if (!rc)
		add_fields(out, &g, chat, number, version);
	grams_clear(&g);
	buf_clear(&folded);
	return rc || out->failed ? err_memory(e) : 0;
}
