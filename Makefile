# Needs make and Python 3.11 or newer (with venv and pip); everything else comes from requirements/.
# Another Python: make test PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
UV ?= uv==0.13.9

PY := $(VENV)/bin/python
PIP := $(PY) -Im pip -qq --disable-pip-version-check --no-input
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
# A worker for each core, which takes what another has left; ARGS="-n0" for one process, --pdb does so by itself.
PYTEST := $(PY) -Im pytest --numprocesses auto --dist worksteal
STAMP := $(VENV)/installed-$(VERSION)

.PHONY: help demo test explore check docs notebooks bench lock clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo 'make demo      emit the example as Terraform JSON'
	@echo 'make test      run the tests        (make test ARGS="-k name --cov")'
	@echo 'make explore   run them with far more examples, others each time'
	@echo 'make check     lint, types, layers'
	@echo 'make bench     run the benchmarks'
	@echo 'make docs      write what is generated: docs/config.md and schemas/'
	@echo 'make notebooks run the notebooks and store what they show'
	@echo 'make lock      resolve requirements/ anew  (make lock LOCKFLAGS=--upgrade for the newest)'
	@echo 'make clean     remove what the other targets made'

demo: $(STAMP)-run
	@echo '$(VENV)/bin/ecsiam emit examples/memos.yaml --target terraform' >&2
	@$(PY) -Im ecsiam emit examples/memos.yaml --target terraform

test: $(STAMP)-dev
	$(PYTEST) $(ARGS)

# Hours: before a release, and when the strategies change. What it finds becomes an example of its law.
explore: $(STAMP)-dev
	$(PY) -m tests.differential --minutes 15 --seed "$$(date +%s)000"
	$(PYTEST) --hypothesis-profile explore $(ARGS)

check: $(STAMP)-dev
	$(PY) -Im ruff check
	$(PY) -Im ruff format --check
	$(PY) -Im mypy
	$(PY) -Im pyright --pythonpath $(PY)
	$(VENV)/bin/lint-imports --no-logo

docs: $(STAMP)-dev
	$(PY) -I docs/generate.py

notebooks: $(STAMP)-dev
	$(PY) -I docs/notebooks.py

bench: $(STAMP)-dev
	$(PY) -I benchmarks $(ARGS)

# One environment for all: dev.lock holds what run.lock holds, in the same versions. The stamps bear the Python
# version, so that another PYTHON makes it anew.
$(STAMP)-%: requirements/%.lock pyproject.toml
	@echo 'installing $< into $(VENV)' >&2
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@test -d $(VENV)/lib/python$(VERSION)/site-packages/pip || $(PYTHON) -Im venv --clear $(VENV) >&2
	@$(PIP) install --no-compile --requirement $< >&2
	@$(PIP) install --no-deps --no-build-isolation --editable . >&2
	@touch $@

# run.lock is held to dev.lock's versions: what people run is what was tested. The locks name no package index.
UVX := $(VENV)-lock/bin/uv
COMPILE := $(UVX) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --annotation-style line $(LOCKFLAGS)

lock:
	test -x $(UVX) || $(PYTHON) -Im venv $(VENV)-lock
	$(VENV)-lock/bin/python -Im pip install -qq --disable-pip-version-check '$(UV)'
	$(COMPILE) --all-extras pyproject.toml requirements/build.in --output-file requirements/dev.lock
	$(COMPILE) --constraints requirements/dev.lock pyproject.toml requirements/build.in --output-file requirements/run.lock

clean:
	rm -rf $(VENV) $(VENV)-lock build dist ecsiam.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
