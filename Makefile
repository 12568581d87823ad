# make demo    the main job on real lab hosts: deliver, release step by step, take back, show the record
# make test    lint, unit, integration, the end-to-end road on lab hosts, the Molecule scenarios that are not long
# make molecule    every Molecule scenario, the long ones too
# make bench-security    hosts before and after the roles, by tools of others; a quarter of an hour
# make bench-tuning    hosts of 1, 2 and 4 GiB, tuned, under their own benchmarks; an hour and a half
# make search  the state machine and the properties with other examples each time; a quarter of an hour
# make lint | unit | e2e | sanity | bench | clean
# The lab needs root: without it, demo, test, e2e, molecule and clean run themselves again through sudo.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:

VENV ?= .venv
PYTHON ?= python3
BIN := $(abspath $(VENV))/bin
export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# How many Molecule scenarios at once: each takes about 1 GB and one of the two cores most of the time.
MOLECULE_JOBS ?= 3

AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo -E env PATH="$(PATH)")

.PHONY: demo test checks lint unit e2e molecule sanity search bench bench-security bench-tuning clean setup system
.DEFAULT_GOAL := setup

system:
	@.ci/system-packages

setup: system $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt | system
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q -c constraints.txt -e '.[dev,postgres,queue,report]'
	touch $@

demo: setup
	@$(AS_ROOT) $(BIN)/python -m demo $(if $(KEEP),--keep)

test: setup checks unit
	@$(AS_ROOT) $(BIN)/pytest tests/e2e --durations=0 --durations-min=20 $(PYTEST_ARGS)
	$(AS_ROOT) $(BIN)/pytest tests/molecule -n $(MOLECULE_JOBS) -m "not long" --durations=0 --durations-min=60 $(PYTEST_ARGS)

# Most of each runs on one core: together they take little longer than the longer one.
checks: setup
	@$(MAKE) --no-print-directory --output-sync=target --jobs=2 lint sanity

lint: setup
	@ruff check .
	ruff format --check orchestrator tests demo collections
	mypy
	lint-imports
	yamllint -s .
	ansible-lint
	.ci/collection-docs
	.ci/unexercised
	.ci/catalogues --check

unit: setup
	@pytest tests/unit tests/integration -n 2 --dist loadgroup $(PYTEST_ARGS)

e2e: setup
	@$(AS_ROOT) $(BIN)/pytest tests/e2e $(PYTEST_ARGS)

molecule: setup
	@$(AS_ROOT) $(BIN)/pytest tests/molecule -n $(MOLECULE_JOBS) $(PYTEST_ARGS)

sanity: setup
	@.ci/sanity

search: setup
	@HYPOTHESIS_PROFILE=search pytest tests/unit -n 2 -k 'TestReleases or routing or turns or judge' $(PYTEST_ARGS)

bench: setup
	@$(AS_ROOT) $(BIN)/python -m pytest tests/bench -s --ignore=tests/bench/security --ignore=tests/bench/tuning $(PYTEST_ARGS)

bench-security: setup
	@$(AS_ROOT) $(BIN)/python -m pytest tests/bench/security -s $(PYTEST_ARGS)

bench-tuning: setup
	@$(AS_ROOT) $(BIN)/python -m pytest tests/bench/tuning -s $(PYTEST_ARGS)

clean:
	@if [ -x $(BIN)/lifecycle ]; then
	  for inventory in inventories/lab molecule/*/inventory tests/bench/security/inventory; do
	    if [ -f "$$inventory/hosts.yml" ]; then $(AS_ROOT) $(BIN)/lifecycle lab down -i "$$inventory"; fi
	  done
	fi
	rm -rf demo/build demo/dist dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
