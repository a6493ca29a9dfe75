"""A checkpoint keeps every field of the state of a search."""

from dataclasses import fields

import numpy as np

from distillation.scoring import Score
from distillation.stages import checkpoint
from distillation.stages.checkpoint import Checkpoint, Point
from distillation.stages.evaluation import PruningThreshold

PACK = np.arange(12, dtype=np.float32).reshape(3, 1, 4)
SCORE = Score(total=80.0, target=0.8, first=0.7, self_=0.9, feature=0.6)
STATE = {
    "step": 7, "evaluations": 9, "texts": 21, "seconds": 3.5, "stopped": "goal", "left": 2,
    "threshold": PruningThreshold(0.5, 60.0), "start_totals": [70.0, 71.5], "start_name": "a+b@0.5",
    "start": PACK, "start_score": SCORE, "best": PACK + 1, "best_score": SCORE,
    "points": [Point(0, 70.0, 0.7, 0.9, 0.6)], "trace": [[0.5, 0.1]], "diversity": 0.2,
    "kept": {0: PACK}, "search": {"rng": "{}", "mean": PACK[0]}, "value": 1.25,
    "figures": [20.5, 8.25, 5.5], "bias": [0.1, 0.2, 0.3], "fraction": 0.5, "start_rate": 5.1,
    "speaker_figures": [21.5, 9.0, 6.1],
}  # fmt: skip


def test_every_field_survives_a_round_trip() -> None:
    assert set(STATE) == {field.name for field in fields(Checkpoint)}  # a new field is added here
    state, fresh = Checkpoint(**STATE), Checkpoint()
    found = checkpoint.read(checkpoint.write(state, "who"), "who")
    for name, value in STATE.items():
        read = getattr(found, name)
        assert repr(read) == repr(value), name
        assert repr(read) != repr(getattr(fresh, name)), name
