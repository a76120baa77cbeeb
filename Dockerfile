# Parley's programs on Debian 12. To run, a container names the program and its servers:
#   docker run -e DATABASE_URL=… -e REDIS_URL=… -v socket:/var/lib/parley/run parley api
# (One image for all; the web server and the whole composition come in an issue of their own. The front end's
# page is in /usr/local/share/parley/web.)

FROM debian:12 AS web
WORKDIR /src
COPY script/packages script/packages
RUN apt-get update && script/packages web && rm -rf /var/lib/apt/lists/*
COPY web web
RUN cd web && npm ci --omit=dev && npm run build

FROM debian:12 AS build
WORKDIR /src
COPY script/packages script/packages
RUN apt-get update && script/packages build && rm -rf /var/lib/apt/lists/*
COPY . .
COPY --from=web /src/web/dist web/dist
RUN make -j"$(nproc)" all && make install DESTDIR=/out PREFIX=/usr/local

FROM debian:12
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libfcgi0ldbl libhiredis0.14 \
       libmariadb3 libjson-c5 libcurl4 libutf8proc2 libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --home-dir /var/lib/parley --create-home --shell /usr/sbin/nologin parley \
    && install -d -o parley -g parley -m 700 /var/lib/parley/run
COPY --from=build /out/ /
ENV PARLEY_VAR=/var/lib/parley
USER parley
ENTRYPOINT ["/usr/local/bin/parley"]
CMD ["api"]
