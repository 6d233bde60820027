# PulseOps: every command. `make` or `make help` lists them; ARGS="..." passes further arguments on.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test check bench prove reset schema lock

PYTHON ?= $(shell for found in python3 python3.13 python3.12 python3.11; do \
	$$found -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$found && break; done)
UV := uv==0.13.9
PY := .venv/bin/python
COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
IN_TESTS := DJANGO_SETTINGS_MODULE=tests.settings

help: ## list these commands
	@sed -n 's/^\([a-z]*\):[^#]*## */\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done

run: .venv/.base ## start everything on this machine, with demo data the first time (ARGS=--no-demo: without)
	@exec $(PY) manage.py up $(ARGS)

test: .venv/.dev ## run every test (ARGS="-k name": some)
	@exec $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/.dev ## lint, types, import rules, migrations, deployment checks, API schema
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(IN_TESTS) $(PY) -m tests.servers $(PY) manage.py makemigrations --check --dry-run
	PULSEOPS_MODE=production PULSEOPS_PUBLIC_URL=https://ops.example.com \
		PULSEOPS_SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(IN_TESTS) $(PY) manage.py check --deploy --fail-level WARNING
	@new=$$(mktemp) && $(IN_TESTS) $(PY) manage.py spectacular --validate --fail-on-warn --file "$$new" && \
		{ cmp -s "$$new" docs/openapi.yaml && echo "docs/openapi.yaml is current"; \
		same=$$?; rm -f "$$new"; [ $$same = 0 ] || { echo "docs/openapi.yaml is out of date: make schema" >&2; exit 1; }; }

bench: .venv-bench/.installed ## run every benchmark in turn, peers included (takes minutes)
	@for each in benchmarks/[a-z]*.py; do echo "== $$each"; .venv-bench/bin/python "$$each" || exit 1; done

prove: .venv/.dev ## run the long proofs
	@PULSEOPS_PROVE=1 exec $(PY) -m pytest -m prove $(ARGS)

reset: .venv/.base ## remove the embedded servers' data and start over; refuses while running
	@exec $(PY) manage.py reset

schema: .venv/.dev ## write docs/openapi.yaml anew
	$(IN_TESTS) $(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

lock: .venv/.dev ## resolve requirements/*.in anew (ARGS=--upgrade: to the newest)
	$(COMPILE) $(ARGS) requirements/base.in -o requirements/base.txt
	$(COMPILE) $(ARGS) requirements/dev.in -c requirements/base.txt -o requirements/dev.txt
	$(COMPILE) $(ARGS) requirements/bench.in -c requirements/base.txt -o requirements/bench.txt

# One environment: the base lock is enough to run, the dev lock adds what checks and tests need.
.venv/.base: requirements/base.txt | .venv/bin/python
	$(call install,.venv,$<)
.venv/.dev: requirements/dev.txt | .venv/bin/python
	$(call install,.venv,$<)
.venv-bench/.installed: requirements/bench.txt | .venv-bench/bin/python
	$(call install,.venv-bench,$<)

%/bin/python:
	@test -n "$(PYTHON)" || { echo "PulseOps needs Python 3.11 or newer; if it has another name: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv $* || { rm -rf $*; \
		echo "Python's venv module is incomplete; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo '*' > $*/.gitignore

define install
@echo "Installing $(2) into $(1) ..."
@$(1)/bin/pip install --quiet --disable-pip-version-check $(UV) || echo "uv is not available here; pip does it, slower"
@{ test -x $(1)/bin/uv && $(1)/bin/uv pip install --quiet --python $(1)/bin/python --require-hashes -r $(2); } || \
	$(1)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(2)
@touch $@
endef
