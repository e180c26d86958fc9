# Everything starts from a clone, Python 3.10+, Node and a package registry; the rest is installed here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
SOURCES := $(shell find src style schema -type f) package.json yarn.lock tsconfig.json install.json

.PHONY: demo lab test bench lint test-python test-typescript test-browser test-packaging bench-browser postgresql clean

demo: $(VENV)/.installed
	$(BIN)/python -m demo

lab: $(VENV)/.installed
	$(BIN)/python -m demo --lab

test: lint test-typescript test-packaging test-browser test-python

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	jlpm lint:check
	jlpm types:check
	jlpm tsc -p tsconfig.test.json

test-python: $(VENV)/.installed ui-tests/node_modules/.installed postgresql
	$(BIN)/pytest -n 2 -m "not packaging"

# The tests start a server of their own from its programs.
postgresql:
	scripts/postgresql.sh

test-packaging: $(VENV)/.installed
	$(BIN)/pytest -m packaging

test-typescript: $(VENV)/.installed
	jlpm test

test-browser: $(VENV)/.installed ui-tests/node_modules/.installed postgresql
	cd ui-tests && jlpm test

bench: $(VENV)/.installed ui-tests/node_modules/.installed
	$(BIN)/python -m bench

bench-browser: $(VENV)/.installed ui-tests/node_modules/.installed
	$(BIN)/python -m bench panel

# uv makes the difference between 10 s and a minute here. The build hook runs jlpm, which builds the front end.
$(VENV)/.installed: pyproject.toml $(SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=...")'
	@node --version >/dev/null || { echo "Node 20 or newer is needed to build the front end"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	# An earlier install has put it there through its link; twice in one wheel is refused.
	rm -f jupyter_dataflow_envs/labextension/install.json
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable ".[test]"
	touch $@

ui-tests/node_modules/.installed: ui-tests/package.json ui-tests/yarn.lock $(VENV)/.installed
	cd ui-tests && jlpm install && jlpm browser
	touch $@

clean:
	rm -rf $(VENV) .demo .cache .bench lib node_modules ui-tests/node_modules jupyter_dataflow_envs/labextension
