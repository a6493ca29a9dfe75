"""Candidates a second on kokoro, against a plain loop; same seed, same scores.

    python -m benchmarks.kokoro [--repetitions 3] [--threads 1] [--model-dir DIR] [--json FILE]

The plain loop is KVoiceWalk's: a KPipeline per text, Resemblyzer's own preprocessing and one
embedding for the target and one for each text's self-similarity, librosa's features. Ours is what
the search runs: `KokoroStudent` and `Scorer`, nobody dropped early. They take turns, candidate by
candidate, in one process, on texts of the lengths KVoiceWalk ships. Without a model directory the
weights are random: the cost is the real one, the sound is noise; since a voice activity detector
finds no speech in it, neither side cuts silences here. Memory is that of a process that does
nothing but one candidate. About three minutes on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from corpus.audio.io import resample
from corpus.audio.types import Audio
from distillation.engines.kokoro import CONFIG, WEIGHTS, KokoroStudent
from distillation.engines.kokoro_weights import REPO
from distillation.scoring import Score, Scorer, SpeakerEncoder
from distillation.scoring.encoder import LEVEL_DBFS, SR
from distillation.voicepack import VoicePack

TEXTS = (  # of the lengths of KVoiceWalk's two: about 250 and 160 characters
    "El viejo farero nunca imaginó que un día guiaría los barcos desde la comodidad de su sala, "
    "pero con la técnica de hoy y una serie de cámaras hacía justamente eso, y tomaba su té "
    "mientras la tormenta rugía afuera y las gaviotas gritaban sobre el techo.",
    "Si se mezclan vinagre, bicarbonato y un poco de jabón en un cilindro alto, la erupción que "
    "resulta es un gusto para los ojos y las manos, perfecta para la escuela.",
)
SEED = 3
PRECISIONS = {"fp32": "fp32", "bf16": "auto"}

T = TypeVar("T")
Row = dict[str, float]
Spent = tuple[float, float]  # seconds of wall clock, of CPU


class PlainLoop:
    """A candidate as KVoiceWalk makes and judges it, seeded."""

    def __init__(self, model_dir: Path, target: Audio) -> None:
        from kokoro.model import KModel
        from kokoro.pipeline import KPipeline
        from resemblyzer import VoiceEncoder

        files = {"config": str(model_dir / CONFIG), "model": str(model_dir / WEIGHTS)}
        self.model = KModel(repo_id=REPO, **files).eval()
        self.pipeline = KPipeline(lang_code="e", repo_id=REPO, model=self.model)
        self.encoder = VoiceEncoder("cpu", verbose=False)
        self.target = self._embed(target.y)
        self.target_features = librosa_features(target.y)

    def candidate(self, pack: VoicePack) -> list[Audio]:
        first = self._speak(TEXTS[0], pack)
        float(self._embed(first) @ self.target)
        second = self._speak(TEXTS[1], pack)
        float(self._embed(first) @ self._embed(second))
        for name, value in librosa_features(first).items():
            abs(value - self.target_features[name])
        return [Audio(y, 24_000) for y in (first, second)]

    def _speak(self, text: str, pack: VoicePack) -> np.ndarray[Any, Any]:
        import torch

        torch.manual_seed(SEED)
        voice = torch.from_numpy(pack.data.copy())
        parts = [part.audio.numpy() for part in self.pipeline(text, voice=voice)]
        y = np.concatenate(parts)
        return np.asarray(y * min(1.0, 0.97 / float(np.abs(y).max())), np.float32)

    def _embed(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        import librosa
        from resemblyzer.audio import normalize_volume

        y = librosa.resample(y, orig_sr=24_000, target_sr=SR)
        y = normalize_volume(y, LEVEL_DBFS, increase_only=True)
        embedding: np.ndarray[Any, Any] = self.encoder.embed_utterance(y)
        return embedding


class Everything(SpeakerEncoder):
    """The scorer's encoder, but for the cutting of silences."""

    def embed(self, audio: Audio) -> np.ndarray[Any, Any]:
        from resemblyzer.audio import normalize_volume

        y = normalize_volume(resample(audio, SR).y, LEVEL_DBFS)
        return self._embed_speech(np.asarray(y, np.float32))


