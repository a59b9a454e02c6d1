# Everything happens inside this folder: packages in .venv, data and logs in .data.
PYTHON ?= python3
export PORT ?= 8000
export DATA ?= .data
# Byte code is kept, whatever the shell says: a service starts a fifth faster, and tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
TYPED := contracts/src services/chassis/src services/tickets/src services/comments/src services/gateway/src \
         services/sla-monitor/src deploy/local/src deploy/local/tests tests/support examples \
         deploy/bootstrap.py deploy/k8s/generate.py conftest.py benchmarks

.DEFAULT_GOAL := help
.PHONY: messages help run test test-storms test-kafka bench bench-console screenshots lint types compose sync tools clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: sync ## Start the whole stack; PORT=9000 moves it, DATA=folder keeps its data elsewhere, KAFKA=apache
	@$(BIN)/opsdash run --with-parent

test: sync ## Run the tests on embedded servers and in a browser; TESTS=path runs those only
	@$(BIN)/python -m pytest $(or $(TESTS),-n auto -m "not storm")

test-storms: sync ## Run the long ones: outages, kills, 200,000 tickets, thousands falling due at once
	@$(BIN)/python -m pytest -n 2 -m storm tests deploy

test-kafka: sync ## Run the suites about events on Apache Kafka; needs Docker, or Java 17 and Maven
	@$(BIN)/python -m pytest -m "kafka or apache_only" --kafka=apache --timeout=240 tests

lint: sync types ## Check style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: sync
	@$(BIN)/mypy $(TYPED)

bench: sync ## Product, bare baseline and database side by side; BENCH="--grown 2000000" adds options
	@$(BIN)/python -m benchmarks $(BENCH)

compose: sync ## The whole stack from images, on Apache Kafka and PostgreSQL; needs Docker
	@$(BIN)/opsdash secrets
	docker compose --file deploy/compose.yaml up --build --wait
	@DEMO_GATEWAY_URL=http://127.0.0.1:8000 DEMO_WORKSPACE_TOKEN="$$(cat .secrets/workspace_token)" \
		$(BIN)/python -m opsdash_local.demo

messages: sync ## Collect the console's texts into its translation files
	@$(BIN)/python -m opsdash_gateway.web.catalogues

bench-console: sync ## What a first visit to the web console costs on this machine; prints a table
	@$(BIN)/python -m benchmarks.console

screenshots: sync ## Take the pictures in docs/screenshots again
	@$(BIN)/python -m tests.browser.screenshots

sync: ## Make .venv match uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "opsdash: Python 3.11 or newer is needed as '$(PYTHON)'" >&2; exit 1; }
	@$(PYTHON) deploy/bootstrap.py

tools: ## kustomize for the tests of the manifests, unless it or kubectl is there; needs Go
	@command -v kustomize >/dev/null || command -v kubectl >/dev/null || test -x .tools/kustomize || \
		GOBIN="$$PWD/.tools" go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1

clean: ## Remove the environment, all local data and caches
	rm -rf .venv $(DATA) .kafka .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
