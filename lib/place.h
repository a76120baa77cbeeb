/* place: where a web page finds a service, in one word:
 *   ":3000"                          that port of the host that the page came from
 *   "/api"                           a path of the page's own origin
 *   "https://api.example.com/parley" another address
 * It goes into JSON and into a header as it is: nothing that would have to be escaped there is taken. */
#ifndef PARLEY_PLACE_H
#define PARLEY_PLACE_H

#include "err.h"

/* Is the word such a place? 0, or -1 with ERR_INVALID: the text quotes it. */
int place_check(const char *word, struct err *e);

#endif