def librosa_features(y: np.ndarray[Any, Any]) -> dict[str, float]:
    """Means and deviations of what KVoiceWalk asks librosa for, but for its beat tracker."""
    import librosa

    sr = 24_000
    rows = {
        "rms": librosa.feature.rms(y=y),
        "crossings": librosa.feature.zero_crossing_rate(y),
        "centroid": librosa.feature.spectral_centroid(y=y, sr=sr),
        "bandwidth": librosa.feature.spectral_bandwidth(y=y, sr=sr),
        "rolloff": librosa.feature.spectral_rolloff(y=y, sr=sr),
        "contrast": librosa.feature.spectral_contrast(y=y, sr=sr),
        "mfcc": librosa.feature.mfcc(y=y, sr=sr, n_mfcc=13),
        "chroma": librosa.feature.chroma_stft(y=y, sr=sr),
        "mel": librosa.feature.melspectrogram(y=y, sr=sr),
    }
    return {
        f"{name}{index}_{kind}": float(getattr(np, kind)(row))
        for name, values in rows.items()
        for index, row in enumerate(values)
        for kind in ("mean", "std")
    }


def main() -> None:
    warnings.simplefilter("ignore")
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        report = measured(options.model_dir or _standin(Path(folder) / "kokoro"), options)
    _print(report)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")


def measured(model_dir: Path, options: argparse.Namespace) -> dict[str, Any]:
    made = {"model_dir": model_dir, "threads": options.threads, "device": "cpu"}
    ways = {name: KokoroStudent(**made, precision=how) for name, how in PRECISIONS.items()}
    parent, other = (ways["fp32"].stock_voice(name) for name in ("ef_dora", "em_alex"))
    target = ways["fp32"].synthesize(TEXTS[0], other, seed=SEED)
    plain, scorer = PlainLoop(model_dir, target), Scorer(target, encoder=Everything())
    _threads_set(options.threads)
    candidates = _candidates(parent, options.repetitions + 1)
    scoring: list[float] = []
    seconds: dict[str, list[Spent]] = {name: [] for name in ("plain", *ways)}
    scores: dict[str, list[Score]] = {name: [] for name in seconds}
    for pack in candidates:  # the first warms up
        audios, spent = timed(lambda pack=pack: plain.candidate(pack))  # type: ignore[misc]
        seconds["plain"].append(spent)
        score, spent = timed(lambda audios=audios: scorer.score([*map(scorer.hear, audios)]))  # type: ignore[misc]
        scores["plain"].append(score)
        scoring.append(spent[1])
        for name, engine in ways.items():
            score, spent = timed(lambda pack=pack, engine=engine: judged(engine, scorer, pack))  # type: ignore[misc]
            seconds[name].append(spent)
            scores[name].append(score)
        cpu = ", ".join(f"{name} {spent[-1][1]:.2f}" for name, spent in seconds.items())
        print(f"candidate {len(seconds['plain']) - 1}: CPU s {cpu}", file=sys.stderr, flush=True)
    return {
        "threads": options.threads,
        "repetitions": options.repetitions,
        "speech_s": sum(audio.duration_s for audio in audios),
        "scoring_cpu_s": statistics.median(scoring[1:]),
        "peak_mb": {name: _peak_mb(model_dir, precision) for name, precision in PRECISIONS.items()},
        "ways": {name: _row(name, seconds, scores) for name in seconds},
    }


def judged(engine: KokoroStudent, scorer: Scorer, pack: VoicePack) -> Score:
    heard = scorer.hear(engine.synthesize(TEXTS[0], pack, seed=SEED))
    other = scorer.hear(engine.synthesize(TEXTS[1], pack, seed=SEED))
    return scorer.score([heard, other])


