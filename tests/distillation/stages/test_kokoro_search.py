"""The search on Kokoro's real architecture, random weights: batches, and what halves save."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kokoro import Everything
from corpus.audio.io import write_wav
from distillation.engines import kokoro_modules
from distillation.engines.kokoro import KokoroStudent
from distillation.recipe import RunRecipe
from distillation.scoring import Scorer
from distillation.stages import judging
from distillation.stages.evolve import Evolution
from distillation.stages.judging import Bar, Judge, Task
from distillation.stages.starting import BLENDS
from distillation.voicepack import VoicePack
from tests.distillation.voices import recipe

HEARD = ("Buenas.", "Hola, sí.")
SCORE_APART = 0.01  # of 100; samples of both ways lie within 1e-4


@pytest.fixture(autouse=True)
def hears_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights speak noise: a voice activity detector would cut all of it."""
    monkeypatch.setattr(judging, "Scorer", partial(Scorer, encoder=unabridged()))


@cache
def unabridged() -> Everything:
    return Everything()


@pytest.fixture(scope="module")
def target(kokoro: KokoroStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("target") / "target.wav"
    pack = kokoro.stock_voice("af_old")
    write_wav(path, kokoro.synthesize("Su pedido.", pack))
    return path


@pytest.fixture
def choir(kokoro_model: Path) -> KokoroStudent:
    """Kokoro as on a GPU: the package's own modules, several voices at once."""
    made = KokoroStudent(model_dir=kokoro_model, threads=1, device="cpu")
    network = made._network
    network.together = True
    network._generate = kokoro_modules.Generator(network.model.decoder.generator, half=False)
    return made


def wanted(strategy: str, steps: int) -> RunRecipe:
    return recipe(
        student="kokoro", strategy=strategy, steps=steps, search_texts=HEARD,
        base_voices=("ef_dora", "em_alex"),
    )  # fmt: skip


def near(kokoro: KokoroStudent, count: int) -> list[VoicePack]:
    """Voices between two; the first three of one prosody."""
    a, b = (kokoro.stock_voice(name).data for name in ("ef_dora", "em_alex"))
    packs = []
    for number in range(count):
        data = a + (b - a) * (number / count)
        data[..., 128:] = a[..., 128:] if number < 3 else data[..., 128:]
        packs.append(VoicePack(data, "kokoro"))
    return packs


def test_a_batch_side_by_side_has_the_scores_of_one_by_one(
    kokoro: KokoroStudent, choir: KokoroStudent, target: Path
) -> None:
    alone, together = (Judge(wanted("cma-es", 5), one, target) for one in (kokoro, choir))
    packs = near(kokoro, 4)
    full = [alone(Task(number, pack.data, Bar())) for number, pack in enumerate(packs)]
    assert all(verdict.score for verdict in full)
    bar = Bar(first=sorted(v.score.first for v in full if v.score)[1])
    tasks = [Task(number, pack.data, bar) for number, pack in enumerate(packs)]
    one_by_one, at_once = [alone(task) for task in tasks], together.many(tasks)
    assert (alone.together, together.together) == (False, True)
    assert [v.texts for v in at_once] == [v.texts for v in one_by_one]
    assert {v.texts for v in at_once} == {1, 2}
    for mine, theirs in zip(at_once, one_by_one, strict=True):
        assert mine.ceiling == pytest.approx(theirs.ceiling, abs=SCORE_APART)
        assert (mine.score is None) == (theirs.score is None)


def test_a_search_hands_whole_batches_to_a_student_that_profits(
    choir: KokoroStudent, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, int]] = []
    speak: Callable[..., object] = choir.synthesize_many

    def listened(text: str, conditions: list[VoicePack], **how: float) -> object:
        said.append((text, len(conditions)))
        return speak(text, conditions, **how)

    monkeypatch.setattr(choir, "synthesize_many", listened)
    evolution = Evolution(wanted("cma-es", 4), "neutral", choir, target)
    evolution.advance(steps=1)
    assert evolution.evaluations == 2
    assert said == [(HEARD[0], 2), (HEARD[1], 2)]
    evolution.advance(steps=1)
    assert evolution.evaluations == 2 + len(BLENDS)
    assert (HEARD[0], len(BLENDS)) in said


@pytest.mark.slow
def test_while_timbre_moves_each_text_has_one_prosody(kokoro: KokoroStudent, target: Path) -> None:
    """The network keeps durations, pitch and energy by the pack's prosody half."""
    computed: list[int] = []
    lstm: Any = kokoro._network.model.predictor.lstm
    hook = lstm.register_forward_hook(lambda *_: computed.append(1))
    each = []
    evolution = Evolution(wanted("halves", 8), "neutral", kokoro, target)
    evolution.advance(steps=evolution.start_total)
    for _ in range(2):
        before = len(computed), evolution.texts
        evolution.advance(steps=4)
        each.append((len(computed) - before[0], evolution.texts - before[1]))
    hook.remove()
    assert evolution.done
    (made, texts), (each_anew, prosody_texts) = each
    assert made <= len(HEARD) < texts
    assert each_anew == prosody_texts
