# Each target sets itself up: it needs Python 3.11 or newer, make, and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	--python-version 3.11
WORKERS ?= 2

.PHONY: run test lint test-postgresql check faults fuzz bench docs notebook lock clean help

help: ## Say what can be made
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/.runtime ## Replay a simulated company, then serve it at http://127.0.0.1:8000
	$(BIN)/headsup demo

test: $(VENV)/.dev ## Run the tests on SQLite
	$(BIN)/pytest -n $(WORKERS)

check: lint test test-postgresql ## Everything a change must pass: format, lint, types, layers, tests on both databases

lint: $(VENV)/.dev ## Format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-postgresql: $(VENV)/.dev ## Run the tests on a PostgreSQL of their own, where its programs are installed
	@if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then \
		echo "HEADSUP_TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS)"; \
		HEADSUP_TEST_DATABASE=postgresql $(BIN)/pytest -n $(WORKERS); \
	else echo "PostgreSQL is not installed: its run was left out."; fi

faults: $(VENV)/.dev ## Let faults happen by the hundred, then seed bugs that the tests must find; hours. GOALS=R01 for one
	$(BIN)/python -m tests.faults $(GOALS)

fuzz: $(VENV)/.dev ## Attack API, logins and readers of foreign bytes at full size, on both databases; hours. MINUTES=60 for readers
	HEADSUP_FAULTS=full $(BIN)/pytest -s tests/api tests/security/test_guessing.py tests/fuzz
	HEADSUP_FAULTS=full HEADSUP_TEST_DATABASE=postgresql $(BIN)/pytest -s tests/api tests/security/test_guessing.py
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),60)

bench: $(VENV)/.dev ## Measure speed: ingest, import, scoring, queue
	$(BIN)/python -m benchmarks

.PHONY: audit
audit: $(VENV)/.dev ## Ask whether a known hole is in what is locked; says so where nobody answers
	.ci/audit

docs: $(VENV)/.dev ## Write the reference pages in docs/
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/openapi.py

notebook: $(VENV)/.dev ## Run docs/model.ipynb and keep its outputs
	$(BIN)/python docs/notebook.py

lock: $(VENV)/.dev ## Pin the dependencies anew, with hashes
	$(COMPILE) pyproject.toml --extra postgres -o requirements.lock
	$(COMPILE) pyproject.toml --extra postgres --group dev -o requirements-dev.lock
	echo hatchling | $(COMPILE) -c requirements-dev.lock - -o requirements-build.lock

clean: ## Remove the environment and what tools left; never data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Headsup needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.13"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock requirements-build.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --require-hashes -r requirements-build.lock
	$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@ $(VENV)/.runtime