def alone(model_dir: str, precision: str) -> None:
    """Print the peak memory (MB) of this process after one candidate."""
    engine = KokoroStudent(model_dir=model_dir, threads=1, device="cpu", precision=precision)
    pack, other = (engine.stock_voice(name) for name in ("ef_dora", "em_alex"))
    target = engine.synthesize(TEXTS[1], other, seed=SEED)
    judged(engine, Scorer(target, encoder=Everything()), pack)
    status = Path("/proc/self/status").read_text().splitlines()  # ru_maxrss is the parent's too
    print(next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))


def _peak_mb(model_dir: Path, precision: str) -> float:
    code = "import sys; from benchmarks.kokoro import alone; alone(*sys.argv[1:])"
    asked = [sys.executable, "-W", "ignore", "-c", code, str(model_dir), precision]
    return float(subprocess.run(asked, check=True, capture_output=True).stdout)


def timed(work: Callable[[], T]) -> tuple[T, Spent]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def _candidates(parent: VoicePack, count: int) -> list[VoicePack]:
    """Move both halves of a voice, so that nothing of the prosody can be kept."""
    rng = np.random.default_rng(0)
    step = 0.03 * rng.standard_normal((count, 1, 1, 256)).astype(np.float32)
    return [VoicePack(parent.data + one, parent.engine) for one in step]


def _row(name: str, spent: dict[str, list[Spent]], scores: dict[str, list[Score]]) -> Row:
    walls, cpus = zip(*spent[name][1:], strict=True)
    row = {"wall_s": statistics.median(walls), "cpu_s": statistics.median(cpus)}
    row |= {"cpu_s_min": min(cpus), "cpu_s_max": max(cpus)}
    for kind, index in (("wall", 0), ("cpu", 1)):
        ratios = [
            plain[index] / mine[index]
            for plain, mine in zip(spent["plain"][1:], spent[name][1:], strict=True)
        ]
        row |= {f"ratio_{kind}": statistics.median(ratios)}
        row |= {f"ratio_{kind}_min": min(ratios), f"ratio_{kind}_max": max(ratios)}
    for part in ("total", "target", "self_", "feature"):
        row[f"off_{part}"] = max(
            abs(getattr(ours, part) - getattr(theirs, part))
            for ours, theirs in zip(scores[name], scores["plain"], strict=True)
        )
    return row


def _print(report: dict[str, Any]) -> None:
    print(
        f"{report['repetitions']} candidates, {report['speech_s']:.1f} s of speech each, "
        f"{report['threads']} thread(s), in turns; total is 0-100, its parts 0-1. Of ours scoring "
        f"takes {report['scoring_cpu_s']:.2f} CPU s"
    )
    for name, peak_mb in report["peak_mb"].items():
        print(f"peak memory of a process with one candidate, {name}: {peak_mb:.0f} MB")
    print(
        f"{'':6}{'CPU s':>7}{'spread':>14}{'x CPU':>7}{'spread':>12}{'x wall':>8}  largest error:"
    )
    for name, row in report["ways"].items():
        print(
            f"{name:6}{row['cpu_s']:7.2f}{row['cpu_s_min']:7.2f}-{row['cpu_s_max']:<6.2f}"
            f"{row['ratio_cpu']:7.2f}{row['ratio_cpu_min']:6.2f}-{row['ratio_cpu_max']:<5.2f}"
            f"{row['ratio_wall']:8.2f}  total {row['off_total']:.4f}, "
            f"target {row['off_target']:.5f}, self {row['off_self_']:.5f}, "
            f"feature {row['off_feature']:.5f}"
        )


def _threads_set(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)  # the speaker encoder sets one; all ways get the same


def _standin(folder: Path) -> Path:
    """Write random weights in a process of its own, so that ours holds none of it."""
    code = "import sys, pathlib; from tests.standins import kokoro_dir;"
    code += "kokoro_dir(pathlib.Path(sys.argv[1]), small=False)"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)
    return folder


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model-dir", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
