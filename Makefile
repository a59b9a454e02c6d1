# Everything happens inside this folder: packages in .venv, data and logs in .data.
PYTHON ?= python3
export PORT ?= 8000
export DATA ?= .data
# Byte code is kept, whatever the shell says: a service starts a fifth faster, and tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
TYPED := contracts/src $(sort $(wildcard services/*/src)) deploy/local/src deploy/local/tests tests/support \
         examples deploy/bootstrap deploy/new_service deploy/docker deploy/k8s .ci/first_user.py conftest.py benchmarks

.DEFAULT_GOAL := help
.PHONY: help run test test-storms test-browsers test-clients test-kafka test-compose test-kubernetes lint types bench bench-console \
        screenshots messages release-contracts new-service manifests sbom compose docker-answers sync tools promtool clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: sync ## Start the whole stack; PORT=9000 moves it, DATA=folder keeps its data elsewhere, KAFKA=apache
	@$(BIN)/opsdash run --with-parent

test: needed-test ## Run the tests on embedded servers and in a browser; TESTS=path runs those only, SEED=number repeats a run's random requests
	@$(BIN)/python -m pytest $(or $(TESTS),-n auto -m "not storm and not console and not engines and not clients and not cluster and not compose")

test-storms: needed-test ## Run the long ones: outages, kills, 200,000 tickets, thousands falling due at once
	@$(BIN)/python -m pytest -n 2 -m "storm and not alone" tests deploy services
	@$(BIN)/python -m pytest -m alone tests

test-browsers: needed-test ## Run the long tests of the console in Chromium, then walk through it in Chromium, Firefox and WebKit, as far as they are here
	@$(BIN)/python -m pytest -n 2 -m console tests/browser
	@$(BIN)/python -m pytest -m engines tests/browser

test-clients: needed-test ## Generate, compile and run clients of the API and of the events in TypeScript, Go, Java and Python, and sign in at a Keycloak, as far as their tools are here
	@$(BIN)/python -m pytest -m clients tests/clients

test-kafka: needed-test ## Run the suites about events on Apache Kafka; needs Docker, or Java 17 and Maven
	@$(BIN)/python -m pytest -m "kafka or apache_only" --kafka=apache --timeout=240 tests services

test-kubernetes: needed-test ## Run the manifests, the secrets and the upgrade on an API server of Kubernetes; KUBEBUILDER_ASSETS=folder has its programs
	@$(BIN)/python -m pytest -m cluster tests/deploy

test-compose: docker-answers needed-test ## Build the images and take the stack in containers through outages, rotation, upgrade and restore; needs Docker
	@$(BIN)/python -m pytest -m compose --timeout=1800 tests/compose

lint: types ## Check style, format, types, and that every distribution declares what it imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m tests.architecture.dependencies

types: needed-lint
	@$(BIN)/mypy $(TYPED)

bench: needed-test ## Product, bare baseline and database side by side; BENCH="--grown 2000000" adds options
	@$(BIN)/python -m benchmarks $(BENCH)

# A port that nobody has named is compose's to choose: deploy/.env may name it.
COMPOSE := $(if $(filter file,$(origin PORT)),env -u PORT )docker compose --file deploy/compose.yaml

compose: docker-answers sync ## The whole stack from images, on Apache Kafka and PostgreSQL; needs Docker
	@$(BIN)/python deploy/docker/versions.py
	@$(BIN)/opsdash secrets
	$(COMPOSE) up --build --wait
	@DEMO_GATEWAY_URL="http://$$($(COMPOSE) port gateway 8000)" DEMO_WORKSPACE_TOKEN="$$(cat .secrets/workspace_token)" \
		$(BIN)/python -m opsdash_local.demo

docker-answers:
	@docker compose version >/dev/null 2>&1 || { \
		echo "opsdash: make compose needs Docker with its compose plugin, and there is no 'docker compose'" >&2; exit 1; }
	@docker info >/dev/null 2>&1 || { \
		echo "opsdash: make compose needs a Docker engine, and none answers; start it, or ask to be let into its group" >&2; \
		exit 1; }

release-contracts: needed-test ## Store today's OpenAPI document, event schemas and golden messages as the released ones, unless they break those
	@$(BIN)/python -m tests.contracts.release

new-service: needed-lint ## Write a new service, its manifests and its lines in lists: NAME=escalation-rules
	@$(BIN)/python -m deploy.new_service $(NAME)
	@$(PYTHON) deploy/bootstrap lint

messages: sync ## Collect the console's texts into its translation files
	@$(BIN)/python -m opsdash_gateway.console.i18n.catalogues

bench-console: needed-test ## What a first visit to the web console costs on this machine; prints a table
	@$(BIN)/python -m benchmarks.console

screenshots: needed-test ## Take the pictures in docs/screenshots again
	@$(BIN)/python -m tests.browser.screenshots

sync: needed-run ## Make .venv match uv.lock

# What the word behind it needs: run, test or lint.
needed-%:
	@command -v $(PYTHON) >/dev/null || { echo "opsdash: Python 3.11 to 3.14 is needed as '$(PYTHON)'" >&2; exit 1; }
	@$(PYTHON) deploy/bootstrap $*

manifests: sync ## Write the generated and the rendered Kubernetes manifests; needs kustomize or kubectl
	@$(BIN)/python deploy/k8s/generate.py
	@$(BIN)/python deploy/k8s/render.py

sbom: sync ## Print what services run with, by version, source and licence (CycloneDX)
	@$(BIN)/python deploy/sbom.py

tools: ## kustomize for the manifests, unless it or kubectl is there; needs Go
	@command -v kustomize >/dev/null || command -v kubectl >/dev/null || test -x .tools/kustomize || { \
		command -v go >/dev/null || { \
			echo "opsdash: make tools builds kustomize with Go, and there is no 'go'; install it, or kustomize or kubectl" >&2; \
			exit 1; }; \
		GOBIN="$$PWD/.tools" go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1; }

promtool: ## promtool for the tests of the alerts, unless it is there; takes it out of Debian's package
	@command -v promtool >/dev/null || test -x .tools/promtool || { \
		command -v apt-get >/dev/null || { \
			echo "opsdash: make promtool takes it out of Debian's package prometheus, and there is no 'apt-get'; install" \
				"Prometheus, or name its promtool in PROMTOOL" >&2; \
			exit 1; }; \
		mkdir -p .tools && cd .tools && apt-get download -qq prometheus && \
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool; \
		rm -f prometheus_*.deb; test -x promtool; }

clean: ## Remove the environment, the caches, and the data folder if it is a stack's and none runs on it
	@$(PYTHON) -B deploy/clean.py
