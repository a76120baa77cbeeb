/* elastic_index: the indexes of Elasticsearch that documents are in: made, searched under one name, removed.
 *
 * A search asks for the alias conf.elasticsearch_index, "messages". It leads to one complete index,
 * "messages_v3". The one that is being built has the alias "messages_next": so both can be written to by a name
 * that Elasticsearch never makes an index of by itself. */
#ifndef PARLEY_ELASTIC_INDEX_H
#define PARLEY_ELASTIC_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "elastic.h"
#include "search_state.h"

struct elastic_look { /* where an alias leads */
	size_t n;                  /* indexes; 0: there is no such alias */
	struct search_index index; /* the first of them */
	uint64_t mapping;          /* level of its mapping; 0: it says none */
};

/* "messages_next" */
char *elastic_index_next(char name[SEARCH_NAME], const struct conf *conf);
/* "messages_v3" */
char *elastic_index_name(char name[SEARCH_NAME], const struct conf *conf, uint64_t version);
/* The 3 of messages_v3; 0: it is no name of ours. */
uint64_t elastic_index_version(const struct conf *conf, const char *name);

/* 0: *l says where the alias leads. -1: ERR_ELASTIC, also when an index has that name. */
int elastic_index_look(struct elastic *el, const char *alias, struct elastic_look *l, struct err *e);
/* The same of an index, by its own name: there is one, or none. */
int elastic_index_find(struct elastic *el, const char *name, struct elastic_look *l, struct err *e);
/* Calls `seen` with each of our indexes, and whether searches use it. 0 or -1. */
int elastic_index_list(struct elastic *el, int (*seen)(void *arg, const char *name, bool active, struct err *e),
		       void *arg, struct err *e);
/* Makes an index, empty, instead of whatever has its name, and gives it the alias of the one that is being
 * built. i->name is read, i->uuid set. 0 or -1. */
int elastic_index_create(struct elastic *el, struct search_index *i, struct err *e);
/* From now on searches use this one, in one step. 0 or -1: perhaps they do. */
int elastic_index_swap(struct elastic *el, const char *name, struct err *e);
/* Removes it; that it is not there is no failure. 0 or -1. */
int elastic_index_delete(struct elastic *el, const char *name, struct err *e);
/* Searches use this one, or none. 0 or -1. */
int elastic_index_lead(struct elastic *el, const char *name, struct err *e);
int elastic_index_unlead(struct elastic *el, struct err *e);
/* Searches see what the index was told. 1: each of its shards did it; 0: there is no such index; -1. */
int elastic_index_refresh(struct elastic *el, const char *name, int64_t timeout_ms, struct err *e);

#endif
