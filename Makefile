# SPDX-License-Identifier: Apache-2.0
#
# "make test" is everything, from a fresh clone on a Debian 12 machine.
# "make help" lists the rest.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# As many test processes as there are processors.
JOBS ?= auto
# Further arguments of pytest: make unit ARGS='-k scheduler -x'
ARGS ?=
# tests/conftest.py says which tests stay together in one process.
SPREAD := -n $(JOBS)

# $(call step,NAME,COMMAND): run a command, and say how long it took.
define step
	@began=$$SECONDS; printf '== %s\n' '$(1)'; $(2); status=$$?; \
	printf '== %s: %d s\n' '$(1)' $$((SECONDS - began)); exit $$status
endef

.PHONY: help needs test lint types unit functional functional-threading \
	integration golden genconfig bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

needs: ## install the system packages and .venv that the tests need
	$(call step,needs,devstack/lib/needs.sh)

# The summary of pytest is the last line, so this step is not timed by us.
test: needs lint types ## run everything: lint, types and every test
	@echo '== tests'
	@$(PYTEST) $(SPREAD) $(ARGS)

lint: ## ruff: rules and format
	$(call step,ruff check,$(BIN)/ruff check .)
	$(call step,ruff format,$(BIN)/ruff format --check .)

types: ## mypy
	$(call step,mypy,$(BIN)/mypy)

unit: ## tests of single parts
	$(PYTEST) $(SPREAD) tests/unit $(ARGS)

functional: ## daemons, brokers and databases with the fake driver
	$(PYTEST) $(SPREAD) tests/functional $(ARGS)

functional-threading: ## the same, with native threads in every daemon
	NOVA_LITE_CONCURRENCY=threading \
		$(PYTEST) $(SPREAD) tests/functional $(ARGS)

integration: ## libvirt and guests, kill -9, the stock client, packages
	$(PYTEST) $(SPREAD) tests/integration $(ARGS)

golden: ## write the reviewed files of tests/golden anew
	NOVA_LITE_GOLDEN=rewrite $(PYTEST) tests/unit/virt \
		tests/unit/notifications \
		tests/unit/test_rpc_contract.py $(ARGS)
	git diff --stat -- tests/golden tests/unit/rpc_contract.json

genconfig: ## write the samples of configuration and policy anew
	$(BIN)/oslo-config-generator \
		--config-file etc/nova_lite/config-generator.conf
	$(BIN)/oslopolicy-sample-generator \
		--config-file etc/nova_lite/policy-generator.conf

bench: ## every figure with its target (ARGS='--only boot,reads' for some)
	$(BIN)/python -m bench $(ARGS)

clean: ## remove what the tools leave behind, not .venv
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage \
		build dist *.egg-info
	find nova_lite tests bench -name __pycache__ -prune -exec rm -rf {} +
