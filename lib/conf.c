/* The settings: one table, and all that is made from it. */
#include "conf.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bearer.h"
#include "bucket.h"
#include "buf.h"
#include "elastic.h"
#include "origin.h"
#include "place.h"
#include "url.h"

enum type { NUMBER, TEXT, URL, CHOICE };

struct setting {
	const char *name;
	enum type type;
	size_t at; /* offset in struct conf */
	const char *def;
	int64_t min, max;         /* NUMBER */
	const char *const choices[5]; /* CHOICE, in the order of the enum; URL: its schemes */
	bool path;                /* URL: names a database in its path */
	bool secret;              /* TEXT: masked, and not for files that others may read */
	int (*check)(const char *value, struct err *e); /* TEXT: what is wrong with it, or NULL */
	const char *unit;
	const char *help; /* the first sentence for --help, all of it for the documentation */
};

#define AT(field) offsetof(struct conf, field)

/* In a default, "$VAR" stands for PARLEY_VAR, and "$BIND" and "$…_PORT" for those: they come before the rows
 * that refer to them. */
static const struct setting settings[] = {
	{ .name = "PARLEY_VAR", .type = TEXT, .at = AT(var), .def = "",
	  .help = "Folder of sockets, locks and data. By default `var/` of the source tree or of the "
		  "installation prefix that the running program is in." },
	{ .name = "API_PORT", .type = NUMBER, .at = AT(api_port), .def = "3000", .min = 1, .max = 65535,
	  .help = "Port of the full API." },
	{ .name = "WRITER_PORT", .type = NUMBER, .at = AT(writer_port), .def = "8080", .min = 1,
	  .max = 65535, .help = "Port of the fast writer." },
	{ .name = "WEB_PORT", .type = NUMBER, .at = AT(web_port), .def = "8000", .min = 1, .max = 65535,
	  .help = "Port of the front end." },
	{ .name = "BIND", .type = TEXT, .at = AT(bind), .def = "127.0.0.1",
	  .help = "Address that the web server listens on." },
	{ .name = "PARLEY_OPEN", .type = NUMBER, .at = AT(open), .def = "0", .min = 0, .max = 1,
	  .help = "1: `script/server` may listen on another address than loopback also without "
		  "PARLEY_ADMIN_KEY, and whoever reaches it may create applications." },
	{ .name = "PARLEY_ADMIN_KEY", .type = TEXT, .at = AT(admin_key), .def = "", .secret = true,
	  .check = bearer_check_key,
	  .help = "Key for creating, listing, changing and deleting applications and for /metrics, which "
		  "are open to all without it. It is sent as `Authorization: Bearer KEY`; visible ASCII "
		  "characters only. `openssl rand -hex 24` makes a good one." },
	{ .name = "PARLEY_CORS_ORIGINS", .type = TEXT, .at = AT(cors_origins),
	  .def = "http://127.0.0.1:$WEB_PORT http://localhost:$WEB_PORT http://$BIND:$WEB_PORT",
	  .check = origin_check,
	  .help = "Origins of the web pages that may use the API from a browser, "
		  "`https://chat.example.com`, separated by blanks or commas. `*` is every origin. "
		  "The default is the front end's own: WEB_PORT on this machine and on BIND." },
	{ .name = "PARLEY_WEB_API", .type = TEXT, .at = AT(web_api), .def = ":$API_PORT",
	  .check = place_check,
	  .help = "Where the front end's page finds the full API. `:3000` is a port of the host that the page "
		  "came from; `/api` a path of the page's own origin (a proxy in front of all); "
		  "`https://api.example.com`, perhaps with a path, any other place. The web server tells "
		  "it to the page, whose Content-Security-Policy allows no more than that." },
	{ .name = "PARLEY_WEB_WRITER", .type = TEXT, .at = AT(web_writer), .def = ":$WRITER_PORT",
	  .check = place_check,
	  .help = "Where the front end's page finds the fast writer, as in PARLEY_WEB_API." },
	{ .name = "PARLEY_BUCKETS", .type = TEXT, .at = AT(buckets), .def = "00-ff",
	  .check = bucket_check,
	  .help = "First two hex digits of the tokens given here, `00-3f,80`. Several separate Parleys "
		  "with different buckets can stand behind one load balancer that goes by them." },
	{ .name = "WEB_SERVER", .type = CHOICE, .at = AT(web_server), .def = "lighttpd",
	  .choices = { "lighttpd", "nginx" },
	  .help = "Web server that `script/server` starts." },
	{ .name = "PARLEY_CLIENT_TIMEOUT_S", .type = NUMBER, .at = AT(client_timeout_s), .def = "20",
	  .min = 1, .max = 3600, .unit = "s",
	  .help = "How long a client may keep the web server waiting without sending anything, before a "
		  "request and within it. A request that is not there after twice this is ended even if "
		  "a byte comes now and then." },
	{ .name = "REDIS_URL", .type = URL, .at = AT(redis_url), .def = "unix://$VAR/run/redis.sock",
	  .choices = { "redis", "unix" },
	  .help = "The Redis to use: `redis://[user:]password@host:port/db` or `unix:///path`. "
		  "The default is the private one of `script/server`; when this is set, `script/server` "
		  "uses that server and starts none of its own." },
	{ .name = "DATABASE_URL", .type = URL, .at = AT(database_url),
	  .def = "mysql://parley@/parley?socket=$VAR/run/mysql.sock",
	  .choices = { "mysql" }, .path = true,
	  .help = "The MySQL or MariaDB to use: `mysql://user:password@host:port/db` or "
		  "`mysql://user:password@/db?socket=/path`; `?ssl-ca=FILE` asks for TLS. "
		  "Percent-encoding is honoured. The default is the private one of `script/server`." },
	{ .name = "ELASTICSEARCH_URL", .type = URL, .at = AT(elasticsearch_url), .def = "",
	  .choices = { "http", "https" },
	  .help = "The Elasticsearch that searches and is kept up to date, `http://host:port` or "
		  "`https://user:password@host:port/prefix`; percent-encoding is honoured. Unset: none; "
		  "then MySQL searches, and nothing is written to the outbox `message_changes`." },
	{ .name = "PARLEY_ELASTICSEARCH_CA", .type = TEXT, .at = AT(elasticsearch_ca), .def = "",
	  .check = elastic_check_ca,
	  .help = "File of the CA certificates (PEM) one of which must have signed the certificate of an "
		  "`https://` Elasticsearch. By default the system's. The certificate and its host "
		  "name are always checked." },
	{ .name = "PARLEY_ELASTICSEARCH_INDEX", .type = TEXT, .at = AT(elasticsearch_index),
	  .def = "messages", .check = elastic_check_index,
	  .help = "Name by which searches find the index, an alias; the indexes are called by it and `_v1`, "
		  "`_v2` and so on. Several Parleys that share an Elasticsearch need different ones. "
		  "At most 200 of `a-z0-9._-`, the first a letter or a digit." },
	{ .name = "PARLEY_ELASTICSEARCH_TIMEOUT_MS", .type = NUMBER,
	  .at = AT(elasticsearch_timeout_ms), .def = "300", .min = 10, .max = 60000, .unit = "ms",
	  .help = "Longest wait of a search for Elasticsearch. Then MySQL searches." },
	{ .name = "JOB_FORMAT", .type = CHOICE, .at = AT(job_format), .def = "native",
	  .choices = { "native", "activejob" },
	  .help = "How job payloads are written: for Ruby classes that include Sidekiq::Job (native) "
		  "or for ActiveJob classes. Our own workers always read both." },
	{ .name = "PARLEY_NODE", .type = TEXT, .at = AT(node), .def = "",
	  .help = "Name of this machine in slots and marks, at most 32 of `A-Za-z0-9._-`. By default "
		  "a random one that is kept in `$PARLEY_VAR/node-id`." },
	{ .name = "PARLEY_LOG_LEVEL", .type = CHOICE, .at = AT(log_level), .def = "info",
	  .choices = { "debug", "info", "warn", "error" },
	  .help = "Lowest level that is logged. At `debug` there is a line for each request, each batch and each "
		  "row that a batch stores." },
	{ .name = "PARLEY_LOG_FORMAT", .type = CHOICE, .at = AT(log_format), .def = "logfmt",
	  .choices = { "logfmt", "json" },
	  .help = "How a line of the log is written: `time=… level=info program=api pid=4711 message=started "
		  "…`, or the same as a JSON object." },
	{ .name = "PARLEY_WORKERS", .type = NUMBER, .at = AT(workers), .def = "5", .min = 1, .max = 64,
	  .help = "Persist slots of this machine, a process each. One that is started without `--slot` "
		  "takes the lowest free one and exits with 0 if none is free." },
	{ .name = "PARLEY_API_PROCESSES", .type = NUMBER, .at = AT(api_processes), .def = "16",
	  .min = 1, .max = 512,
	  .help = "Processes of the program `api`: as many requests can be in work at once; the rest "
		  "wait in the socket." },
	{ .name = "PARLEY_WRITER_PROCESSES", .type = NUMBER, .at = AT(writer_processes), .def = "16",
	  .min = 1, .max = 512, .help = "Processes of the program `writer`." },
	{ .name = "PARLEY_SEARCH_PROCESSES", .type = NUMBER, .at = AT(search_processes), .def = "4",
	  .min = 1, .max = 512,
	  .help = "Processes of the program `search`: as many searches are in work at once, and keep "
		  "MySQL busy; the rest wait in the socket." },
	{ .name = "PARLEY_SEARCH_BUDGET_MS", .type = NUMBER, .at = AT(search_budget_ms),
	  .def = "1000", .min = 1, .max = 60000, .unit = "ms",
	  .help = "How long a search may read a chat; then it answers with what it has found, and "
		  "says so in `X-Search-Incomplete`." },
	{ .name = "PARLEY_PROCESS_REQUESTS", .type = NUMBER, .at = AT(process_requests),
	  .def = "100000", .min = 0, .max = INT64_MAX,
	  .help = "Requests after which a FastCGI process is replaced by a new one; 0: never." },
	{ .name = "PARLEY_STOP_MS", .type = NUMBER, .at = AT(stop_ms), .def = "10000", .min = 100,
	  .max = 600000, .unit = "ms",
	  .help = "How long a FastCGI process may finish its request after TERM, before it is killed. "
		  "During half of it, it still takes requests that wait in the program's socket. "
		  "libfcgi may wait two seconds for a client that does not close: give it more." },
	{ .name = "PARLEY_READ_WAIT_MS", .type = NUMBER, .at = AT(read_wait_ms), .def = "250",
	  .min = 0, .max = 60000, .unit = "ms",
	  .help = "How long a read waits for accepted writes to be stored." },
	{ .name = "PARLEY_REDIS_TIMEOUT_MS", .type = NUMBER, .at = AT(redis_timeout_ms), .def = "400",
	  .min = 10, .max = 60000, .unit = "ms",
	  .help = "Longest wait for Redis to connect, and for it to answer." },
	{ .name = "PARLEY_DATABASE_TIMEOUT_S", .type = NUMBER, .at = AT(database_timeout_s),
	  .def = "2", .min = 1, .max = 600, .unit = "s",
	  .help = "Longest wait of a FastCGI process for MySQL to connect, and for it to answer. Job "
		  "programs wait for an answer as long as PARLEY_BATCH_TIMEOUT_MS lets them." },
	{ .name = "PARLEY_BREAKER_MS", .type = NUMBER, .at = AT(breaker_ms), .def = "500", .min = 0,
	  .max = 60000, .unit = "ms",
	  .help = "How long all processes of a program leave alone a server that did not answer in "
		  "time; then one of them tries again." },
	{ .name = "PARLEY_QUEUE_LIMIT", .type = NUMBER, .at = AT(queue_limit), .def = "1000000",
	  .min = 0, .max = INT64_MAX, .unit = "jobs",
	  .help = "Depth of the queue from which on creating is refused with 503; 0: no limit. Where several "
		  "applications have something waiting, one that has less than its share of this number "
		  "may still create, up to twice the depth." },
	{ .name = "PARLEY_QUEUE_AGE_LIMIT_S", .type = NUMBER, .at = AT(queue_age_limit_s), .def = "0",
	  .min = 0, .max = 31536000, .unit = "s",
	  .help = "Creating is refused with 503 while the oldest job of the queue has been waiting for longer; "
		  "0: however long it waits." },
	{ .name = "PARLEY_LEASE_MS", .type = NUMBER, .at = AT(lease_ms), .def = "30000", .min = 200,
	  .max = 3600000, .unit = "ms",
	  .help = "How long the jobs that a worker took are its own without a renewal. Must be longer "
		  "than PARLEY_BATCH_TIMEOUT_MS." },
	{ .name = "PARLEY_BATCH_TIMEOUT_MS", .type = NUMBER, .at = AT(batch_timeout_ms),
	  .def = "20000", .min = 100, .max = 3600000, .unit = "ms",
	  .help = "A worker that has not finished a batch by then ends itself (backing off from a "
		  "MySQL that is away does not count)." },
	{ .name = "PARLEY_BATCH_JOBS", .type = NUMBER, .at = AT(batch_jobs), .def = "500", .min = 1,
	  .max = 10000, .unit = "jobs", .help = "Most jobs that are stored in one transaction." },
	{ .name = "PARLEY_BATCH_BYTES", .type = NUMBER, .at = AT(batch_bytes), .def = "4194304",
	  .min = 1, .max = 67108864, .unit = "bytes",
	  .help = "Most bytes of payloads that are taken at once (the last job may go beyond). Redis answers "
		  "nobody else while it hands them out: far more than the default makes others wait." },
	{ .name = "PARLEY_RETRY_BASE_MS", .type = NUMBER, .at = AT(retry_base_ms), .def = "3000",
	  .min = 1, .max = 3600000, .unit = "ms",
	  .help = "Wait before the first retry of a failed job; the n-th waits 3 times as long as the "
		  "one before it, at most 38,400 times this." },
	{ .name = "PARLEY_RETRY_LIMIT", .type = NUMBER, .at = AT(retry_limit), .def = "25", .min = 0,
	  .max = 1000, .help = "Retries of a job before it goes to `dead`." },
	{ .name = "PARLEY_PROMOTE_MS", .type = NUMBER, .at = AT(promote_ms), .def = "1000", .min = 10,
	  .max = 600000, .unit = "ms", .help = "How often `schedule` looks for due retries." },
	{ .name = "PARLEY_REAP_MS", .type = NUMBER, .at = AT(reap_ms), .def = "10000", .min = 10,
	  .max = 600000, .unit = "ms", .help = "How often `schedule` looks for lapsed leases." },
	{ .name = "PARLEY_PURGE_MS", .type = NUMBER, .at = AT(purge_ms), .def = "10000", .min = 10,
	  .max = 3600000, .unit = "ms",
	  .help = "How often `purge` looks for applications and chats that were deleted." },
	{ .name = "PARLEY_PURGE_ROWS", .type = NUMBER, .at = AT(purge_rows), .def = "1000", .min = 1,
	  .max = 100000, .unit = "rows",
	  .help = "Most rows that `purge` removes in one transaction; it then rests half as long as that "
		  "took." },
	{ .name = "PARLEY_INDEX_MS", .type = NUMBER, .at = AT(index_ms), .def = "500", .min = 10,
	  .max = 600000, .unit = "ms",
	  .help = "How often `index` tells Elasticsearch what has changed; while more waits than one batch "
		  "takes, at once again." },
	{ .name = "PARLEY_INDEX_ROWS", .type = NUMBER, .at = AT(index_rows), .def = "2000", .min = 1,
	  .max = 20000, .unit = "rows",
	  .help = "Most changes, or messages of a new index, in one batch. One that makes 4 MiB for "
		  "Elasticsearch is full, too." },
	{ .name = "PARLEY_INDEX_TIMEOUT_MS", .type = NUMBER, .at = AT(index_timeout_ms), .def = "60000",
	  .min = 100, .max = 600000, .unit = "ms",
	  .help = "How long `index`, `reindex` and the comparison of `queue verify` wait for Elasticsearch to "
		  "take a batch, to make it visible, or to answer." },
	{ .name = "PARLEY_INDEX_BACK_OFF_MS", .type = NUMBER, .at = AT(index_back_off_ms), .def = "60000",
	  .min = 100, .max = 3600000, .unit = "ms",
	  .help = "Longest pause of `index` and `reindex` between two tries while Elasticsearch is away; the "
		  "first is a second, or this, and each is twice the one before." },
	{ .name = "PARLEY_WAIT_S", .type = NUMBER, .at = AT(wait_s), .def = "2", .min = 1, .max = 60,
	  .unit = "s", .help = "How long one blocking wait for a job lasts." },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))
