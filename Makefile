# The commands of the lab. `make` alone lists them, the ten of every day first; the text behind ## is what it prints.
.DEFAULT_GOAL := help
.PHONY: help node demo lab lesson mystery start test fuzz bench format dashboards experiment experiments tradeoff tradeoffs report compare anomalies index up down load-baseline load-peak load outage recover status logs doctor rotate clean

# Node 16 or newer is enough: the script finds, or installs, Node 26 and the packages.
NODE := node scripts/node26.cjs
# The stack's commands need only bash and Docker. They read a value of the command line (MODE=lock) from the environment:
# in a line of this file a shell would run its content.
STACK := scripts/stack
# Some shells export HOST, the name of the machine: `make start` listens there only when .env or its own command line says so.
unexport HOST
# Without this, make would run a $(shell ...) inside a value when it exports it. GIVEN lists the names of the command line:
# only these count, not what another program has exported.
export GIVEN :=
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(eval GIVEN += $(name))\
    $(eval override $(name) := $$(value $(name)))$(eval export $(name))))

DAILY := demo lab lesson experiment report up load-peak outage recover status
help: ## list the commands
	@awk -F ':.*## ' -v daily='$(DAILY)' ' \
	  /^[a-z-]+:.*## / { text[$$1] = sprintf("  make %-14s %s", $$1, $$2); line[++n] = $$1; next } \
	  /^## / { line[++n] = $$0 } \
	  END { print "Every day"; count = split(daily, name, " "); \
	    for (i = 1; i <= count; i++) { print text[name[i]]; delete text[name[i]] } \
	    for (i = 1; i <= n; i++) \
	      if (line[i] ~ /^## /) print (line[i - 1] ~ /^## / ? "" : "\n") substr(line[i], 4); \
	      else if (line[i] in text) print text[line[i]] }' $(MAKEFILE_LIST)

## Without Docker
node:
	@command -v node >/dev/null 2>&1 || { echo 'Node is missing. Install any Node from 16 on (nodejs.org); the project brings its own Node 26.' >&2; exit 1; }

demo: node ## the whole story in a minute: load, outage, recovery
	@$(if $(strip $(GIVEN)),echo 'make demo takes no values; make experiment does: NAME=demo EMBEDDED=1 LENGTH=20' >&2; exit 2)
	@$(NODE) lab/src/main.ts experiment demo

lab: node ## the live page: load it, break it, watch; LAB_PORT=18090
	@$(NODE) lab/src/main.ts lab $${LAB_PORT:+--port=$$LAB_PORT}

lesson: node ## the course: the list and the next lesson; NAME=3 another
	@$(NODE) lab/src/main.ts lesson $(if $(filter NAME,$(GIVEN)),"$$NAME") $(if $(filter LENGTH,$(GIVEN)),--seconds "$$LENGTH")

mystery: node ## what goes wrong here? LEVEL=1 to 3; SEED=7 repeats one
	@$(NODE) lab/src/main.ts mystery $(if $(filter LEVEL,$(GIVEN)),--level "$$LEVEL") $(if $(filter SEED,$(GIVEN)),--seed "$$SEED")

experiment: ## play and judge one: NAME=spike; EMBEDDED=1: no Docker
	@$(STACK)/experiment

experiments: ## list them; ALL=1 plays every one, for a scorecard
	@$(STACK)/experiment experiments

tradeoff: ## compare decisions, played in turn: NAME=rollback-or-wal
	@$(STACK)/experiment tradeoff

tradeoffs: ## list the comparisons and their questions
	@$(STACK)/lab tradeoffs

report: ## open the page of the newest run, RUN=name or SINCE=15m
	@$(STACK)/lab report

compare: ## compare two runs, A=name B=name, or spans, A=9m-5m B=4m
	@$(STACK)/lab compare

anomalies: ## grade the anomaly detector; RUN=name or SINCE=15m
	@$(STACK)/lab anomalies

index: ## make runs/lab.db anew from the folders of runs
	@$(STACK)/lab index

start: node ## the API alone, with the settings of .env
	@$(NODE) --max-semi-space-size=4 --max-old-space-size=96 api/src/main.ts

## The stack, in Docker
up: ## start it; SERVICES="api prometheus lab" starts a part
	@$(STACK)/up

load-baseline: ## 300 requests a second for a minute, judged
	@$(STACK)/load baseline

load-peak: ## 500 requests a second for two minutes, judged
	@$(STACK)/load peak

load: ## another script of k6/: SCRIPT=spike, ramp; DURATION=20s
	@$(STACK)/load

outage: ## MODE=chmod, lock, move, readonly, revoke, crash
	@$(STACK)/outage

recover: ## roll the fault back; the service comes back by itself
	@$(STACK)/outage recover

status: ## what is up, what is broken, where to look
	@$(STACK)/status

logs: ## follow the API's log; ONLY=outage, or another service
	@$(STACK)/logs

doctor: ## what is wrong with this machine, and what to do
	@$(STACK)/doctor

rotate: ## change the secret that signs tokens; RETIRE=1 ends the old
	@$(STACK)/rotate

down: ## stop it and keep the notes
	@$(STACK)/down

clean: ## remove all traces: containers, notes, .env, runs, packages
	@$(STACK)/down clean

## Work on it
test: node ## format, types, tests; ONLY=api: files with it in the path
	@$(NODE) scripts/test.ts "$$ONLY"

fuzz: node ## 10,000 generated requests; SEED=... repeats them
	@$(NODE) api/fuzz/main.ts 10000

bench: node ## what each layer of the API costs; PARTS="layers commits"
	@$(NODE) api/bench/main.ts $$PARTS

dashboards: node ## write what is generated from grafana/src and slo.json
	@$(NODE) grafana/build.ts

format: node ## rewrite every file in the project's format
	@$(NODE) node_modules/@biomejs/biome/bin/biome check --write

## make ends with 0 for PASS and with 2 for everything else: the last line of an
## output names the verdict. scripts/stack/experiment: 0 PASS, 1 FAIL, 2 INVALID.
