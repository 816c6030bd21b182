# Needs Python 3.11 or newer with pip and venv, and make. Everything else goes into .venv.
# `make` prints the targets; a target that needs packages installs them first (hashes checked),
# a second run sees the stamp files and starts at once.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
UV ?= uv
# Three for two cores: tests of servers wait for them now and then.
WORKERS ?= 3
# Compiled tests are kept: compiling them takes longer than the rest of a collection.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup
TYPES = $(BIN)/mypy --strict ikone_events
# Types are checked beside the tests, because mypy can use one core only. What it says comes last.
TEST = $(TYPES) >$(VENV)/types.log 2>&1 & types=$$!; $(PYTEST) --durations 20; tests=$$?; \
  wait $$types; types=$$?; cat $(VENV)/types.log; exit $$((tests + types))
# About a third of what all tests without servers cost: what most edits concern.
QUICK = -m "not slow and not browser and not postgres and not imap" $(addprefix --ignore tests/, \
  crash demo journeys look packaging rooms rush worker services/figures services/followup \
  services/incoming services/office services/operating services/privacy services/rooms \
  store/operating web/attendee web/organiser)
CATALOGUES := ikone_events/translations
PO := $(wildcard $(CATALOGUES)/*/LC_MESSAGES/*.po)

# Chromium for the browser tests: IKONE_CHROMIUM, or the first of these on the PATH.
# Chromium's shell without windows takes half the CPU time, so it is asked for once where we may install.
SHELL_BROWSER := chromium-headless-shell
BROWSERS := $(SHELL_BROWSER) chromium chromium-browser google-chrome google-chrome-stable
ASKED := $(VENV)/shell-browser.stamp

.PHONY: help run test quick night check style lint format bench pictures translations lock system install dev clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

run: install ## the demo: data, worker, mail catcher (ARGS="--port 8001 --scenario after")
	@$(BIN)/ikone-events demo $(ARGS)

test: dev system style ## everything CI runs: lint, types, all tests, browser and mail server too
	@$(TEST)

quick: WORKERS = 2
quick: dev ## most tests of rules, mails and pages, in less than a minute
	$(PYTEST) $(QUICK)

night: export TESTS_AT = night
night: test ## everything at full strength, before a release: half an hour and more

lint: check ## style and types

check: style
	$(TYPES)

style: dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: dev ## put the code in order
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: dev ## measure speed and memory (ARGS="--json FILE")
	$(BIN)/python -m tests.bench $(ARGS)

pictures: dev system ## take the pictures of the handbook and the README (ARGS="heute termin" for some)
	$(BIN)/python -m tests.pictures $(ARGS)

translations: dev ## collect new texts, update and compile the catalogues
	$(BIN)/pybabel extract --mapping babel.cfg --keywords N_ --keywords _l --keywords lazy_gettext \
	  --keywords lazy_ngettext:1,2 --no-location --sort-output --width 110 \
	  --project "Ikone Events" --output $(VENV)/messages.pot .
	$(BIN)/pybabel update --input-file $(VENV)/messages.pot --output-dir $(CATALOGUES) \
	  --no-fuzzy-matching --ignore-pot-creation-date --width 110
	$(BIN)/pybabel compile --directory $(CATALOGUES) --statistics

# Each lock is held to the one before, so that all three agree. No address of an index inside.
LOCK = $(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --custom-compile-command "make lock"

lock: ## resolve the dependencies anew (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(LOCK) pyproject.toml --extra pdf --output-file requirements.lock
	$(LOCK) --group build --constraints requirements.lock --output-file requirements-build.lock
	$(LOCK) pyproject.toml --extra pdf --group dev --constraints requirements.lock \
	  --constraints requirements-build.lock --output-file requirements-dev.lock

# ---------------------------------------------------------------------------------------------

install: $(VENV)/built.stamp ## only install what `make run` needs

dev: $(VENV)/dev.stamp $(VENV)/built.stamp

# The first Python that is new enough and can make an environment (Debian splits venv off).
$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3; do \
	  command -v $$python >/dev/null 2>&1 || continue; \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  found=$$python; \
	  $$python -c 'import ensurepip, venv' 2>/dev/null || continue; \
	  echo "Making $(VENV) with $$($$python --version)"; \
	  exec $$python -m venv --clear $(VENV); \
	done; \
	if [ -n "$$found" ]; then \
	  echo "$$found has no venv or ensurepip; on Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
	  echo "Python 3.11 or newer was not found; install it or name it: make PYTHON=/path/to/python" >&2; \
	fi; exit 1

$(VENV)/run.stamp: requirements.lock requirements-build.lock | $(BIN)/python
	@echo "Installing what the app needs (about half a minute)"
	@$(PIP) install --quiet --require-hashes -r requirements.lock -r requirements-build.lock
	@touch $@

# Editable: copies KERN, cuts its font, compresses, compiles the translations, makes the command ikone-events.
$(VENV)/built.stamp: $(VENV)/run.stamp pyproject.toml hatch_build.py $(PO)
	@echo "Building ikone-events in place"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "Installing what the tests need"
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

# What the tests need beside Python: one line each, the Debian package and the command that finds
# it. What is missing is installed where we may, else named. Debian starts a mail server as soon as
# it is installed; the tests start their own, so that one is switched off again.
system:
	@find_browser() { \
	  if [ -n "$$IKONE_CHROMIUM" ]; then command -v "$$IKONE_CHROMIUM"; return; fi; \
	  for name in $(BROWSERS); do command -v $$name && return; done; return 1; }; \
	find_server() { (PATH="$$PATH:/usr/sbin:/usr/local/sbin"; command -v "$$1"); }; \
	want() { package=$$1; shift; "$$@" >/dev/null 2>&1 || missing="$$missing $$package"; }; \
	look() { \
	  missing=""; \
	  [ -n "$$IKONE_CHROMIUM" ] || [ -e $(ASKED) ] || want $(SHELL_BROWSER) command -v $(SHELL_BROWSER); \
	  want chromium find_browser; \
	  want dovecot-imapd find_server dovecot; \
	  want libical3 $(BIN)/python -c 'import ctypes; ctypes.CDLL("libical.so.3")'; \
	}; \
	look; [ -n "$$missing" ] || exit 0; \
	if [ -n "$$IKONE_CHROMIUM" ] && ! find_browser >/dev/null; then \
	  echo "IKONE_CHROMIUM: $$IKONE_CHROMIUM is no program" >&2; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then root=""; elif sudo -n true 2>/dev/null; then root="sudo -n"; else root=no; fi; \
	if [ "$$root" != no ] && command -v apt-get >/dev/null; then \
	  echo "Installing for the tests:$$missing"; \
	  $$root apt-get update -qq </dev/null && \
	  for package in $$missing; do \
	    [ $$package = chromium ] && find_browser >/dev/null && continue; \
	    $$root env DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y -qq --no-install-recommends $$package </dev/null >/dev/null; done; \
	  case "$$missing" in *dovecot*) \
	    if command -v systemctl >/dev/null; then $$root systemctl disable --now dovecot >/dev/null 2>&1; fi;; esac; \
	fi; \
	touch $(ASKED); look; [ -z "$$missing" ] || { \
	  echo "The tests need these packages, which could not be installed:$$missing" >&2; \
	  echo "Another browser than Chromium: set IKONE_CHROMIUM to its path" >&2; exit 1; }

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist ikone_events/static/vendor $(CATALOGUES)/*/LC_MESSAGES/*.mo
