# The only set-up there is: each target makes .venv and installs what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
ONLY ?=

.PHONY: run test bench lint generate analyze clean

$(VENV)/base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

$(VENV)/%: $(VENV)/base
	$(PIP) --editable '.[$*]'
	@touch $@

run: $(VENV)/base
	$(BIN)/python sim.py run

test: $(VENV)/test
	$(BIN)/python -m pytest -n auto --dist worksteal

bench: $(VENV)/bench
	$(BIN)/python -m tests.benchmarks $(ONLY)

lint: $(VENV)/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

generate: $(VENV)/base
	$(BIN)/python sim.py generate --personas 3

analyze: $(VENV)/base
	$(BIN)/python sim.py runs list

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache bench.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
