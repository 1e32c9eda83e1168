# Two commands matter: `make repro` and `make test`. Each makes the environment first if it is not there.
.DEFAULT_GOAL := help
.PHONY: help install repro test test-slow check ui serve

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 26

$(INSTALLED): requirements.lock pyproject.toml install.sh
	@PYTHON="$(PYTHON)" sh install.sh $(VENV)

install: $(INSTALLED) ## make the environment, .venv (the other targets do so too)

repro: $(INSTALLED) ## run the pipeline (only what changed runs)
	@$(BIN)/dialsum check
	@$(BIN)/dvc repro

test: $(INSTALLED) ## run the tests, 10 to 14 minutes on two cores
	@$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadgroup --no-loadscope-reorder

test-slow: $(INSTALLED) ## run the tests that `make test` leaves out; many take minutes
	@$(BIN)/python -m pytest -m slow

check: $(INSTALLED) ## ruff lint and format, mypy strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

ui: $(INSTALLED) ## MLflow's pages on this repository's runs, at http://127.0.0.1:5000 (PORT=… for another port)
	@$(BIN)/dialsum ui $(if $(PORT),--port $(PORT))

serve: $(INSTALLED) ## serve the champion at http://127.0.0.1:5001 (PORT=… for another port)
	@$(BIN)/dialsum serve $(if $(PORT),--port $(PORT))
