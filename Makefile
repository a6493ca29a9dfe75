# The project's commands; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: demo test test-quick lint bench serve messages clean

.venv: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps resemblyzer
	@touch .venv

demo: .venv
	$(BIN)/python manage.py demo $(if $(EXIT),--exit)

test: .venv
	$(BIN)/pytest -n 2

test-quick: .venv
	$(BIN)/pytest -n 2 -m 'not slow and not browser and not servers'

lint: .venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
