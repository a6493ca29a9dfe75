# The project's commands; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
TEACHER := .venv-teacher/.installed
DATASETS := .venv-datasets/.installed
TOOLS := .venv-tools/.installed
LOCK := .venv-tools/bin/uv pip compile --quiet --generate-hashes --no-annotate --no-header --python-version 3.11
PIP_INSTALL := pip install --quiet --disable-pip-version-check
UNBOUND := --no-deps --ignore-requires-python
MESSAGES := locale/es/LC_MESSAGES/django.mo
export OMP_NUM_THREADS ?= 1
export WEB_PORT ?= 8000
export SPEECH_PORT ?= 8001

.PHONY: .venv demo test test-quick lint bench bench-speech serve messages teacher teacher-worker teacher-speech datasets lock audit

.venv: $(INSTALLED)

# Begins with the version: a Python that will not do is told so before anything is downloaded.
$(INSTALLED): pyproject.toml constraints.txt requirements-nodeps.txt
	@$(PYTHON) python_version.py
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP_INSTALL) -c constraints.txt -e '.[dev]'
	$(BIN)/$(PIP_INSTALL) $(UNBOUND) -r requirements-nodeps.txt
	@touch $@

# F5-TTS and a torch it can live with, 7 GB, beside .venv and never in it.
$(TEACHER): requirements-teacher.txt
	@$(PYTHON) python_version.py
	$(PYTHON) -m venv .venv-teacher
	.venv-teacher/bin/$(PIP_INSTALL) $(UNBOUND) -r $<
	@touch $@

teacher: $(TEACHER)

# Hugging Face's loader, 400 MB, for the test that it reads an exported audio folder.
$(DATASETS): requirements-datasets.txt
	$(PYTHON) -m venv .venv-datasets
	.venv-datasets/bin/$(PIP_INSTALL) $(UNBOUND) -r $<
	@touch $@

datasets: $(DATASETS)

# Takes the slices of runs with the teacher f5; on a CPU one may last an hour.
teacher-worker: export SLICE_SOFT_SECONDS ?= 3300
teacher-worker: export SLICE_HARD_SECONDS ?= 3360
teacher-worker: $(TEACHER)
	.venv-teacher/bin/celery -A voicelab worker -Q teacher -n teacher@%h --concurrency 1 --loglevel info

# F5 as a speech service: the --tts-url of another machine.
teacher-speech: export TTS_BACKEND := f5
teacher-speech: $(TEACHER)
	.venv-teacher/bin/python -m voicelab.tts

# Hashes of what the images install, of the same versions; `audit` asks an advisory database.
$(TOOLS): Makefile
	$(PYTHON) -m venv .venv-tools
	.venv-tools/bin/$(PIP_INSTALL) uv==0.13.9 pip-audit==2.10.1
	@touch $@

lock: $(TOOLS)
	$(LOCK) pyproject.toml -c constraints.txt -o locks/app.txt
	$(LOCK) requirements-nodeps.txt --no-deps -o locks/nodeps.txt
	$(LOCK) requirements-teacher.txt --no-deps -o locks/teacher.txt

audit: $(TOOLS)
	@for lock in locks/*.txt; do \
	  .venv-tools/bin/pip-audit --strict --no-deps --disable-pip -r $$lock || exit 1; done \
	|| { echo "Not clean, or no advisory database was reached from here: see above." >&2; exit 1; }

%.mo: %.po $(INSTALLED)
	@$(BIN)/pybabel --quiet compile --domain django --input-file $< --output-file $@

demo: $(INSTALLED) $(MESSAGES)
	@$(BIN)/python manage.py demo $(if $(EXIT),--exit) $(if $(ENGINE),--engine $(ENGINE)) $(if $(SOUNDS),--sounds $(SOUNDS))

# Web, worker and speech service on loopback, without the demo.
serve: $(INSTALLED) $(MESSAGES)
	@$(BIN)/python manage.py prepare
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start

test: $(INSTALLED) $(MESSAGES)
	$(BIN)/pytest -n 2 --dist loadgroup

test-quick: $(INSTALLED) $(MESSAGES)
	$(BIN)/pytest -n 2 -m 'not slow and not browser and not servers and not weights'

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --check templates
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks

# Any OpenAI-compatible service: make bench-speech URL=http://HOST:PORT; without one, ours on Kokoro.
bench-speech: $(INSTALLED)
	$(BIN)/python -m benchmarks.speech_service $(if $(URL),--url $(URL)) $(if $(VOICE),--voice $(VOICE))

# Collects the strings of pages and code for translation (needs gettext's xgettext).
messages: $(INSTALLED)
	$(BIN)/python manage.py makemessages --locale es --no-location --no-obsolete --ignore '.venv*' --ignore var
