"""The benchmarks' message when Kokoro is missing; every benchmark starts."""

import runpy
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import PARTS, main
from benchmarks.shared import SPANISH, has_kokoro, kokoro_or_exit, lack_of, spread
from distillation.engines.kokoro.files import CONFIG, WEIGHTS


def with_files(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_without_weights_one_line_says_how_to_get_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        kokoro_or_exit(tmp_path)
    assert ended.value.code == 2
    output = capsys.readouterr().err
    assert (
        output == f"No weights of Kokoro in {tmp_path}: `manage.py models pull kokoro` gets them.\n"
    )


def test_a_missing_voice_is_named(tmp_path: Path) -> None:
    folder = with_files(tmp_path, WEIGHTS, CONFIG, "voices/ef_dora.pt")
    assert "No voice af_sarah in" in lack_of(folder, ("ef_dora", "af_sarah"))
    assert "pull kokoro --voices af_sarah`" in lack_of(folder, ("ef_dora", "af_sarah"))
    assert lack_of(folder, ("ef_dora",)) == ""


def test_weights_and_non_spanish_voices_are_requested_at_once(tmp_path: Path) -> None:
    assert "pull kokoro --voices ef_dora af_sarah`" in lack_of(tmp_path, ("ef_dora", "af_sarah"))


def test_a_benchmark_that_continues_without_kokoro_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not has_kokoro(tmp_path)
    assert capsys.readouterr().out.endswith("Measured with praat alone.\n")
    names = (WEIGHTS, CONFIG, *(f"voices/{name}.pt" for name in SPANISH))
    assert has_kokoro(with_files(tmp_path, *names))
    assert capsys.readouterr().out == ""


def test_a_spread_is_median_minimum_and_maximum() -> None:
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00-3.00)"


@pytest.mark.parametrize(
    "part", [*PARTS, "containers", "convergence", "fleet", "people", "structure", "walks"]
)
def test_every_benchmark_has_help(
    part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [part, "--help"])
    monkeypatch.delitem(sys.modules, f"benchmarks.{part}", raising=False)  # another test's import
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"benchmarks.{part}", run_name="__main__")
    assert ended.value.code == 0
    assert "usage:" in capsys.readouterr().out


def test_help_lists_the_parts_and_an_unknown_one_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    output = capsys.readouterr().out
    assert all(part in output for part in PARTS)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "nosuch"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "nosuch" in capsys.readouterr().err
