/* How the doctor says what it found. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "json.h"

static const char *const words[DOCTOR__MAX] = {
	[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "FAIL",
};

static void write_text(const struct doctor *d, enum doctor_verdict verdict, const char *advice, const char *what,
		       struct buf *out)
{
	buf_addf(out, "%-5s %s: %s\n", words[verdict], d->check, what);
	if (advice)
		buf_addf(out, "      -> %s\n", advice);
}

static void write_json(const struct doctor *d, enum doctor_verdict verdict, const char *advice, const char *what,
		       struct buf *out)
{
	buf_addf(out, "{\"check\":\"%s\",\"verdict\":\"%s\",\"finding\":", d->check, words[verdict]);
	json_quote(out, what, strlen(what));
	buf_addstr(out, ",\"advice\":");
	if (advice)
		json_quote(out, advice, strlen(advice));
	else
		buf_addstr(out, "null");
	buf_addstr(out, "}\n");
}

void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *advice, const char *fmt, ...)
{
	struct buf what = BUF_INIT, out = BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&what, fmt, ap);
	va_end(ap);
	if (d->json)
		write_json(d, verdict, advice, buf_str(&what), &out);
	else
		write_text(d, verdict, advice, buf_str(&what), &out);
	fputs(buf_str(&out), stdout);
	fflush(stdout);
	d->said[verdict]++;
	buf_clear(&what);
	buf_clear(&out);
}

unsigned doctor_worse(const struct doctor *d)
{
	return d->said[DOCTOR_WARN] + d->said[DOCTOR_FAIL];
}
