# Everything here sets up what it needs: a virtual environment in .venv with the versions of constraints.txt, and for
# the project's own tests Debian packages and npm tools where they may be installed. `make help` lists the targets.
#
#   MINUTES how long make fuzz takes
#   ARGS    further arguments of the command behind a target: make check ARGS='--profile smoke'
#   PYTHON  the interpreter for .venv; by default the newest of 3.11 or later

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
EVERYTHING := $(VENV)/.everything-installed
DEVELOPMENT := $(VENV)/.development-installed
INSTALL := $(BIN)/python -m pip install -qq --constraint constraints.txt
# COMMAND:PACKAGE, what the project's own tests need beside Python.
TEST_PACKAGES := chromium:chromium node:nodejs npm:npm pg_ctlcluster:postgresql systemd-analyze:systemd promtool:prometheus amtool:prometheus-alertmanager bwrap:bubblewrap sqlite3:sqlite3

MINUTES ?= 20
# What the committed sample report shows; names from `lineman sandbox --list-faults`.
SAMPLE_FAULTS ?= page-skips-record over-refused query-in-refusal total-capped

export PYTHON ARGS SAMPLE_FAULTS
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_BUILD_CONSTRAINT := constraints.txt

.PHONY: help setup setup-dev check test unit lint format proof mutants bench hostile fuzz crash sample outputs constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

check: $(RUNTIME) ## run the contract suite against the embedded sandbox
	@$(BIN)/lineman test --sandbox $(ARGS)

test: $(DEVELOPMENT) ## run the project's own tests
	@sh tools/install-packages.sh $(TEST_PACKAGES)
	@sh tools/install-openapi-linters.sh >/dev/null || echo "NOTE: the linters of the OpenAPI document are missing" >&2
	@$(BIN)/python -m pytest --numprocesses auto --ignore=tests/contract --quiet $(ARGS)

unit: $(DEVELOPMENT) ## run the fast tests only, without a browser, a database or a run of the suite
	@$(BIN)/python -m pytest --numprocesses auto --quiet tests/unit $(ARGS)

lint: $(DEVELOPMENT) ## check style, types and who imports whom
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/shellcheck tools/*.sh .ci/run

format: $(DEVELOPMENT) ## put the code into the project's style
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

proof: $(DEVELOPMENT) ## prove that the suite finds every seeded fault and accuses no honest sandbox
	@$(BIN)/python -m pytest --numprocesses auto tests/proof --everything $(ARGS)

mutants: $(DEVELOPMENT) ## change the honest operation a little at a time, and see which changes the suite does not find
	@$(BIN)/python -m benchmarks.mutants $(ARGS)

bench: $(DEVELOPMENT) ## measure the suite and the probe against the numbers they have to reach
	@$(BIN)/python -m benchmarks.suite $(ARGS)

hostile: $(DEVELOPMENT) ## play every attack of a hostile target to the suite and the probe, in bounds of time and memory
	@$(BIN)/python -m benchmarks.hostile $(ARGS)

fuzz: $(DEVELOPMENT) ## have lineman read anything in the place of anything, for MINUTES=20
	@$(BIN)/python -m benchmarks.fuzz $(MINUTES)

crash: $(DEVELOPMENT) ## kill the monitor's writer 200 times and look for what was lost
	@LINEMAN_KILLS=200 $(BIN)/python -m pytest tests/monitor/test_crash.py $(ARGS)

sample: $(EVERYTHING) ## renew the committed sample report
	@sh tools/renew-sample.sh

setup: $(EVERYTHING) ## install lineman with all that it can do
setup-dev: $(DEVELOPMENT) ## install what lineman needs to be developed

outputs: $(DEVELOPMENT) ## renew the outputs that README.md and docs/ show, by running the commands
	@$(BIN)/python tools/update_outputs.py

constraints: ## resolve and pin the newest versions of everything
	@sh tools/update-constraints.sh

clean: ## remove what the targets made, the virtual environment included; reports stay
	@rm -rf $(VENV) build dist .hypothesis .schemathesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	@sh tools/create-venv.sh $(VENV)

$(RUNTIME): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing lineman into $(VENV)"
	@$(INSTALL) --editable '.[sandbox]'
	@touch $@

$(EVERYTHING): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing lineman with all that it can do into $(VENV)"
	@$(INSTALL) --editable '.[monitor,plots,postgres,sandbox]'
	@touch $(RUNTIME) $@

$(DEVELOPMENT): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing lineman and what its tests need into $(VENV)"
	@$(INSTALL) --editable '.[dev]'
	@touch $(RUNTIME) $(EVERYTHING) $@
