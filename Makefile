PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --require-hashes -r
LOCK := $(BIN)/uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
# More for pytest, as in `make test ARGS="tests/test_setup.py -x"`, which then runs once with nothing else said.
ARGS ?=
PYTEST := $(BIN)/python -m pytest

.PHONY: help run test engines proof lint format bench lock upgrade clean

help:
	@echo "make run      serve the app at http://127.0.0.1:8501"
	@echo "make test     run the tests            make lint     format check, lint, types"
	@echo "make proof    run the long proofs      make format   format and fix what can be fixed"
	@echo "make bench    print the benchmarks     make lock     rewrite requirements*.txt from requirements*.in"
	@echo "make engines  install PostgreSQL and Spark for their tests, which are skipped without them"
	@echo "make clean    remove what was made     make upgrade  the same, to the newest versions allowed"

# Further server settings come from the environment (STREAMLIT_SERVER_PORT and its like), which Streamlit reads itself.
run: .venv/.runtime
	$(BIN)/streamlit run app.py

# A browser and its server want the cores for themselves; all else runs on two of them, a file at a time on each. Three at
# a time took no less (16:23 against 15:48), since each then works longer.
test: .venv/.development
	@command -v chromium >/dev/null || .ci/apt-install chromium || echo "chromium is missing: the tests decide what that means"
ifeq ($(strip $(ARGS)),)
	$(PYTEST) -m "not proof and not browser" -n 2 --dist loadfile; others=$$?; \
	$(PYTEST) -m "browser and not proof" && exit $$others
else
	$(PYTEST) $(ARGS)
endif

engines: .venv/.development .venv/.engines
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || .ci/apt-install postgresql
	@command -v java >/dev/null || .ci/apt-install openjdk-17-jre-headless

proof: .venv/.development
	$(PYTEST) -m proof $(ARGS)

lint: .venv/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict core charts

format: .venv/.development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.development
	set -e; for script in bench/[a-z]*.py; do $(BIN)/python "$$script"; done

lock: .venv/.development
	$(LOCK) $(UPGRADE) requirements.in -o requirements.txt
	$(LOCK) $(UPGRADE) requirements-dev.in -o requirements-dev.txt
	$(LOCK) $(UPGRADE) requirements/postgres.in -o requirements/postgres.txt
	$(LOCK) $(UPGRADE) requirements/spark.in -o requirements/spark.txt

upgrade: UPGRADE := --upgrade
upgrade: lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian splits venv off from python3 and then leaves half an environment behind: pip, which comes last, is the sign.
.venv/bin/pip:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv || { .ci/apt-install python3-venv && $(PYTHON) -m venv --clear .venv; }

.venv/.runtime: requirements.txt | .venv/bin/pip
	$(PIP_INSTALL) requirements.txt
	@touch $@

.venv/.engines: requirements/postgres.txt requirements/spark.txt | .venv/.development
	$(PIP_INSTALL) requirements/postgres.txt
	$(PIP_INSTALL) requirements/spark.txt
	@touch $@

.venv/.development: requirements-dev.txt | .venv/bin/pip
	$(PIP_INSTALL) requirements-dev.txt
	@touch $@
