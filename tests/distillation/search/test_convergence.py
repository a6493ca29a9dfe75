"""The benchmark's statistics, on curves with known values."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.convergence_report import (
    bands,
    best_after,
    evaluations_table,
    lengths_table,
    needed,
    plot,
)


def result(strategy: str, curve: list[tuple[int, float, float]], **values: float) -> dict[str, Any]:
    return {
        "target": "bright", "strategy": strategy, "curve": curve, "start_evaluations": 1,
        "evaluations": 100, "search": 90.0, "held_out": 85.0, "texts_lose": 1.0, **values,
    }  # fmt: skip


WALKS = [result("random-walk", [(1, 80.0, 84.0), (90, end, 82.0)]) for end in (88.0, 89.0, 90.0)]
QUICK = [result("quick", [(1, 80.0, 83.0), (n, 89.5, 85.0)], held_out=89.0) for n in (10, 20, 30)]
STUCK = result("quick", [(1, 80.0, 81.0)], held_out=89.0)
FALLING = result("quick", [(1, 80.0, 84.0), (5, 81.0, 81.0), (7, 82.0, 83.0), (9, 83.0, 82.5)])


def test_best_score_after_a_step_and_evaluations_needed_for_a_score() -> None:
    assert best_after(WALKS[0], 89) == 80.0
    assert best_after(WALKS[0], 90) == 88.0
    assert best_after(WALKS[0], 90, "held_out") == 82.0
    assert needed(QUICK[1], 89.0) == 20
    assert needed(QUICK[1], 89.6) == np.inf


def test_a_held_out_score_is_reached_only_when_it_is_kept_to_the_end() -> None:
    assert needed(FALLING, 82.0, "held_out") == 7
    assert needed(FALLING, 83.0, "held_out") == np.inf
    assert needed(FALLING, 81.0, "held_out") == 1


def test_the_table_counts_evaluations_to_the_median_end_of_the_reference() -> None:
    table = evaluations_table([*WALKS, *QUICK, STUCK], "random-walk")
    name, search, quick, held_out, quick_held_out = table[2].strip("| ").split(" | ")
    assert (name, search, held_out) == ("bright", "89.0 (88.0 to 90.0)", "82.0 (82.0 to 82.0)")
    assert quick.startswith("30 (")
    assert quick.endswith("3 of 4")
    assert quick_held_out == "1 (1 to 1), 3 of 4"
    assert table[-1].startswith("| all |")


def test_without_the_reference_the_table_has_no_counts() -> None:
    assert evaluations_table(QUICK, "random-walk")[2:] == ["| all |  |  |  |  |"]


def test_the_loss_of_the_search_excludes_that_of_the_texts() -> None:
    walks, every_walk, quick, every_quick = lengths_table([*WALKS, *QUICK])[2:]
    assert walks.replace("bright", "all") == every_walk
    assert quick.replace("bright", "all") == every_quick
    assert walks.split("|")[-2].strip() == "4.0 (4.0 to 4.0)"
    assert quick.split("|")[-2].strip() == "0.0 (0.0 to 0.0)"


def test_bands_are_quartiles_of_the_best_so_far() -> None:
    low, middle, high = bands(WALKS, np.array([1, 100]))
    assert middle == pytest.approx([80.0, 89.0])
    assert low[1] == pytest.approx(88.5)
    assert high[1] == pytest.approx(89.5)


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    plot([*WALKS, *QUICK], tmp_path / "plot.svg", "made up")
    assert "evaluations" in (tmp_path / "plot.svg").read_text()
