# `make site` builds the example; `make test` sets up everything the tests need and runs them all.
# Each target makes what it depends on; nothing is assumed but Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
WORLDS ?= 2000

.PHONY: site test quick serve lint bench proof gallery lock clean
.DEFAULT_GOAL := site

site: $(VENV)/runtime
	$(BIN)/heliograph build
	@$(BIN)/heliograph

serve: $(VENV)/runtime
	$(BIN)/heliograph serve

test: $(VENV)/dev browser strace
	CI=$${CI:-true} $(BIN)/pytest -n $(JOBS) --dist worksteal

quick: $(VENV)/dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not slow and not browser"

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

proof: $(VENV)/dev browser strace
	cd tests && PYTHONPATH=. ../$(BIN)/python -m proof.run --worlds $(WORLDS) --seed 1
	cd tests && PYTHONPATH=. ../$(BIN)/python -m proof.crashes
	$(BIN)/pytest -n $(JOBS) --dist worksteal -q tests/test_leaks.py tests/test_egress*.py tests/test_hostile_*.py \
		tests/test_passages_fuzz.py tests/test_pictures.py tests/test_files_fuzz.py tests/test_bad_input.py tests/test_regressions.py

gallery: $(VENV)/dev browser
	$(BIN)/python docs/gallery.py

bench: $(VENV)/runtime
	$(BIN)/python bench/run.py

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -c requirements.lock --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# --- setting up -------------------------------------------------------------------------------------------------

$(VENV)/runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || (apt-get update -qq && apt-get install -y -qq python3-venv)
	$(PYTHON) -m venv $(VENV)

.PHONY: browser
browser:
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends \
		chromium fonts-dejavu-core fonts-noto-core fonts-noto-color-emoji >/dev/null; } \
		|| { echo "make: could not get chromium, which the browser tests need" >&2; exit 1; }

.PHONY: strace
strace:
	@command -v strace >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends strace >/dev/null; } \
		|| { echo "make: could not get strace, which the tests of what is written need" >&2; exit 1; }
