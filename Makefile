# The project's commands; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
MESSAGES := locale/es/LC_MESSAGES/django.mo
export OMP_NUM_THREADS ?= 1
export WEB_PORT ?= 8000
export SPEECH_PORT ?= 8001

.PHONY: demo test test-quick lint bench serve messages

.venv: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps resemblyzer
	@touch .venv

%.mo: %.po .venv
	@$(BIN)/pybabel --quiet compile --domain django --input-file $< --output-file $@

demo: .venv $(MESSAGES)
	@$(BIN)/python manage.py demo $(if $(EXIT),--exit)

# Web, worker and speech service on loopback, without the demo.
serve: .venv $(MESSAGES)
	@$(BIN)/python manage.py prepare
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start

test: .venv $(MESSAGES)
	$(BIN)/pytest -n 2 --dist loadgroup

test-quick: .venv $(MESSAGES)
	$(BIN)/pytest -n 2 -m 'not slow and not browser and not servers'

lint: .venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: .venv
	$(BIN)/python -m benchmarks

# Collects the strings of pages and code for translation (needs gettext's xgettext).
messages: .venv
	$(BIN)/python manage.py makemessages --locale es --no-location --no-obsolete --ignore .venv --ignore var
