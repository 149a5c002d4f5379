# Plain `make` lists the targets. Everything of one installation lives in $(LEDGER_HOME).
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
T ?= services tests
STAMP = $(VENV)/stamp-$(shell cat requirements.lock pyproject.toml | cksum | tr -d ' ')
# A python on PATH may be a shim that does not run, so each candidate is asked.
PYTHON = $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)

.PHONY: help setup demo test check bench soak fmt lock

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) ## Install everything from the lock into .venv; leaves .venv/bin/ledger

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/stamp-* && touch $@

demo: setup ## Start everything with a realistic book; ctrl-C stops it
	$(BIN)/ledger demo

test: setup ## Run the tests (T=path for some)
	$(BIN)/pytest -n 2 $(T)

check: setup ## Formatting, lint, types, import rules, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m infra.check_migrations

bench: setup ## Measure the ratios the README states
	$(BIN)/python -m tests.bench

soak: setup ## The long runs at their stated sizes: crashes, machines, conformance, canaries
	@echo "Budget: an hour on two cores; what each part took is printed at the end."
	$(BIN)/pytest -m soak -n 2 --dist worksteal --durations=0 --durations-min=1 --override-ini addopts="--strict-markers --strict-config --import-mode=importlib -p no:schemathesis" tests

fmt: setup ## Format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

lock: ## Write requirements.lock again (needs uv)
	uv pip compile --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --all-extras pyproject.toml -o requirements.lock
