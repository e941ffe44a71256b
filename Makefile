# The commands of the lab. `make` alone lists them; the text behind ## is what it prints.
.DEFAULT_GOAL := help
.PHONY: help node demo start test bench format clean

# Any Node that is there will do: the script finds, or installs, the project's own Node 26.
NODE := node scripts/node26.cjs

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

node:
	@command -v node >/dev/null 2>&1 || { echo 'Node is missing. Install any Node from 16 on (nodejs.org); the project brings its own Node 26.' >&2; exit 1; }

demo: node ## the whole story in about a minute: load, outage, recovery, verdict
	@$(NODE) lab/src/main.ts demo

start: node ## the API alone, with the settings of .env
	@$(NODE) --max-semi-space-size=4 api/src/main.ts

test: node ## format, types and every test; ONLY=api runs the test files with that in their path
	@$(NODE) scripts/test.ts $(ONLY)

bench: node ## what each layer of the API costs; PARTS="layers commits" runs some parts only
	@$(NODE) api/bench/main.ts $(PARTS)

format: node ## rewrite every file in the project's format
	@$(NODE) node_modules/@biomejs/biome/bin/biome check --write

clean: ## remove node_modules, data and runs
	@rm -rf node_modules api/node_modules lab/node_modules data runs