_Static_assert(SETTINGS <= 64, "a bit for each setting");

static char **text_at(const struct conf *c, const struct setting *s)
{
	return (char **)((char *)(uintptr_t)c + s->at);
}

static int64_t *number_at(const struct conf *c, const struct setting *s)
{
	return (int64_t *)(void *)((char *)(uintptr_t)c + s->at);
}

static const struct setting *find(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (strlen(settings[i].name) == len && !memcmp(settings[i].name, name, len))
			return &settings[i];
	return NULL;
}

static int set_text(struct conf *c, const struct setting *s, const char *value, struct err *e)
{
	char **at = text_at(c, s), *copy = strdup(value);

	if (!copy)
		return err_memory(e);
	free(*at);
	*at = copy;
	return 0;
}

static int set_checked(struct conf *c, const struct setting *s, const char *value, struct err *e)
{
	struct err why = ERR_INIT;

	if (s->check && *value && s->check(value, &why))
		return err_set(e, ERR_INVALID, "%s: %s", s->name, why.text);
	return set_text(c, s, value, e);
}

static int set_number(struct conf *c, const struct setting *s, const char *value, struct err *e)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno || end == value || *end || n < s->min || n > s->max) {
		if (s->max == INT64_MAX)
			return err_set(e, ERR_INVALID, "%s: \"%s\" is not a number from %lld on",
				       s->name, value, (long long)s->min);
		return err_set(e, ERR_INVALID, "%s: \"%s\" is not a number from %lld to %lld",
			       s->name, value, (long long)s->min, (long long)s->max);
	}
	*number_at(c, s) = n;
	return 0;
}

