"""Teacher `f5`: the real package in its own environment, over a tiny random checkpoint."""

import subprocess

import pytest

from corpus.audio.io import read_wav
from distillation.engines import EngineError
from distillation.engines import teacher as make
from distillation.engines.f5.files import ARCHITECTURES, files_of, weights_of
from distillation.hub.local import Record, write_records
from tests.teacher import REPOSITORY, environment, interpreter, teacher

slow = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("teacher")]


@pytest.fixture(scope="module")
def folder(f5_folder):
    return f5_folder


@pytest.fixture(scope="module")
def outcome(folder):
    return teacher("speak", folder)


class TestSpeech:
    pytestmark = slow

    def test_five_sentences_are_bit_identical_here_and_in_another_process(self, folder, outcome):
        assert len(set(outcome["five"])) == 5
        assert outcome["five"] == outcome["again"]
        assert outcome["five"] == teacher("five", folder)

    def test_seed_prompt_and_text_change_the_audio(self, outcome):
        others = {outcome[name] for name in ("other_seed", "other_prompt", "other_words")}
        assert len(others | {outcome["five"][0]}) == 4

    def test_speed_changes_the_length(self, outcome):
        slow_s, plain_s, fast_s = outcome["seconds"].values()
        assert slow_s / plain_s == pytest.approx(1.25, rel=0.03)
        assert plain_s / fast_s == pytest.approx(1.25, rel=0.03)

    def test_accents_do_not_lengthen_the_audio(self, outcome):
        assert outcome["accents_s"] == pytest.approx(outcome["plain_s"], abs=0.02)

    def test_numbers_are_read_as_words(self, outcome):
        assert outcome["figures"] == outcome["words"]

    def test_long_text_is_synthesized_completely(self, outcome):
        assert outcome["long_s"] == pytest.approx(3 * outcome["short_s"], rel=0.03)

    def test_audio_format_and_licence(self, outcome):
        assert outcome["rate"] == 24_000
        assert 0 < outcome["peak"] <= 1
        assert outcome["licence"] == "CC-BY-NC-4.0"

    def test_nothing_was_downloaded(self, folder, outcome):
        assert not (folder / "home" / "hub").exists()

    def test_run_pipeline_uses_it_in_its_environment(self, folder, tmp_path):
        asked = [
            *("--stage", "reference", "--teacher", "f5", "--styles", "neutral"),
            *("--prompt-style", f"neutral={folder / 'prompt.wav'}:Esto es lo que dice la muestra."),
            *("--model-dir", folder / "models", "--out", tmp_path / "out", "--student", "praat"),
        ]
        done = subprocess.run(
            [interpreter(), "manage.py", "run_pipeline", *map(str, asked)],
            env=environment(folder / "home", VOICELAB_DATA_DIR=str(tmp_path)),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "jpgallegoar/F5-Spanish, CC-BY-NC-4.0" in done.stdout
        target = read_wav(tmp_path / "out" / "reference_audio" / "neutral" / "target.wav")
        assert 20.0 <= target.duration_s <= 30.0

    def test_faults_are_reported(self, folder):
        found = teacher("faults", folder)
        wrong = {name: code for name, (code, _) in found.items()}
        assert wrong == {
            "no checkpoint": "missing_model", "no vocoder": "missing_model",
            "half a checkpoint": "bad_model", "half a vocoder": "bad_model",
            "other architecture": "bad_model", "the base architecture": "bad_model",
            "other vocabulary": "bad_model", "fetching vocoder": "bad_model",
            "device": "bad_option", "steps": "bad_option", "language": "bad_option",
            "no transcript": "no_transcript", "no prompt": "no_prompt", "speed": "bad_speed",
            "empty": "empty_text",
        }  # fmt: skip
        for name, words in {
            "no checkpoint": r"f5/model_*.safetensors is missing: run `manage.py models pull f5`",
            "half a checkpoint": "model_100.safetensors cannot be used: it is damaged",
            "the base architecture": "of another architecture",
            "other vocabulary": "belong together",
        }.items():
            assert words in found[name][1]


def files_written(folder, name="model_50.safetensors"):
    for path in (name, "vocab.txt", "vocos/config.yaml", "vocos/pytorch_model.bin"):
        (folder / "f5" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "f5" / path).write_bytes(b"bytes")
    return folder


def test_in_this_environment_the_error_names_the_one_to_use(tmp_path):
    with pytest.raises(EngineError, match=r"make teacher.*--tts-url") as caught:
        make("f5", {"model_dir": files_written(tmp_path)})
    assert caught.value.code == "no_teacher"


def test_the_checkpoint_of_the_highest_step_is_used(tmp_path):
    files_written(files_written(tmp_path), "model_1200.safetensors")
    found = files_of(tmp_path)
    assert found.checkpoint.name == "model_1200.safetensors"
    assert found.vocoder == tmp_path / "f5" / "vocos"
    assert found.architecture == ARCHITECTURES["F5TTS_Base"]


def test_the_architecture_is_given_by_name_or_by_values(tmp_path):
    path = files_written(tmp_path) / "f5" / "architecture.json"
    path.write_text('"F5TTS_v1_Base"')
    assert files_of(tmp_path).architecture["dim"] == 1024
    path.write_text('{"dim": 64, "depth": 2, "heads": 1}')
    assert files_of(tmp_path).architecture["depth"] == 2
    for bad in ('"F6"', "{", '{"dim": 64}', "[]"):
        path.write_text(bad)
        with pytest.raises(EngineError, match=r"architecture\.json") as caught:
            files_of(tmp_path)
        assert caught.value.code == "bad_model"


def test_missing_truncated_and_empty_files_are_reported(tmp_path):
    with pytest.raises(EngineError, match=r"jpgallegoar/F5-Spanish there") as caught:
        files_of(tmp_path)
    assert caught.value.code == "missing_model"
    record = Record(repo="jpgallegoar/F5-Spanish", revision="0", size=1000, sha256="ab")
    write_records(files_written(tmp_path), {"f5/model_50.safetensors": record})
    with pytest.raises(EngineError, match=r"truncated: 5 of 1,000 bytes") as caught:
        files_of(tmp_path)
    assert caught.value.code == "bad_model"
    (tmp_path / "models.json").unlink()
    (tmp_path / "f5" / "vocab.txt").write_bytes(b"")
    with pytest.raises(EngineError, match=r"vocab\.txt is truncated"):
        files_of(tmp_path)


def test_the_licence_is_that_of_the_weights(tmp_path):
    assert weights_of(tmp_path).source == "jpgallegoar/F5-Spanish"
    assert weights_of(tmp_path).licence == "CC-BY-NC-4.0"
    for repo, licence in (("SWivid/F5-TTS", "CC-BY-NC-4.0"), ("a/b", "see huggingface.co/a/b")):
        record = Record(repo=repo, revision="0", size=5, sha256="ab")
        write_records(files_written(tmp_path), {"f5/model_50.safetensors": record})
        found = weights_of(tmp_path)
        assert (found.source, found.licence, found.sha256) == (repo, licence, "ab")
