/* groups: the groups of routes, a source file each; every table ends with a row without pattern. */
#ifndef PARLEY_GROUPS_H
#define PARLEY_GROUPS_H

#include "route.h"

extern const struct route application_routes[]; /* applications.c: create, read, rename, delete */
extern const struct route creating_routes[];    /* creating.c: chats and messages, on both services */
extern const struct route chat_routes[];        /* chats.c: read, delete */
extern const struct route message_routes[];     /* messages.c: read, edit, delete */
extern const struct route searching_routes[];   /* searching.c */
extern const struct route health_routes[];      /* health.c: all parts; live */
extern const struct route api_ready_routes[];   /* health.c: /health/ready of the full API … */
extern const struct route writer_ready_routes[]; /* … and of the writer */
extern const struct route metrics_routes[];     /* metrics.c */
extern const struct route openapi_routes[];     /* openapi.c */
extern const struct route problem_routes[];     /* problems.c: what each type of error means */

#endif