/* The position of a value among a setting's choices, or -1. */
static int find_choice(const struct setting *s, const char *value)
{
	int i;

	for (i = 0; s->choices[i]; i++)
		if (!strcmp(s->choices[i], value))
			return i;
	return -1;
}

/* "a, b or c", with `mark` around each. */
static void add_choices(struct buf *text, const struct setting *s, const char *mark, const char *or)
{
	int i;

	for (i = 0; s->choices[i]; i++)
		buf_addf(text, "%s%s%s%s", !i ? "" : s->choices[i + 1] ? ", " : or, mark, s->choices[i], mark);
}

static int set_choice(struct conf *c, const struct setting *s, const char *value, struct err *e)
{
	struct buf choices = BUF_INIT;
	int i = find_choice(s, value);

	if (i >= 0) {
		*number_at(c, s) = i;
		return 0;
	}
	add_choices(&choices, s, "", ", ");
	err_set(e, ERR_INVALID, "%s: \"%s\" is none of %s", s->name, value, buf_str(&choices));
	buf_clear(&choices);
	return -1;
}

static int check_url(const struct setting *s, const char *value, struct err *e)
{
	struct err why = ERR_INIT;
	struct url url;
	int rc = 0;

	if (url_parse(&url, value, &why))
		return err_set(e, ERR_INVALID, "%s: %s", s->name, why.text);
	if (find_choice(s, url.scheme) < 0)
		rc = err_set(e, ERR_INVALID, "%s: begins with %s://%s%s%s", s->name, s->choices[0],
			     s->choices[1] ? " or " : "", s->choices[1] ? s->choices[1] : "",
			     s->choices[1] ? "://" : "");
	else if (s->path && !url.path)
		rc = err_set(e, ERR_INVALID, "%s: names no database", s->name);
	url_clear(&url);
	return rc;
}

