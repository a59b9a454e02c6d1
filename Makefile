# Everything happens inside this folder: packages in .venv, data and logs in .data.
PYTHON ?= python3
export PORT ?= 8000
export DATA ?= .data
BIN := .venv/bin
PACKAGES := contracts/src services/chassis/src services/tickets/src services/gateway/src deploy/local/src
TYPED := $(PACKAGES) tests/support deploy/bootstrap.py conftest.py

.PHONY: run test lint sync clean

run: sync ## Start the whole stack; PORT=9000 moves it
	@$(BIN)/opsdash run --with-parent

test: sync ## Every test, on embedded servers
	@$(BIN)/python -m pytest $(TESTS)

lint: sync ## Style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(TYPED)

sync: ## Make .venv match uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed as '$(PYTHON)'" >&2; exit 1; }
	@$(PYTHON) deploy/bootstrap.py

clean: ## Remove the virtual environment, all local data and caches
	rm -rf .venv .data .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
