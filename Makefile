# `make up` and `make test` need nothing but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
ARGS ?=

.PHONY: up setup setup-dev check test format docs lock bench clean

up: setup
	$(BIN)/cairn up $(ARGS)

setup: $(VENV)/.installed

setup-dev: $(VENV)/.installed-dev

test: setup-dev
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: setup-dev
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile -m "not engine" -q $(ARGS)

format: setup-dev
	$(BIN)/ruff format src tests benchmarks docs
	$(BIN)/ruff check --fix src tests benchmarks docs

docs: setup-dev
	$(BIN)/python docs/generate.py

bench: setup-dev
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(UV)
	$(UV) lock

clean:
	rm -rf $(VENV) build dist

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.9"

$(VENV)/.installed: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --no-dev --inexact --quiet
	touch $@

$(VENV)/.installed-dev: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --inexact --quiet
	touch $@ $(VENV)/.installed
