# Every target does its own set-up, in .venv; nothing is installed anywhere else.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

# The Python that makes .venv; any >= 3.11 will do.
PY ?= python3
export PY

python := .venv/bin/python

# A virtual environment that was copied or moved points at the old place: forget its stamps.
made_at := $(shell cat .venv/made-at 2>/dev/null)
ifneq ($(made_at),$(shell pwd -P))
$(shell rm -f .venv/run.stamp .venv/dev.stamp)
endif

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: .venv/run.stamp ## make .venv with what the program needs

.PHONY: demo
demo: .venv/run.stamp ## watch a whole campaign, simulated, without keys
	@VOICESLOT_DATA_DIR="$(CURDIR)/.demo" .venv/bin/voiceslot demo

.PHONY: test
test: lint ## check everything: format, lint, types, import rule, tests
	@$(python) -m pytest -n 4 --dist worksteal

.PHONY: lint
lint: .venv/dev.stamp ## check format, lint, types and the import rule
	@$(python) -m ruff format --check --quiet .
	@$(python) -m ruff check --quiet .
	@$(python) -m mypy
	@.venv/bin/lint-imports --no-logo

.PHONY: faults
faults: .venv/dev.stamp ## kill, starve and break the engine for 45 minutes; needs root and strace
	@$(python) -m pytest -m slow -n 2 --dist worksteal

# How many stories are told, and from which seed: the first that goes wrong is cut short and told.
SEEDS ?= 1000
FROM ?= 0

.PHONY: simulate
simulate: .venv/dev.stamp ## tell SEEDS=n stories of trouble to the engine, from seed FROM=k on
	@$(python) -m tests.simulation.run --seeds $(SEEDS) --from $(FROM)

.PHONY: nightly
nightly: .venv/dev.stamp ## the same with 20,000 seeds, going on where it was stopped
	@$(python) -m tests.simulation.run --nightly --seeds 20000 --from $(FROM) --tally build/night.json

.PHONY: mutants
mutants: .venv/dev.stamp ## make mistakes on purpose and see whether the stories notice them
	@$(python) -m tests.mutants.run

.PHONY: bench
bench: .venv/dev.stamp ## measure the speed against bare clients, as ratios in one run
	@$(python) -m pytest tests/benchmarks --capture=no

.PHONY: lock
lock: ## make both lock files anew from pyproject.toml
	@scripts/lock.sh

.PHONY: docs
docs: .venv/dev.stamp ## write the tables of README.md anew from the code
	@$(python) scripts/readme.py

.PHONY: picture
picture: .venv/dev.stamp ## draw the console for README anew
	@$(python) scripts/picture.py

.PHONY: fresh
fresh: ## run the README's two commands in a fresh clone and home
	@scripts/fresh.sh

.venv/run.stamp: requirements.lock scripts/setup.sh
	@scripts/setup.sh run

.venv/dev.stamp: requirements-dev.lock scripts/setup.sh
	@scripts/setup.sh dev