static int set_url(struct conf *c, const struct setting *s, const char *value, struct err *e)
{
	return *value && check_url(s, value, e) ? -1 : set_text(c, s, value, e);
}

static int set(struct conf *c, const struct setting *s, const char *value, struct err *e)
{
	static int (*const setters[])(struct conf *, const struct setting *, const char *,
				      struct err *) = {
		[NUMBER] = set_number, [TEXT] = set_checked, [URL] = set_url, [CHOICE] = set_choice,
	};

	return setters[s->type](c, s, value, e);
}

static bool is_set(const struct conf *c, size_t i)
{
	return ((c->from_file | c->from_environment) >> i & 1) != 0;
}

/* The last place of build/ or libexec/parley/ in a program's path: those above it are the user's own folders. NULL: none. */
static char *above_program(char *exe)
{
	static const char *const below[] = { "/build/", "/libexec/parley/" };
	char *last = NULL, *at;
	size_t i;

	for (i = 0; i < 2; i++)
		for (at = strstr(exe, below[i]); at; at = strstr(at + 1, below[i]))
			if (!last || at > last)
				last = at;
	return last;
}

/* The folder above build/ or libexec/ of the running program, with "/var" behind it. */
static int default_var(struct conf *c, struct err *e)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 8);
	char *cut;

	if (n < 0)
		return err_sys(e, "/proc/self/exe");
	exe[n] = '\0';
	cut = above_program(exe);
	if (!cut)
		return set_text(c, &settings[0], "var", e);
	memcpy(cut, "/var", 5);
	return set_text(c, &settings[0], exe, e);
}

