/* Elasticsearch, where one is set: is it there, does it have the index? */
#include "doctor.h"

#include "health.h"
#include "search_state.h"

static void look_at_index(struct doctor *d)
{
	struct search_state state;
	struct err e = ERR_INIT;

	if (!d->schema) {
		doctor_say(d, DOCTOR_WARN, "see what is said of mysql and the schema", "it answers; whether it has the index is not known");
		return;
	}
	if (search_state_read(&d->tool.db, &state, &e))
		doctor_say(d, DOCTOR_FAIL, "see what is said of mysql and the schema", "%s", e.text);
	else if (!*state.active.name && search_building(&state))
		doctor_say(d, DOCTOR_WARN, "wait: `parley queue status` says how far it is",
			   "its first index is being built; MySQL searches meanwhile");
	else if (!*state.active.name)
		doctor_say(d, DOCTOR_WARN, "start `parley index` (crontab), or see why it builds none in its log",
			   "it answers, and has no index yet; MySQL searches");
	else
		doctor_say(d, DOCTOR_OK, NULL, "it answers, and %s is searched", state.active.name);
}

void doctor_elasticsearch(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (!elastic_configured(&d->tool.conf))
		doctor_say(d, DOCTOR_OK, NULL, "none is set (ELASTICSEARCH_URL): MySQL searches");
	else if (!health_elasticsearch(&d->tool.elastic, &e))
		doctor_say(d, DOCTOR_WARN,
			   "start it, and see that ELASTICSEARCH_URL names it, its user and password; until then MySQL searches",
			   "%s", e.text);
	else
		look_at_index(d);
}
