/* A payload of a known class says who it is; one that has failed reads as the same job, and its
 * failure is counted; one that we build from its text reads back. */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "key.h"

#define NOW INT64_C(1700000000123456)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void makes_sense(const struct job *j)
{
	if (j->class == JOB_UNKNOWN || j->class == JOB_REINDEX || j->fault)
		return;
	must(j->id > 0);
	if (j->class == JOB_CREATE_MESSAGE)
		must(key_chat_valid(j->id) && j->number && json_kind(j->body) == JSON_STRING);
	if (j->class == JOB_CREATE_CHAT)
		must(j->id < KEY_APPLICATION_LIMIT && j->number);
}

static void fails_well(const struct job *j)
{
	const struct job_failure why = { "NumberTaken", "because", NOW };
	struct buf text = BUF_INIT;
	struct job again;

	if (json_kind(j->root) != JSON_OBJECT)
		return;
	must(!job_failed(j, &why, &text, NULL));
	must(!job_parse(&again, text.data, text.len, NOW, NULL));
	must(again.class == j->class && again.id == j->id && again.number == j->number);
	must(again.failed_before && job_failed_by(&again, "NumberTaken"));
	must(!j->failed_before ? again.retry_count == 0
			       : again.retry_count == j->retry_count + 1 || !(j->retry_count + 1));
	buf_clear(&text);
}

static void builds_well(const struct job *j, enum job_format format)
{
	struct buf head = BUF_INIT, tail = BUF_INIT, body = BUF_INIT, back = BUF_INIT;
	struct job_new new = { j->class, j->id, NULL, 0, NULL };
	char id[JOB_REQUEST_ID], same[JOB_REQUEST_ID];
	struct job again;

	if (j->class != JOB_CREATE_MESSAGE || j->fault)
		return;
	must(!json_string(j->body, &body, NULL));
	new.body = buf_str(&body);
	new.body_len = body.len;
	new.request_id = job_request_id(j, id);
	must(!job_build(&head, &tail, format, &new, NOW, NULL));
	buf_addf(&head, "%u", j->number);
	buf_add(&head, tail.data, tail.len);
	must(!job_parse(&again, head.data, head.len, 0, NULL));
	must(again.class == j->class && again.id == j->id && again.number == j->number);
	must(!strcmp(job_request_id(&again, same), id));
	must(!json_string(again.body, &back, NULL) && back.len == body.len &&
	     !memcmp(buf_str(&back), buf_str(&body), body.len));
	buf_clear(&head);
	buf_clear(&tail);
	buf_clear(&body);
	buf_clear(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job j;

	must(!job_parse(&j, (const char *)data, size, NOW, NULL));
	makes_sense(&j);
	fails_well(&j);
	builds_well(&j, JOB_NATIVE);
	builds_well(&j, JOB_ACTIVEJOB);
	return 0;
}
