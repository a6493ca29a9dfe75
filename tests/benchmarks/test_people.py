"""The report of `benchmarks.people` on made-up searches, and its held-out texts."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import people, people_measures, targets
from benchmarks import people_report as report
from benchmarks import people_targets as chosen
from corpus.audio.io import read_wav, write_wav
from distillation.sentence_selection import GRADIENT_TEXTS, LENGTH_GAP
from distillation.voicepack import VoicePack
from tests.signals import tone

START, CEILING = 0.60, 0.90


def voice(*, naturalness: float, pitch_st: float = 12.0, rate: float = 5.0) -> dict[str, Any]:
    figures = {"pitch_st": pitch_st, "range_st": 8.0, "rate": rate}
    return {"naturalness": naturalness, "prosody": figures, "lost": 1.5}


def result(
    end: float,
    *,
    target: str = "ana",
    strategy: str = "gradient",
    cpu_s: float = 200.0,
    naturalness: float = 4.4,
    steps: int = 58,
    **changes: Any,
) -> dict[str, Any]:
    """Return a search that moves from 0.6 to `end`, and closes a gap to 0.9."""
    ends = {"start": START, "evolved": end, "gain": end - START}
    return {
        "target": target,
        "is_stock": False,
        "strategy": strategy,
        "evaluations": steps + 1,
        "cpu_s": cpu_s,
        "curve": [[2.0, 0, START], [50.0, 11, (START + end) / 2], [100.0, 22, end]],
        "measures": {
            "ceiling": CEILING,
            "prosody": {"pitch_st": 11.5, "range_st": 10.0, "rate": 4.0},
            "similarity": {
                key: {"mean": mean, "low": mean - 0.02, "high": mean + 0.02}
                for key, mean in ends.items()
            },
            "start": voice(naturalness=4.5),
            "evolved": voice(naturalness=naturalness),
            "delivery": {
                "rate_error": {"without": 0.25, "with": -0.02},
                "range_error": {"without": -0.2, "with": 0.03},
            },
        },
        **changes,
    }


SEEDS = [result(0.84), result(0.81, naturalness=4.25, cpu_s=260.0), result(0.87)]
WALKS = [result(0.55, strategy="random-walk", cpu_s=800.0, steps=200)]


def rows(lines: list[str]) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_a_row_has_the_median_and_the_worst_seed() -> None:
    lines = report.results_table(SEEDS)
    row = dict(zip(report.HEAD, rows(lines)[0], strict=True))
    assert len(lines) == 3
    assert row == {
        "target": "ana", "strategy": "gradient", "evaluations": "59",
        "processor s": "200 (260)", "best stock": "0.600", "similarity": "0.840 (0.810)",
        "95 %": "0.820-0.860", "ceiling": "0.900", "gap closed, %": "80 (70)",
        "naturalness": "4.40 (4.25)", "naturalness lost": "0.10 (0.25)",
        "F0 off, st": "0.50 (0.50)", "range off, %": "20 (20)",
        "deployed range, %": "3 (3)", "rate off, %": "25.0 (25.0)",
        "deployed rate, %": "2.0 (2.0)",
        "lost held out": "1.5 (1.5)", "of that the texts": "1.5", "second measure": "-",
        "usable after, s": "100 (100)",
    }  # fmt: skip


def test_goals_use_the_median_over_people_or_the_worst_search() -> None:
    others = [result(0.80, target="eva"), result(0.78, target="ida"), *WALKS]
    stock = result(0.72, target="af_one", is_stock=True)
    found = {row[0]: row[1:] for row in rows(report.goals_table([*SEEDS, *others, stock]))}
    assert found["similarity on held-out sentences"] == ["≥ 0.82", "0.800, 5 of 5 searches", "no"]
    assert found["gap closed, %, every target and seed"] == ["≥ 50", "40, 6 of 6 searches", "no"]
    assert found["naturalness lost, every target and seed"][1:] == ["0.25, 6 of 6 searches", "no"]
    assert found["processor s a style, without the atlas"] == [
        "≤ 360",
        "200, 5 of 5 searches",
        "yes",
    ]
    assert found["median F0 off, semitones"] == ["≤ 1", "0.50, 5 of 5 searches", "yes"]


def test_time_to_pass_the_random_walk_is_relative_to_the_walks_own_time() -> None:
    """The walk got worse, so its start counts: 0.65; its 200 steps of 4 s make 1,600 s of 400."""
    assert report.ahead_of_walk(result(0.84), WALKS) == pytest.approx(50 / 1600)
    assert report.ahead_of_walk(result(0.64), WALKS) == report.NEVER
    goal = rows(report.goals_table([*SEEDS, *WALKS]))[-1]
    assert goal[2:] == ["0.031, 3 of 3 searches", "yes"]


def test_an_unmeasured_goal_is_not_met() -> None:
    assert {row[-1] for row in rows(report.goals_table(WALKS))} == {"not measured"}
    last = rows(report.goals_table(SEEDS))[-1]
    assert last[2:] == ["-, 0 of 3 searches", "not measured"]


def test_the_second_measure_has_a_gap_of_its_own() -> None:
    near, far = result(0.84), result(0.84)
    near["measures"]["second"] = {"start": 0.3, "evolved": 0.6, "ceiling": 0.7}
    far["measures"]["second"] = {"start": 0.3, "evolved": 0.4, "ceiling": 0.8}
    found = {row[0]: row[1:] for row in rows(report.goals_table([near, far]))}
    wanted = ["≥ 40", "20, 2 of 2 searches", "no"]
    assert found["gap closed by the second measure, %, every target and seed"] == wanted
    assert report.second_gap_closed(near) == pytest.approx(75)


def test_without_a_gap_no_closed_share_is_reported() -> None:
    near = result(0.84)
    near["measures"]["ceiling"] = 0.55
    row = dict(zip(report.HEAD, rows(report.results_table([near]))[0], strict=True))
    assert row["gap closed, %"] == "-"


def test_a_search_without_a_usable_voice_has_no_time_to_one() -> None:
    goals = {row[0]: row for row in rows(report.goals_table([result(0.70)]))}
    assert goals["processor s to the first voice of 0.75"][2:] == ["-, 1 of 1 searches", "no"]


def test_the_plot_is_drawn_into_a_new_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "people.svg"
    report.plot([*SEEDS, *WALKS, result(0.7, target="eva")], path, "made up")
    assert "similarity" in path.read_text()


def test_held_out_sentences_are_from_the_corpus_and_of_other_lengths() -> None:
    assert set(chosen.HELD_OUT) <= set(targets.CORPUS.texts)
    gaps = [abs(len(a) - len(b)) for a in chosen.HELD_OUT for b in chosen.SEARCH]
    assert min(gaps) >= LENGTH_GAP
    assert not set(chosen.HELD_OUT) & {*chosen.SEARCH, *chosen.GRADIENT, *targets.REFERENCE}
    assert len(chosen.GRADIENT) >= GRADIENT_TEXTS[0]


def test_the_longer_clip_is_the_target_and_the_other_the_ceiling(tmp_path: Path) -> None:
    for number, seconds in enumerate((1.0, 3.0)):
        write_wav(tmp_path / f"ana-{number}.flac", tone(220.0, seconds=seconds))
    found = chosen.person("ana", tmp_path, tmp_path / "made")
    assert found.others == (tmp_path / "ana-0.flac",)
    audio = read_wav(found.wav)
    assert (audio.sr, round(audio.duration_s)) == (chosen.SR, 3)


def job(tmp_path: Path, strategy: str) -> people.Job:
    """Return a job with a target and weights of a few bytes."""
    (tmp_path / "ana.wav").write_bytes(b"ana")
    (tmp_path / people.WEIGHTS).write_bytes(b"weights")
    target = chosen.Target("ana", tmp_path / "ana.wav")
    return people.Job(target, strategy, 0, 12, ("a", "b"), tmp_path, tmp_path)


def test_a_change_of_gradient_code_keeps_stored_random_walks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [job(tmp_path, strategy) for strategy in ("gradient", "random-walk")]
    before = [people.fingerprint(one) for one in jobs]
    assert before == [people.fingerprint(one) for one in jobs]
    monkeypatch.setattr(people, "GRADIENT_CODE", people.GRADIENT_CODE[1:])
    after = [people.fingerprint(one) for one in jobs]
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize(
    "module",
    ["search/gradient", "stages/objective", "stages/corrections"],
)
def test_the_fingerprint_of_a_gradient_search_covers_its_code(module: str) -> None:
    known = {*people.code_of("gradient"), *(people.ROOT / name for name in people.GRADIENT_CODE)}
    assert people.ROOT / "distillation" / f"{module}.py" in known


def test_changed_measures_do_not_repeat_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = job(tmp_path, "cma-es")
    stored = {"fingerprint": people.fingerprint(one), "measured_by": "before"}
    people.write_json(one.path, stored)
    assert people.searched_before(one) is None  # its voice is missing
    one.voice.touch()
    assert people.searched_before(one) == stored
    assert people.finished(one) is None
    monkeypatch.setattr(people, "measures_fingerprint", lambda _: "before")
    assert people.finished(one) == stored


class Clock:
    """Processor time that passes on request."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_search_time_excludes_the_measurements(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(people.time, "process_time", clock)

    class At:
        step, best = 0, None

    def similarity(_: VoicePack) -> float:
        clock.now += 100.0
        return 0.7

    curve, at = people.Curve(similarity, began=0.0), At()
    for seconds, digest in ((2.0, "one"), (3.0, "one"), (5.0, "two")):
        clock.now += seconds
        at.best = type("Pack", (), {"sha256": digest})()
        curve.follow(at)
        at.step += 1
    assert curve.points == [(2.0, 0, 0.7), (10.0, 2, 0.7)]
    assert curve.spent_s == pytest.approx(10.0)


def test_all_fingerprinted_source_files_exist() -> None:
    names = (*people.CODE, *people.GRADIENT_CODE, *people_measures.CODE)
    assert [name for name in names if not (people.ROOT / name).is_file()] == []
