# Copyright (c) 2026, community.descope contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: 2026, community.descope contributors

# Works with nothing but make and a Python >= 3.11; everything else is made by "setup".
# Options of a program go into ARGS: make emulator ARGS="--port 8765 --rate-limit 100/60"

# The first Python that really runs; "setup" itself looks further, for the newest.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; exit; }; done; \
	echo no-python-3.11-or-newer-found)
ARGS ?=

# Everything starts twice as slowly where Python may not keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test lint bench emulator clean
.DEFAULT_GOAL := help

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## Create .venv, with everything, where ansible-playbook finds this checkout's community.descope
	@$(PYTHON) scripts/setup.py

demo: setup ## Preview, apply, verify and re-run flows for many tenants, against the emulator
	@.venv/bin/python examples/demo/demo.py $(ARGS)

test: ## Run every gate: lint, sanity, unit, integration, molecule; ARGS="NAME ..." runs those named only
	@$(PYTHON) scripts/setup.py --oldest
	@.venv/bin/python scripts/gates.py test $(ARGS)

lint: setup ## Run the gates that only read the source
	@.venv/bin/python scripts/gates.py lint $(ARGS)

bench: setup ## Measure speed, memory and requests, and compare with the budgets
	@.venv/bin/python tests/benchmarks/bench.py $(ARGS)

emulator: setup ## Run the emulator of the Management API
	@PYTHONPATH=roles/emulator/files .venv/bin/python -m descope_emulator $(ARGS)

clean: ## Remove everything that was made
	rm -rf .venv .cache
