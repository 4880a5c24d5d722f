# `make` alone lists the targets. Everything runs in .venv, which is made once; no activation needed.

VENV := .venv
BIN := $(VENV)/bin
OUT := demo
# TensorFlow's wheels end at Python 3.13.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && echo "$$python" && break; done)
# Byte code is left to the first import: most of what is installed is never imported.
INSTALL := $(BIN)/python -m pip install --quiet --no-deps --no-compile --no-input \
	--disable-pip-version-check
# A worker takes a folder of tests at a time, as their fixtures are made once a worker.
TWO_WORKERS := -n 2 --dist loadgroup
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--extra dev --extra docs --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links

# Another environment's settings must not leak into ours.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Without byte code every process would compile what it imports: seconds instead of tenths.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo demo-stocks test test-slow check bench docs lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 18

demo: $(VENV)/.project ## run the whole pipeline on the embedded prices and say where the report is
	@$(BIN)/volcast run --source sample --out $(OUT)
	@echo "the report: $(OUT)/report.html"

demo-stocks: $(VENV)/.project ## the same on 30 embedded stocks and their report dates, from 2016 on
	@$(BIN)/volcast run --source sample-stocks --out $(OUT)-stocks
	@echo "the report: $(OUT)-stocks/report.html"

test: $(VENV)/.project ## run the tests, but for the slow ones; a part with ARGS=tests/features
	@$(BIN)/python -m pytest -m "not slow" $(or $(ARGS),$(TWO_WORKERS))

test-slow: $(VENV)/.project ## run the slow tests: killed processes, provoked trainings
	@$(BIN)/python -m pytest -m slow $(or $(ARGS),$(TWO_WORKERS))

check: $(VENV)/.project ## lint, formatting, types, import rules, and the commands in the documents
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --quiet tests/test_readme.py

bench: $(VENV)/.project ## run every benchmark that needs no files (skill with DATA=panel.parquet)
	@set -e; for file in benchmarks/[!_]*.py; do name=$${file#benchmarks/}; name=$${name%.py}; \
		! grep -q "required=True" "$$file" || continue; \
		[ "$$name" != skill ] || [ -n "$(DATA)" ] || continue; \
		echo "benchmarks.$$name"; \
		case "$$name" in skill|windows) data="$(DATA:%=--data %)";; *) data="";; esac; \
		$(BIN)/python -m "benchmarks.$$name" $$data; done

docs: $(VENV)/.project ## build the documentation, examples executed: docs/_build/html/index.html
	@$(BIN)/sphinx-build -W --keep-going -q -j auto docs docs/_build/html
	@$(BIN)/python docs/check_links.py docs/_build/html
	@echo "the documentation: docs/_build/html/index.html"

lock: ## resolve the dependencies anew and write requirements.lock
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	@$(LOCK) --output-file requirements.lock.new pyproject.toml >/dev/null
	@mv requirements.lock.new requirements.lock

clean: ## remove the environment, caches and the demo's results
	@rm -rf $(VENV) $(OUT) $(OUT)-stocks build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis .benchmarks docs/_build docs/_extra docs/.jupyter_cache \
		docs/reference/api docs/reference/generated
	@find features models pipeline reports tests benchmarks -name __pycache__ -exec rm -rf {} +

# The stamps are written last: an interrupted installation starts over at the next call.
$(VENV)/.locked: requirements.lock
	@[ -n "$(PYTHON)" ] || { echo "volcast needs Python 3.11, 3.12 or 3.13 with venv;" \
		"install one, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "installing the locked dependencies into $(VENV), a minute or two"
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@touch $@

$(VENV)/.project: $(VENV)/.locked pyproject.toml pipeline/version.py
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@
