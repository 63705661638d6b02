# Every verb sets up what it needs. `make` alone lists them.
-include .env
export
PYTHON ?= python3
BIN := .venv/bin

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -c "from pipelines.defs.warehouse import ensure_manifest; ensure_manifest()"
	touch $@

run: .venv/ready ## run the main job on the demo shop: land, check, build, publish, hand off
	$(BIN)/okaeri run --demo

test: lint ## lint, then the tests
	$(BIN)/pytest -q

up: .venv/ready ## web server, daemon and dashboard on loopback, until Ctrl-C
	$(BIN)/okaeri up

lint: .venv/ready ## ruff, mypy, sqlfluff, import-linter
	@$(MAKE) --no-print-directory --jobs=2 lint-python lint-sql

lint-python:
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

lint-sql:
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests --disable-progress-bar --processes 2

format: .venv/ready ## let ruff and sqlfluff write what they can
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/sqlfluff fix dbt_project/models dbt_project/tests --disable-progress-bar

test-deep: .venv/ready ## the long runs too: more kills, every suite through Great Expectations
	$(BIN)/pytest -q -m "deep or slow"

bench: .venv/ready ## the benchmarks: ratios against a reference in one run
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.exports

bench-pages: .venv/ready ## the pages of the shop run last in Chromium, beside an empty Streamlit app
	$(BIN)/python -m benchmarks.dashboards

screenshots: .venv/ready ## pictures of every page of the shop run last, into docs/screenshots
	$(BIN)/python -m tests.browser.screenshots docs/screenshots

lock: ## write requirements.lock again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --only-binary :all: --extra dev --extra postgres --extra remote --extra login pyproject.toml -o requirements.lock

.PHONY: help run test test-deep up lint lint-python lint-sql format bench bench-pages screenshots lock
