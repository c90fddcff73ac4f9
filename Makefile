# Every target first lets sandbox/bootstrap get what is missing; that is quick when nothing is.

PYTHON_HERE = .venv/bin/python
# Tests and benchmarks start smbot some hundred times: nobody waits for it to be compiled as often.
export PYTHONDONTWRITEBYTECODE =
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo stop test faults year screenshots lint format bench clean bootstrap

help: ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: bootstrap ## a whole world on this machine: a wiki, networks, people; look at it in a browser
	$(PYTHON_HERE) -m sandbox.demo

stop: bootstrap ## end the demo
	$(PYTHON_HERE) -m sandbox.demo --stop

test: lint ## check everything: lint, then all tests against a real MediaWiki
	$(PYTHON_HERE) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

faults: bootstrap ## everything that can go wrong while posting, on every network, as a table
	@rm -f .sandbox/faults.jsonl; mkdir -p .sandbox
	@export SMBOT_FAULTS="$(CURDIR)/.sandbox/faults.jsonl"; \
	$(PYTHON_HERE) -m pytest -n 2 --dist loadgroup tests/test_faults.py tests/test_exactly_once.py; ended=$$?; \
	$(PYTHON_HERE) -m tests.faults "$$SMBOT_FAULTS" && exit $$ended

year: bootstrap ## a simulated year on a real wiki: a report, and a picture of it
	$(PYTHON_HERE) -m sandbox.year

screenshots: bootstrap ## pictures of every page, light and dark, desktop and phone, into docs/
	$(PYTHON_HERE) -m sandbox.screenshots

lint: bootstrap ## check form, style and types
	$(PYTHON_HERE) -m ruff format --check
	$(PYTHON_HERE) -m ruff check
	$(PYTHON_HERE) -m mypy

format: bootstrap ## put the code into form
	$(PYTHON_HERE) -m ruff format
	$(PYTHON_HERE) -m ruff check --fix

bench: bootstrap ## print figures and ratios
	@for each in bench/*.py; do $(PYTHON_HERE) "$$each" || exit; done

clean: ## remove what was made here: environment, sandbox wikis, caches
	@if [ -f .venv/stamp ] && [ -f sandbox/demo.py ]; then $(PYTHON_HERE) -m sandbox.demo --stop; fi
	rm -rf .venv .sandbox build ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

bootstrap:
	@sandbox/bootstrap
