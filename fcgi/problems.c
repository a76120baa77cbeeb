/* Problem types: a page for each, made from the table, and one that lists them. */
#include "groups.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>%s</title>\n<style>\n"
	"body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; "
	"color-scheme: light dark }\n"
	"h1 { font-size: 1.5rem } h2 { font-size: 1rem } td { padding: .2rem 1rem .2rem 0 }\n"
	"</style>\n<h1>%s</h1>\n";

/* All texts are the table's own and hold nothing that HTML would take for markup (test_problem.c). */
static void begin_page(struct reply *p, const char *title)
{
	p->status = 200;
	p->type = "text/html; charset=utf-8";
	reply_header(p, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
	buf_addf(&p->body, head, title, title);
}

static void show(struct service *s, struct request *r, struct reply *p)
{
	enum problem kind = problem_find(r->path.seg[1].at, r->path.seg[1].len);

	(void)s;
	if (kind == PROBLEM__MAX) {
		reply_problem(p, PROBLEM_NOT_FOUND, "There is no such type of problem.");
		return;
	}
	begin_page(p, problem_title(kind));
	buf_addf(&p->body, "<p>Status <strong>%d %s</strong>, type <code>%s%s</code></p>\n",
		 problem_status(kind), http_reason(problem_status(kind)), PROBLEM_PATH,
		 problem_name(kind));
	buf_addf(&p->body, "<h2>What it means</h2>\n<p>%s</p>\n", problem_means(kind));
	buf_addf(&p->body, "<h2>What to do</h2>\n<p>%s</p>\n", problem_advice(kind));
	if (problem_retry_after(kind))
		buf_addf(&p->body, "<p>Retry-After: %d</p>\n", problem_retry_after(kind));
	buf_addstr(&p->body, "<p><a href=\"../problems\">All types of problems</a></p>\n</html>\n");
}

static void list(struct service *s, struct request *r, struct reply *p)
{
	int i;

	(void)s;
	(void)r;
	begin_page(p, "Types of problems");
	buf_addstr(&p->body, "<p>What the <code>type</code> of an error can be.</p>\n<table>\n");
	for (i = 0; i < PROBLEM__MAX; i++) {
		enum problem kind = (enum problem)i;

		buf_addf(&p->body, "<tr><td>%d<td><a href=\"problems/%s\">%s</a>\n",
			 problem_status(kind), problem_name(kind), problem_title(kind));
	}
	buf_addstr(&p->body, "</table>\n</html>\n");
}

const struct route problem_routes[] = {
	{ HTTP_GET, "/problems", list, 0 },
	{ HTTP_GET, "/problems/:name", show, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
