# Two images on one base: `api` is the system under study, `lab` is what is done to it. Both hold production packages only.

FROM node:26.12-bookworm-slim AS packages
ENV npm_config_cache=/npm-cache
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY api/package.json api/
COPY lab/package.json lab/
COPY grafana/package.json grafana/
COPY k6/package.json k6/

FROM packages AS api-packages
RUN --mount=type=cache,target=/npm-cache npm ci --workspace=api --omit=dev --ignore-scripts --no-audit --no-fund

FROM packages AS lab-packages
RUN --mount=type=cache,target=/npm-cache npm ci --workspace=api --workspace=lab --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26.12-bookworm-slim AS base
# What only builds need would only help an intruder. The volumes take over the owner of these folders.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn* /usr/local/bin/yarn* \
 && mkdir /data /runs && chown node:node /data /runs && chmod 700 /data
ENV NODE_ENV=production
WORKDIR /app
USER 1000:1000

FROM base AS api
COPY --from=api-packages /app/node_modules node_modules
# Owned by this user: a checkout with umask 077 would be closed to it.
COPY --chown=1000:1000 api/package.json api/
COPY --chown=1000:1000 api/src api/src
# By itself Node would let its heap grow beyond the memory of the container, and a flood of large bodies would end the process.
CMD ["node", "--max-semi-space-size=4", "--max-old-space-size=96", "api/src/main.ts"]

FROM base AS lab
# Each command of make starts a program in this container; with its compiled modules kept it starts in half the time.
ENV NODE_COMPILE_CACHE=/tmp/compiled
COPY --from=grafana/k6:2.2.0 /usr/bin/k6 /usr/bin/k6
COPY --from=lab-packages /app/node_modules node_modules
COPY --chown=1000:1000 api/package.json api/
COPY --chown=1000:1000 api/src api/src
COPY --chown=1000:1000 slo.json ./
COPY --chown=1000:1000 docs/glossary.md docs/
COPY --chown=1000:1000 k6 k6
COPY --chown=1000:1000 lab/package.json lab/
COPY --chown=1000:1000 lab/src lab/src
CMD ["node", "lab/src/main.ts", "serve", "--host", "0.0.0.0"]