/* What a word of a default stands for is appended; the word's length, or 0: there is none. */
static size_t add_word(const struct conf *c, const char *at, struct buf *text)
{
	const struct { const char *word; int64_t port; } ports[] = {
		{ "$API_PORT", c->api_port }, { "$WRITER_PORT", c->writer_port },
		{ "$WEB_PORT", c->web_port },
	};
	size_t i;

	if (!strncmp(at, "$VAR", 4)) {
		buf_addstr(text, c->var);
		return 4;
	}
	if (!strncmp(at, "$BIND", 5)) {
		buf_addf(text, strchr(c->bind, ':') ? "[%s]" : "%s", c->bind);
		return 5;
	}
	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (!strncmp(at, ports[i].word, strlen(ports[i].word))) {
			buf_addf(text, "%lld", (long long)ports[i].port);
			return strlen(ports[i].word);
		}
	return 0;
}

/* A default, with its words filled in. (These never make it wrong: it is not checked then.) */
static int set_default(struct conf *c, const struct setting *s, struct err *e)
{
	struct buf text = BUF_INIT;
	const char *at = s->def;
	size_t len;
	int rc;

	if (!strchr(at, '$'))
		return set(c, s, at, e);
	while (*at) {
		len = add_word(c, at, &text);
		if (!len)
			buf_addch(&text, *at);
		at += len ? len : 1;
	}
	rc = text.failed ? err_memory(e) : set_text(c, s, buf_str(&text), e);
	buf_clear(&text);
	return rc;
}

