# make demo       a demonstration operator: makes it, closes its month, proves the ledger, and at a
#                 terminal offers the console on it
# make test       the tests on SQLite and on a private MariaDB
# make test-full  the same and the heavy ones: a million rows, crash loops, a cluster
# make lint       ruff, mypy --strict, the contracts between the floors
# make bench      the figures of the README, measured here
# make picture    the README's picture of the console, drawn anew
# make clean      removes .venv and everything generated
#
# PYTHON=python3.12 chooses the interpreter that .venv is made with; without it the newest from 3.11
# on is taken.

SHELL := /bin/bash
PYTHON ?=
export PYTHON

BIN := .venv/bin
RUNTIME := .venv/.installed
DEV := .venv/.installed-dev
# Two halves of the tests at a time, each with servers of its own; a file is not cut in two.
TWO_AT_ONCE := --numprocesses=2 --dist=loadfile
INPUTS := pyproject.toml constraints.txt scripts/setup.sh

.PHONY: help demo test test-full lint bench picture clean
.NOTPARALLEL:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,11p'

$(RUNTIME): $(INPUTS)
	@scripts/setup.sh

$(DEV): $(INPUTS)
	@scripts/setup.sh dev

demo: $(RUNTIME)
	$(BIN)/billdeck demo

test: $(DEV)
	@scripts/test-programs.sh mariadb dovecot deploy clock sshd
	$(BIN)/python -m pytest $(TWO_AT_ONCE) -m "not heavy" $(ARGS)

test-full: $(DEV)
	@scripts/test-programs.sh mariadb dovecot deploy clock sshd galera
	$(BIN)/python -m pytest $(TWO_AT_ONCE) -m "not heavy" $(ARGS)
	$(BIN)/python -m pytest -m heavy $(ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

bench: $(DEV)
	@scripts/test-programs.sh mariadb dovecot sshd
	$(BIN)/python -m bench.month_close $(ARGS)
	$(BIN)/python -m bench.console
	$(BIN)/python -m bench.balance_import
	$(BIN)/python -m bench.daemon
	$(BIN)/python -m bench.events
	$(BIN)/python -m bench.nas_drop
	$(BIN)/python -m bench.event

picture: $(DEV)
	$(BIN)/python -m bench.picture

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
