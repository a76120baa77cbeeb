# make            the programs, in build/
# make web        the front end's page, in web/dist; it needs Node.js 18 and an npm registry
# make check      the quick tests (under two minutes)
# make lint       clang-tidy, cppcheck, shellcheck; every warning is an error
# make doc        doc/config.md and man/parley.conf.5 from the table of settings, doc/contract-tests.md from
#                 the tests' tags
# make install    DESTDIR= PREFIX=/usr/local: programs in libexec/parley, bin/parley runs them; the page, if it
#                 was built, in share/parley/web; manual pages in share/man; a crontab, snippets for web servers and
#                 systemd's units, with PREFIX filled in, in share/parley. Without DESTDIR also PREFIX/var, the
#                 programs' folder, 0700
# SAN=1           with AddressSanitizer and UndefinedBehaviorSanitizer, in build/san

SAN     ?=
B       := build$(if $(SAN),/san)
PREFIX  ?= /usr/local
# (make's own shell knows no "~" behind a "=")
override PREFIX := $(abspath $(patsubst ~%,$(HOME)%,$(PREFIX)))
CC      ?= cc
CFLAGS  ?= -O2 -g

, := ,
FOREIGN := hiredis libmariadb json-c libcurl libutf8proc zlib
isystem  = $(patsubst -I%,-isystem %,$(filter -I%,$(shell pkg-config --cflags $(FOREIGN))))
LDLIBS   = $(shell pkg-config --libs $(FOREIGN)) -lfcgi -lcrypto -lpthread -lm

SANFLAGS := $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
HARDEN   := -fstack-protector-strong -fPIE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
WARN     := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla -Wformat=2 -Wundef -Werror
CPPFLAGS_ = -D_GNU_SOURCE -iquote lib -iquote $(B)/gen $(isystem)
CFLAGS_   = -std=c11 $(CPPFLAGS_) $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS) -MMD -MP
LDFLAGS_  = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS) $(LDFLAGS)

