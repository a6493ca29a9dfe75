# The project's commands; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
MESSAGES := locale/es/LC_MESSAGES/django.mo
export OMP_NUM_THREADS ?= 1
export WEB_PORT ?= 8000
export SPEECH_PORT ?= 8001

.PHONY: demo test test-quick lint bench serve messages teacher teacher-worker teacher-speech

# One clear line for a Python that is not supported, before anything is downloaded (runs on any).
PYTHON_CHECK := import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else \
	"Voice Lab needs Python 3.11, 3.12 or 3.13; $(PYTHON) is %d.%d. Name another: make PYTHON=python3.13" % v)

.venv: pyproject.toml constraints.txt requirements-nodeps.txt
	@$(PYTHON) -c '$(PYTHON_CHECK)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python -r requirements-nodeps.txt
	@touch .venv

# F5-TTS and a torch it can live with, 7 GB, beside .venv and never in it.
.venv-teacher: requirements-teacher.txt
	$(PYTHON) -m venv .venv-teacher
	.venv-teacher/bin/pip install --quiet --disable-pip-version-check --no-deps -r requirements-teacher.txt
	@touch .venv-teacher

teacher: .venv-teacher

# Takes the slices of runs with the teacher f5; on a CPU one may last an hour.
teacher-worker: export SLICE_SOFT_SECONDS ?= 3300
teacher-worker: export SLICE_HARD_SECONDS ?= 3360
teacher-worker: export LEASE_SECONDS ?= 3420
teacher-worker: .venv-teacher
	.venv-teacher/bin/celery -A voicelab worker -Q teacher -n teacher@%h --concurrency 1 --loglevel info

# F5 as a speech service: the --tts-url of another machine.
teacher-speech: export TTS_BACKEND := f5
teacher-speech: .venv-teacher
	.venv-teacher/bin/python -m voicelab.tts

%.mo: %.po .venv
	@$(BIN)/pybabel --quiet compile --domain django --input-file $< --output-file $@

demo: .venv $(MESSAGES)
	@$(BIN)/python manage.py demo $(if $(EXIT),--exit) $(if $(ENGINE),--engine $(ENGINE)) $(if $(SOUNDS),--sounds $(SOUNDS))

# Web, worker and speech service on loopback, without the demo.
serve: .venv $(MESSAGES)
	@$(BIN)/python manage.py prepare
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start

test: .venv $(MESSAGES)
	$(BIN)/pytest -n 2 --dist loadgroup

test-quick: .venv $(MESSAGES)
	$(BIN)/pytest -n 2 -m 'not slow and not browser and not servers and not weights'

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
	$(BIN)/python manage.py makemessages --locale es --no-location --no-obsolete --ignore '.venv*' --ignore var
