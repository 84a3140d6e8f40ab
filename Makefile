# Two commands for a newcomer: `make demo` and `make test`. Everything else is for those who work on Duban.
PYTHON ?= python3
VENV := .venv
MEMBERS := shared services/intake services/scoring services/notify deploy/local
EDITABLE := $(foreach member,$(MEMBERS),--editable $(member))

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo up test peers bench compose-env compose-smoke chart-tools \
  chart-smoke documents lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-13s %s\n", $$1, $$2}'

# The stamp files make a second call instant; a changed lock or pyproject installs anew.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Duban needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock $(MEMBERS:=/pyproject.toml) | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation $(EDITABLE)
	@$(VENV)/bin/python -m compileall -q $(MEMBERS:=/src)  # so that a command begins quickly
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.runtime ## the virtual environment and .venv/bin/duban
setup-dev: $(VENV)/.dev ## the same, with the tools the tests need

demo: setup ## a year of a real city (ONCE=1: print the account and end; FRESH=1: anew; SEED=7)
	@$(VENV)/bin/duban demo $(if $(ONCE),--once) $(if $(FRESH),--fresh) $(if $(SEED),--seed $(SEED))

up: setup ## run the three services in one process, on SQLite
	@$(VENV)/bin/duban up

test: setup-dev ## lint, types, walls and every test
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest

peers: ## install what the suites on real servers need: PostgreSQL and Apache Kafka
	@tests/peers/install

bench: setup-dev peers ## rates side by side: ours, the textbook's, one that stores nothing
	@$(VENV)/bin/python -m bench

compose-env: ## secrets of this machine's own for docker-compose.yml, in .env
	@deploy/compose/make-env

compose-smoke: ## docker-compose.yml brought up, POST to mailbox (STANDINS=1: without a registry)
	@$(if $(STANDINS),deploy/compose/standins/run) $(PYTHON) deploy/compose/smoke.py

chart-tools: ## helm, kubeconform, etcd and an API server, for the chart's tests (built: minutes)
	@deploy/helm/tools

chart-smoke: chart-tools ## the chart installed, upgraded and removed on a real API server
	@deploy/helm/smoke

documents: setup-dev ## write docs/events.md, docs/asyncapi.yaml and docs/openapi/ from the code
	@$(VENV)/bin/python -m docs.generate

lock: ## resolve the locks anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-package duban-shared --no-emit-package duban-intake --no-emit-package duban-scoring \
	  --no-emit-package duban-notify --no-emit-package duban-local \
	  $(MEMBERS:=/pyproject.toml) build-requirements.in -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --group pyproject.toml:dev -c requirements.lock requirements.lock -o requirements-dev.lock

clean: ## remove the environment and what the demo stored
	rm -rf $(VENV) var