LIB      := $(wildcard lib/*.c)
GEN      := $(B)/gen/queries.h $(B)/gen/scripts.h $(B)/gen/migrations.h
FCGI     := api writer search
JOBS     := $(patsubst jobs/%.c,%,$(wildcard jobs/*.c))
ROUTES   := $(filter-out $(FCGI:%=fcgi/%.c),$(wildcard fcgi/*.c))
UNIT     := $(patsubst test/unit/%.c,%,$(wildcard test/unit/test_*.c))
FUZZ     := $(patsubst test/fuzz/%.c,%,$(wildcard test/fuzz/fuzz_*.c))

GEN      += $(B)/gen/openapi.h

PROGRAMS := $(FCGI:%=$(B)/fcgi/%) $(JOBS:%=$(B)/jobs/%)
# the commands of jobs/queue, a file each
TOOL     := $(wildcard tool/*.c)
# the checks of jobs/doctor, which asks the tool, too
DOCTOR   := $(wildcard doctor/*.c)
BENCH    := $(patsubst test/bench/%.c,%,$(wildcard test/bench/*.c))
TESTS    := $(UNIT:%=$(B)/test/%) $(BENCH:%=$(B)/test/bench/%) $(B)/test/load

all: $(PROGRAMS)
tests: $(TESTS)
fuzzers: $(FUZZ:%=$(B)/fuzz/%)

$(B)/libparley.a: $(LIB:%.c=$(B)/%.o)
	rm -f $@ && $(AR) rcs $@ $^

$(B)/%.o: %.c | $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_) -c -o $@ $<

$(FCGI:%=$(B)/fcgi/%): $(B)/fcgi/%: $(B)/fcgi/%.o $(ROUTES:%.c=$(B)/%.o) $(B)/libparley.a
	$(CC) $(LDFLAGS_) -o $@ $^ $(LDLIBS)

$(B)/jobs/queue: $(TOOL:%.c=$(B)/%.o)
$(B)/jobs/doctor: $(DOCTOR:%.c=$(B)/%.o) $(TOOL:%.c=$(B)/%.o)
$(JOBS:%=$(B)/jobs/%): $(B)/jobs/%: $(B)/jobs/%.o $(B)/libparley.a
	$(CC) $(LDFLAGS_) -o $@ $(filter %.o,$^) $(B)/libparley.a $(LDLIBS)

$(UNIT:%=$(B)/test/%): $(B)/test/%: $(B)/test/unit/%.o $(B)/libparley.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@ $^ $(LDLIBS)

$(B)/test/load: $(patsubst %.c,$(B)/%.o,$(wildcard test/load*.c)) $(B)/libparley.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_) -o $@ $^ $(LDLIBS)

$(BENCH:%=$(B)/test/bench/%): $(B)/test/bench/%: $(B)/test/bench/%.o $(B)/libparley.a
	$(CC) $(LDFLAGS_) -o $@ $^ $(LDLIBS)

# clang's libFuzzer. The library is compiled for it once, so that coverage reaches it.
FUZZFLAGS := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all

$(B)/fuzz/%.o: %.c | $(GEN)
	@mkdir -p $(@D)
	clang -std=c11 $(CPPFLAGS_) $(FUZZFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(B)/fuzz/libparley.a: $(LIB:%.c=$(B)/fuzz/%.o)
	rm -f $@ && $(AR) rcs $@ $^

$(FUZZ:%=$(B)/fuzz/%): $(B)/fuzz/%: $(B)/fuzz/test/fuzz/%.o $(B)/fuzz/libparley.a
	clang $(FUZZFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(B)/gen/queries.h: sql/queries.sql script/gen-queries
	@mkdir -p $(@D)
	script/gen-queries $< > $@.new && mv $@.new $@
$(B)/gen/scripts.h: $(wildcard redis/*.lua) script/gen-text
	@mkdir -p $(@D)
	script/gen-text redis_script $(sort $(wildcard redis/*.lua)) > $@.new && mv $@.new $@
$(B)/gen/migrations.h: $(wildcard sql/[0-9]*.sql) script/gen-text
	@mkdir -p $(@D)
	script/gen-text migration $(sort $(wildcard sql/[0-9]*.sql)) > $@.new && mv $@.new $@
$(B)/gen/openapi.h: doc/openapi.json script/gen-text
	@mkdir -p $(@D)
	script/gen-text document doc/openapi.json > $@.new && mv $@.new $@

# The page is built when a source of it is newer, and its packages are fetched when the lock file is.
# (A page that is there needs neither.)
WEB := $(shell find web/src web/public 2>/dev/null) web/build.mjs web/tsconfig.json
NPM := web/package.json web/package-lock.json web/.npmrc

web: web/dist/index.html
web/dist/index.html: $(WEB) $(NPM)
	$(MAKE) web/node_modules/.fetched
	cd web && npm run --silent build
web/node_modules/.fetched: $(NPM)
	cd web && npm ci --omit=dev
	touch $@
# with what only the page's tests need
web-tests: web/node_modules/.tests
	$(MAKE) web
web/node_modules/.tests: $(NPM) web/test/package.json
	cd web && npm ci
	cd web/test && npm install --ignore-scripts --no-package-lock
	touch web/node_modules/.fetched $@

check: all tests
	script/check

lint: $(GEN)
	script/lint

doc: $(B)/fcgi/api
	$(B)/fcgi/api --markdown > doc/config.md
	script/gen-conf-man doc/config.md > man/parley.conf.5
	script/contract test/contract.txt test/*.bats test/load/*.bats test/fault/*.bats > doc/contract-tests.md

# What is filled in: the prefix, as a whole path. In hosting/ an api-file and a writer-file come of each web server's.
FILL = sed -e 's|@PREFIX@|$(PREFIX)|g'
D    = $(DESTDIR)$(PREFIX)
S    = $(D)/share/parley

install: all
	@case '$(PREFIX)' in *[!A-Za-z0-9/._+~-]*) echo 'install: PREFIX may have A-Za-z0-9/._+~- in it' >&2; exit 1;; esac
	install -d $(D)/bin $(D)/libexec/parley $(S)/problems $(S)/vhosts $(S)/monitoring $(S)/web \
		$(S)/systemd/parley-.service.d $(S)/systemd/sysusers.d
	install -m 755 $(PROGRAMS) script/shed script/web $(D)/libexec/parley
	install -m 644 script/web.bash $(D)/libexec/parley
	install -m 755 script/parley $(D)/bin/parley
	install -m 644 lighttpd.conf lighttpd-common.conf lighttpd-api.conf lighttpd-writer.conf \
		lighttpd-problem.lua lighttpd-request.lua lighttpd-web.lua nginx.conf $(S)
	install -m 644 problems/*.html $(S)/problems
	install -m 644 monitoring/* $(S)/monitoring
	for section in 1 5 8; do install -d $(D)/share/man/man$$section && \
		install -m 644 man/*.$$section $(D)/share/man/man$$section || exit 1; done
	for file in crontab logrotate parley.conf; do $(FILL) hosting/$$file >$(S)/$$file || exit 1; done
	for server in apache nginx lighttpd; do \
		$(FILL) -e 's|@PROGRAM@|api|g; s|@SEARCH@|search|g' hosting/$$server.conf >$(S)/vhosts/$$server-api.conf && \
		$(FILL) -e 's|@PROGRAM@|writer|g; s|@SEARCH@|writer|g' hosting/$$server.conf >$(S)/vhosts/$$server-writer.conf || \
		exit 1; done
	for unit in systemd/parley*; do $(FILL) $$unit >$(S)/$$unit || exit 1; done
	install -m 644 systemd/hardening.conf $(S)/systemd/parley-.service.d
	install -m 644 systemd/sysusers.conf $(S)/systemd/sysusers.d/parley.conf
	[ ! -f web/dist/index.html ] || { rm -rf $(S)/web && cp -R web/dist $(S)/web && \
		chmod -R u=rwX,go=rX $(S)/web; }
	[ -n '$(DESTDIR)' ] || { install -d -m 700 $(D)/var $(D)/var/run $(D)/var/log $(D)/var/tmp && \
		{ [ -e $(D)/var/parley.conf ] || install -m 600 hosting/parley.conf $(D)/var/parley.conf; }; }

clean:
	rm -rf build

-include $(patsubst %.c,$(B)/fuzz/%.d,$(LIB) $(wildcard test/fuzz/*.c))
-include $(patsubst %.c,$(B)/%.d,$(LIB) $(wildcard fcgi/*.c jobs/*.c tool/*.c doctor/*.c test/*.c test/unit/*.c test/bench/*.c))
.PHONY: all tests fuzzers web web-tests check lint doc install clean
.SECONDARY:
