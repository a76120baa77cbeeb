# Parley in containers: doc/containers.md; compose.yaml puts them together.
#
#   parley    (the last, so the default) every program and the web server of api and writer: entry says what one runs
#   frontend  an nginx with the page
#
# Behind a mirror or a proxy with a certificate of its own, a build is given three secrets, none of which stays in an image:
#   --secret id=apt,src=sources.list   instead of the base image's apt sources
#   --secret id=ca,src=ca.pem          certificates that apt and npm trust
#   --secret id=npmrc,src=.npmrc       where npm's registry is
ARG BASE_IMAGE=debian:12
ARG NGINX_IMAGE=nginx:stable

FROM ${BASE_IMAGE} AS base
COPY container/apt /usr/local/sbin/container-apt
COPY script/packages /usr/local/sbin/parley-packages

FROM base AS web
RUN --mount=type=secret,id=apt --mount=type=secret,id=ca container-apt web
WORKDIR /src
COPY web web
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=ca \
    if [ -f /run/secrets/ca ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca; fi; \
    cd web && npm ci --omit=dev && npm run build

FROM base AS build
RUN --mount=type=secret,id=apt --mount=type=secret,id=ca container-apt build
WORKDIR /src
COPY . .
# without what only a debugger reads
RUN make -j"$(nproc)" CFLAGS=-O2 all && make CFLAGS=-O2 install DESTDIR=/out PREFIX=/usr/local

FROM ${NGINX_IMAGE} AS frontend
COPY --from=web /src/web/dist /usr/share/parley/web
COPY nginx.conf /etc/nginx/parley.conf.in
COPY container/frontend /usr/local/bin/frontend
# Without its part for the programs, which are elsewhere.
RUN sed -i -e '/^user /d' -e '/^ *# --- the programs -/,/^ *# --- the front end -/d' /etc/nginx/parley.conf.in \
    && chmod -R u=rwX,go=rX /usr/share/parley
USER nginx
EXPOSE 80
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1/"]
ENTRYPOINT ["/usr/local/bin/frontend"]

FROM ${BASE_IMAGE} AS parley
RUN --mount=type=secret,id=apt --mount=type=secret,id=ca \
    --mount=type=bind,source=container/apt,target=/usr/local/sbin/container-apt \
    --mount=type=bind,source=script/packages,target=/usr/local/sbin/parley-packages \
    container-apt image
# The volumes of compose.yaml take owner and mode from here.
RUN useradd --uid 10001 --user-group --home-dir /var/lib/parley --shell /usr/sbin/nologin parley \
    && install -d -o parley -g parley -m 700 /var/lib/parley /var/lib/parley/run /etc/parley \
    && install -d -o parley -g parley -m 755 /etc/parley-database
COPY --from=build /out/ /
COPY container/ /usr/local/lib/parley/
ENV PARLEY_VAR=/var/lib/parley BIND=0.0.0.0
USER parley
WORKDIR /var/lib/parley
EXPOSE 3000 8080
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s CMD ["/usr/local/lib/parley/healthy"]
ENTRYPOINT ["/usr/local/lib/parley/entry"]
CMD ["api"]