static int from_environment(struct conf *c, struct err *e)
{
	const char *value;
	size_t i;

	for (i = 0; i < SETTINGS; i++) {
		value = getenv(settings[i].name);
		if (!value || !*value)
			continue;
		if (set(c, &settings[i], value, e))
			return -1;
		c->from_environment |= UINT64_C(1) << i;
	}
	return 0;
}

static int file_line(struct conf *c, char *line, struct err *e)
{
	char *equals = strchr(line, '='), *end = line + strlen(line);
	const struct setting *s;

	while (end > line && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (!equals)
		return err_set(e, ERR_INVALID, "no KEY=VALUE: %.60s", line);
	s = find(line, (size_t)(equals - line));
	if (!s)
		return err_set(e, ERR_INVALID, "unknown setting %.*s", (int)(equals - line), line);
	if (c->from_environment >> (s - settings) & 1)
		return 0;
	c->from_file |= UINT64_C(1) << (s - settings);
	return set(c, s, equals + 1, e);
}

/* Appends a value as it may be shown. */
static void add_masked(const struct conf *c, const struct setting *s, struct buf *out)
{
	const char *text = *text_at(c, s);

	if (s->type == URL)
		url_mask(text, out);
	else
		buf_addstr(out, s->secret && *text ? "***" : text);
}

/* (Out of memory counts as yes.) */
static bool holds_secret(const struct conf *c, const struct setting *s)
{
	struct buf masked = BUF_INIT;
	bool secret;

	if (s->type != URL && s->type != TEXT)
		return false;
	add_masked(c, s, &masked);
	secret = masked.failed || strcmp(buf_str(&masked), *text_at(c, s)) != 0;
	buf_clear(&masked);
	return secret;
}

/* A password in a file that others can read is everybody's. */
static int check_mode(const struct conf *c, FILE *f, const char *path, struct err *e)
{
	struct stat st;
	size_t i;

	if (fstat(fileno(f), &st))
		return err_sys(e, "%s", path);
	if (!(st.st_mode & 077))
		return 0;
	for (i = 0; i < SETTINGS; i++)
		if (c->from_file >> i & 1 && holds_secret(c, &settings[i]))
			return err_set(e, ERR_INVALID, "%s: %s holds a secret: make the file 0600",
				       path, settings[i].name);
	return 0;
}

static int read_file(struct conf *c, const char *path, bool must, struct err *e)
{
	FILE *f = fopen(path, "re");
	struct err why = ERR_INIT;
	char *line = NULL;
	size_t size = 0;
	int rc = 0, n = 0;

	if (!f)
		return must || errno != ENOENT ? err_sys(e, "%s", path) : 0;
	while (!rc && getline(&line, &size, f) >= 0) {
		n++;
		if (file_line(c, line, &why))
			rc = err_set(e, why.code, "%s line %d: %s", path, n, why.text);
	}
	free(line);
	if (!rc && ferror(f))
		rc = err_sys(e, "%s", path);
	if (!rc)
		rc = check_mode(c, f, path, e);
	fclose(f);
	return rc;
}

static int from_file(struct conf *c, struct err *e)
{
	const char *named = getenv("PARLEY_CONFIG");
	char *path;
	int rc;

	if (named && *named)
		return read_file(c, named, true, e);
	path = conf_path(c, "parley.conf");
	if (!path)
		return err_memory(e);
	rc = read_file(c, path, false, e);
	free(path);
	return rc;
}

static int check_node(const struct conf *c, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (strlen(c->node) > 32 || c->node[strspn(c->node, allowed)])
		return err_set(e, ERR_INVALID, "PARLEY_NODE: at most 32 of A-Za-z0-9._-");
	if (c->batch_timeout_ms >= c->lease_ms)
		return err_set(e, ERR_INVALID, "PARLEY_BATCH_TIMEOUT_MS must be below "
			       "PARLEY_LEASE_MS (%lld)", (long long)c->lease_ms);
	return 0;
}

int conf_load(struct conf *c, struct err *e)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	if (default_var(c, e) || from_environment(c, e) || from_file(c, e))
		return -1;
	for (i = 1; i < SETTINGS; i++)
		if (!is_set(c, i) && set_default(c, &settings[i], e))
			return -1;
	return check_node(c, e);
}

void conf_clear(struct conf *c)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (settings[i].type == TEXT || settings[i].type == URL)
			free(*text_at(c, &settings[i]));
	memset(c, 0, sizeof(*c));
}

static void print_value(const struct conf *c, const struct setting *s, FILE *out)
{
	struct buf masked = BUF_INIT;

	switch (s->type) {
	case NUMBER:
		fprintf(out, "%lld", (long long)*number_at(c, s));
		break;
	case CHOICE:
		fputs(s->choices[*number_at(c, s)], out);
		break;
	case TEXT:
	case URL:
		add_masked(c, s, &masked);
		fputs(masked.failed ? "***" : buf_str(&masked), out);
		buf_clear(&masked);
		break;
	}
}

int conf_print(const struct conf *c, FILE *out)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++) {
		fprintf(out, "%s%s=", is_set(c, i) ? "" : "#", settings[i].name);
		print_value(c, &settings[i], out);
		fputc('\n', out);
	}
	return ferror(out) ? -1 : 0;
}

static void print_choices(const struct setting *s, const char *mark, FILE *out)
{
	struct buf choices = BUF_INIT;

	add_choices(&choices, s, mark, " or ");
	fputs(buf_str(&choices), out);
	buf_clear(&choices);
}

static void print_range(const struct setting *s, const char *mark, FILE *out)
{
	if (s->type == CHOICE)
		print_choices(s, mark, out);
	else if (s->type == NUMBER && s->max == INT64_MAX)
		fprintf(out, "a number from %lld on", (long long)s->min);
	else if (s->type == NUMBER)
		fprintf(out, "%lld to %lld", (long long)s->min, (long long)s->max);
	else
		fputs(s->type == URL ? "a URL" : "text", out);
	if (s->unit)
		fprintf(out, " (%s)", s->unit);
}

