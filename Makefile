# `make site` builds the example; `make test` sets up everything the tests need and runs them all.
# Each target makes what it depends on; nothing is assumed but Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
WORLDS ?= 2000

.PHONY: site test ceph quick serve lint bench proof gallery catalogues lock clean
.DEFAULT_GOAL := site

site: $(VENV)/runtime
	$(BIN)/heliograph build
	@$(BIN)/heliograph

serve: $(VENV)/runtime
	$(BIN)/heliograph serve

test: $(VENV)/dev tools
	CI=$${CI:-true} $(BIN)/pytest -n $(JOBS) --dist worksteal -m "not ceph"

# The settings of a bucket on Ceph's gateway, which starts slowly and not every time: by itself.
ceph: $(VENV)/dev
	$(call get,$(CEPH))
	CI=$${CI:-true} $(BIN)/pytest -m ceph

quick: $(VENV)/dev
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not slow and not browser"

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# `make proof WORLDS=200` is shorter; `make proof TABLE=docs/proof-table.md` writes the table as Markdown too.
proof: $(VENV)/dev browser strace
	cd tests && PYTHONPATH=. ../$(BIN)/python -m proof.run --worlds $(WORLDS) --seed 1 --jobs $(JOBS) \
		$(if $(TABLE),--markdown $(abspath $(TABLE)))

gallery: $(VENV)/dev browser
	$(BIN)/python docs/gallery.py

# What is said on pages and in mails, gathered from code and layouts into the catalogues that translators work in.
CATALOGUES := src/heliograph/locale
EXTRACT := --no-default-keywords -k gettext -k say -k ngettext:1,2 -k pgettext:1c,2 -k marked -k N_ -k _

catalogues: $(VENV)/runtime
	$(BIN)/pybabel -q extract -F pyproject.toml $(EXTRACT) --no-wrap --omit-header --sort-output --add-location=file \
		-o $(CATALOGUES)/heliograph.pot .
	$(BIN)/pybabel -q update -D heliograph -i $(CATALOGUES)/heliograph.pot -d $(CATALOGUES) --no-wrap --no-fuzzy-matching \
		--ignore-obsolete --ignore-pot-creation-date

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

# What tests need beside Python, as command:packages. All that is missing comes at once; nothing is asked, and no
# service is needed to start: tests run servers of their own.
BROWSER := chromium:chromium,fonts-dejavu-core,fonts-noto-core,fonts-noto-color-emoji
SERVERS := postfix:postfix saslpasswd2:sasl2-bin nginx:nginx-light sshd:openssh-server rsync:rsync
CEPH := radosgw:radosgw ceph-mon:ceph-mon ceph-osd:ceph-osd
OTHERS := git:git strace:strace java:default-jre-headless

get = @lacking=; for pair in $(1); do \
		command -v $${pair%%:*} >/dev/null || lacking="$$lacking $$(echo $${pair\#*:} | tr , ' ')"; done; \
	[ -z "$$lacking" ] || { apt-get update -qq && \
		{ ! command -v debconf-set-selections >/dev/null || \
			echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections; } && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$lacking >/dev/null; } \
		|| { echo "make: could not get$$lacking, which the tests need" >&2; exit 1; }

.PHONY: browser strace servers tools
browser:
	$(call get,$(BROWSER))

strace:
	$(call get,strace:strace)

servers:
	$(call get,$(SERVERS) $(OTHERS))

tools:
	$(call get,$(BROWSER) $(SERVERS) $(OTHERS))
