# The front door: `make help` explains every target.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PORT ?= 8000
export PORT
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
WEB_SOURCES := $(shell find frontend/src -type f 2>/dev/null) frontend/build.mjs frontend/package-lock.json

.PHONY: help run link test check e2e bench bench-words bench-media bench-pages bench-gpu faults load install-diarization install-observability lock format clean python-found node-found
help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-20s %s\n", $$1, $$2}'

run: .venv/installed frontend/node_modules/built ## install what is missing and start everything; Ctrl-C stops it
	@exec $(BIN)/python -m config.launch

link: .venv/installed ## print a sign-in link, also while it runs: for an administrator, or EMAIL=somebody
	@$(BIN)/python -m config.launch.within $(BIN)/python manage.py signin_link $(if $(EMAIL),--email "$(EMAIL)")

test: .venv/installed-dev frontend/node_modules/built ## run every test (browser tests need Chromium)
	@cd frontend && npm test --silent
	@test -x "$$(command -v chromium)" || echo "no Chromium: browser tests are skipped (on Debian: apt-get install chromium)"
	@$(BIN)/python -m transcription.models base
	@$(BIN)/python -m pytest -m "not slow and (not faults or quick)"

check: export DATABASE_URL := postgres://never/connected
check: export REDIS_URL := redis://never-connected
check: export SECRET_KEY := only-for-the-type-checker
check: .venv/installed-dev frontend/node_modules/installed ## formats, types, imports, templates, TypeScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/*.html')
	cd frontend && npm run check --silent

e2e: .venv/installed-dev frontend/node_modules/built ## the meeting of three real browsers, with figures
	@$(BIN)/python -m transcription.models base
	@$(BIN)/python -m pytest -m e2e -s tests/e2e

bench: .venv/installed-dev ## measure recognition; writes bench/results/
	@$(BIN)/python -m transcription.models base tiny.en
	@$(BIN)/python -m bench

bench-words: .venv/installed-dev ## measure word errors of finals over the clips of SPEECH_DIR
	@$(BIN)/python -m transcription.models base
	@$(BIN)/python -m bench.words

bench-media: .venv/installed-dev install-diarization frontend/node_modules/built ## measure uploads and the telling of speakers, over SPEECH_DIR
	@$(BIN)/python -m transcription.models base
	@$(BIN)/python -m bench.media

bench-pages: .venv/installed-dev frontend/node_modules/built ## how long search, review and downloads take with a lot in them
	@$(BIN)/python -m bench.pages

bench-gpu: .venv/installed-dev ## the same figures on a GPU with large-v3-turbo, 1 to 64 speakers
	@$(BIN)/python -m bench --gpu

faults: .venv/installed-dev frontend/node_modules/built ## kill, cut and flood real processes; prints the table of figures
	@$(BIN)/python -m transcription.models base
	@$(BIN)/python -m pytest -m faults tests/faults

load: .venv/installed-dev frontend/node_modules/built ## how much one web process carries
	@$(BIN)/python -m tests.faults.load

install-diarization: .venv/installed ## tell the speakers of recordings apart: pyannote.audio, torch, their models (1.5 GB)
	@$(BIN)/python -m transcription.diarization.install

install-observability: .venv/installed ## what SENTRY_DSN and OTEL_EXPORTER_OTLP_ENDPOINT need
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-observability.lock

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile -q pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile -q pyproject.toml --extra observability --universal --generate-hashes --no-emit-index-url --no-header -o requirements-observability.lock
	uv pip compile -q pyproject.toml --group dev --extra observability --universal --generate-hashes --no-emit-index-url --no-header -o requirements-dev.lock

format: .venv/installed-dev frontend/node_modules/installed ## format everything
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	$(BIN)/djade --target-version 5.2 $$(git ls-files 'templates/*.html') || true
	cd frontend && npm run format

clean: ## remove what was installed and built; var/ (data and models) stays
	rm -rf .venv frontend/node_modules frontend/dist

python-found:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer: install one (on Debian: apt-get install python3 python3-venv)"; exit 1; }

node-found:
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null \
	  || { echo "no Node.js 20 or newer with npm: install one from your system's packages or nodejs.org"; exit 1; }

.venv/made: | python-found
	@echo "making the virtual environment"; rm -rf .venv; $(PYTHON) -m venv .venv || { echo "no venv: on Debian apt-get install python3-venv"; exit 1; }
	@touch $@

.venv/installed: requirements.lock .venv/made
	@test -f .venv/installed-dev -a .venv/installed-dev -nt requirements.lock || { echo "installing Python packages (a minute or two)"; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock \
	  || { echo "pip could not install: the reason stands above; check the network and the disk, then try again"; exit 1; }; }
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/made
	@echo "installing Python packages for development (a minute or two)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock \
	  || { echo "pip could not install: the reason stands above; check the network and the disk, then try again"; exit 1; }
	@touch $@

frontend/node_modules/installed: frontend/package-lock.json | node-found
	@echo "installing frontend packages"
	@cd frontend && npm ci --loglevel=error --no-audit --no-fund || { echo "npm could not install: the reason stands above; check the network and the disk, then try again"; exit 1; }
	@touch $@

frontend/node_modules/built: $(WEB_SOURCES) frontend/node_modules/installed
	@echo "building the frontend"; cd frontend && npm run build --silent
	@touch $@