void conf_help(FILE *out)
{
	const char *stop;
	size_t i;

	fputs("Settings, from the environment or from the file $PARLEY_CONFIG:\n", out);
	for (i = 0; i < SETTINGS; i++) {
		stop = strstr(settings[i].help, ". ");
		fprintf(out, "  %-32s %.*s ", settings[i].name,
			stop ? (int)(stop - settings[i].help) + 1 : INT_MAX, settings[i].help);
		print_range(&settings[i], "", out);
		fprintf(out, "; default %s\n", *settings[i].def ? settings[i].def : "none");
	}
}

void conf_markdown(FILE *out)
{
	size_t i;

	fputs("# Settings\n\n"
	      "Made by `make doc` from the table in `lib/conf.c`.\n\n"
	      "A setting comes from the environment, else from the file `$PARLEY_CONFIG` (`KEY=VALUE` "
	      "lines, `#` begins a\ncomment line; by default `$PARLEY_VAR/parley.conf`, if it is there), "
	      "else from its default. An empty variable\ncounts as unset. A file that holds a password "
	      "or a key must have mode 0600. A bad value stops the start with one line that\nnames it. "
	      "`--print-config` shows what is in force, as a file that could be read again.\n", out);
	for (i = 0; i < SETTINGS; i++) {
		fprintf(out, "\n## %s\n\n%s\n\nValue: ", settings[i].name, settings[i].help);
		print_range(&settings[i], "`", out);
		if (*settings[i].def)
			fprintf(out, ". Default: `%s`", settings[i].def);
		fputs(".\n", out);
	}
}

char *conf_path(const struct conf *c, const char *below)
{
	char *path;

	return asprintf(&path, "%s/%s", c->var, below) < 0 ? NULL : path;
}
