# The commands of the lab. `make` alone lists them; the text behind ## is what it prints.
.DEFAULT_GOAL := help
.PHONY: help node demo start test fuzz bench format experiment experiments report compare anomalies index up down load-baseline load-peak load outage recover status logs doctor rotate clean

# Any Node from 16 on will do: the script finds, or installs, Node 26 and the packages.
NODE := node scripts/node26.cjs
# The stack's commands need nothing but bash and Docker. A value behind make (MODE=lock) reaches every command by the
# environment: written into a line here, a shell would run it.
STACK := scripts/stack
# make itself would run $(shell ...) in a value when it passes it on.
$(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),\
    $(eval override $(name) := $$(value $(name)))$(eval export $(name))))

help: ## list the commands
	@awk -F ':.*## ' '/^## /{print (text ? "" : "\n") substr($$0, 4); text = 1} !/^## /{text = 0} /^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Without Docker
node:
	@command -v node >/dev/null 2>&1 || { echo 'Node is missing. Install any Node from 16 on (nodejs.org); the project brings its own Node 26.' >&2; exit 1; }

demo: node ## the whole story in a minute: load, outage, recovery
	@$(NODE) lab/src/main.ts demo

experiment: ## one experiment, judged: NAME=spike; EMBEDDED=1: no Docker
	@$(if $(value EMBEDDED),$(STACK)/lab experiment,$(STACK)/experiment)

experiments: ## their names and their questions
	@$(STACK)/lab experiments

report: ## the page of the newest run, or of RUN=name
	@$(STACK)/lab report

compare: ## two runs, or lists of repeats with commas: A=name B=name
	@$(STACK)/lab compare

anomalies: ## what a detector finds in the newest run, or in RUN=name
	@$(STACK)/lab anomalies

index: ## bring runs/lab.db up to date with the folders beside it
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

outage: ## break the database: MODE=chmod, lock, move, crash; FOR=30s
	@$(STACK)/outage

recover: ## roll the fault back; the service comes back by itself
	@$(STACK)/outage recover

status: ## what is up, what is broken, where to look
	@$(STACK)/status

logs: ## the API's log as it comes; ONLY=outage, or another service
	@$(STACK)/logs

doctor: ## what is wrong with this machine, and what to do
	@$(STACK)/doctor

rotate: ## a new secret signs tokens; RETIRE=1 ends the old one
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

format: node ## rewrite every file in the project's format
	@$(NODE) node_modules/@biomejs/biome/bin/biome check --write

## make ends with 0 for PASS and with 2 for everything else: the last line of an
## output names the verdict. scripts/stack/experiment: 0 PASS, 1 FAIL, 2 INVALID.
