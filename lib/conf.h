/* conf: the settings. One table (conf.c) makes reading, --help, --print-config and doc/config.md.
 *
 * A setting comes from the environment, else from the file $PARLEY_CONFIG (KEY=VALUE lines; default
 * $PARLEY_VAR/parley.conf if it is there), else from its default. After conf_load it is const. */
#ifndef PARLEY_CONF_H
#define PARLEY_CONF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"

enum web_server { WEB_LIGHTTPD, WEB_NGINX };
enum job_format { JOB_NATIVE, JOB_ACTIVEJOB };
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG__MAX };
enum log_format { LOG_LOGFMT, LOG_JSON, LOG_FORMAT__MAX };

struct conf {
	int64_t api_port, writer_port, web_port;
	int64_t web_server; /* enum web_server */
	int64_t client_timeout_s; /* the web server's */
	int64_t job_format; /* enum job_format */
	char *bind;
	int64_t open; /* 1: not only loopback */
	char *admin_key; /* "": none */
	char *cors_origins; /* a list, see origin.h */
	char *web_api, *web_writer; /* where the front end finds them, see place.h */
	char *buckets; /* a list, see bucket.h */
	char *redis_url, *database_url, *elasticsearch_url; /* elasticsearch_url: "" is none */
	char *elasticsearch_ca;    /* "": the system's */
	char *elasticsearch_index; /* the alias that searches use */
	int64_t elasticsearch_timeout_ms; /* a search's */
	char *var, *node;
	int64_t log_level; /* enum log_level */
	int64_t log_format; /* enum log_format */
	int64_t workers;
	int64_t api_processes, writer_processes, process_requests;
	int64_t search_processes, search_budget_ms;
	int64_t read_wait_ms, stop_ms;
	int64_t redis_timeout_ms, database_timeout_s, breaker_ms;
	int64_t lease_ms, retry_base_ms, retry_limit, queue_limit, queue_age_limit_s;
	int64_t batch_jobs, batch_bytes, batch_timeout_ms;
	int64_t promote_ms, reap_ms, wait_s;
	int64_t purge_ms, purge_rows;
	int64_t index_ms, index_rows, index_timeout_ms, index_back_off_ms;
	uint64_t from_file, from_environment; /* a bit for each row of the table */
};

/* Read all settings. `c` is cleared by conf_clear, also after a failure.
 * -1, ERR_INVALID: the text names the setting (or the line of the file) and what it may be;
 * a file that others may read and that holds a secret is refused too. */
int conf_load(struct conf *c, struct err *e);
void conf_clear(struct conf *c);

/* The settings as a file that conf_load would read; defaults are commented out, secrets masked. */
int conf_print(const struct conf *c, FILE *out);
/* Every setting with its type, default and meaning, for --help. */
void conf_help(FILE *out);
/* The same as the text of doc/config.md. */
void conf_markdown(FILE *out);

/* The path of a file below PARLEY_VAR, as a new string, or NULL: out of memory. */
char *conf_path(const struct conf *c, const char *below);

#endif
