"""The command-line options of `run_pipeline`, and the values written in them."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from distillation.engines import STUDENTS, TEACHERS
from distillation.recipe import WEIGHTS
from distillation.search import STRATEGIES

STAGES = ("reference", "evolve", "validate", "deploy")
PRECISIONS = ("fp32", "bf16", "auto")
StylePrompt = tuple[tuple[str, str], ...]  # (text, WAV) of a style's prompt


class PlanError(ValueError):
    """Options are invalid or incompatible; the message names the option and what to do."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options given; empty or None for those that were not."""

    stage: str
    reference_audio: Path | None
    reference_text: str
    tts_url: str
    target_audio: tuple[str, ...]
    steps: int | None
    minutes: float | None
    goal: float | None
    patience: int | None
    weights: tuple[str, ...]
    precision: str
    base_voices: tuple[str, ...]
    styles: tuple[str, ...]
    student: str
    teacher: str
    strategy: str
    seed: int | None
    out: Path
    voices_dir: Path
    model_dir: Path
    override: str
    corpus_dir: Path
    default_student: str
    default_precision: str
    prompt_styles: tuple[str, ...] = ()  # STYLE=WAV:TEXT
    jobs: int = 1
    plain_delivery: bool = False
    speaker: str = ""
    mix_speakers: bool = False


def is_wav(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() != ".json"


def transcript(options: Options) -> str:
    """Return the transcript of the WAV, as given or from the text file next to it."""
    if options.reference_text or options.reference_audio is None:
        return options.reference_text
    text_file = options.reference_audio.with_suffix(".txt")
    try:
        return text_file.read_text(encoding="utf-8").strip() if text_file.is_file() else ""
    except UnicodeDecodeError as error:
        raise PlanError(
            f"--reference-audio: {text_file} is not UTF-8; save it so, or say its words with "
            "--reference-text."
        ) from error


def target_clips(values: Sequence[str], styles: Collection[str]) -> dict[str, tuple[Path, ...]]:
    """Return the clips of each style; those for every style under "".

    Parameters
    ----------
    values : sequence of str
        ``PATH`` or ``STYLE=PATH``; a folder stands for the WAV files in it.
    styles : collection of str
        Existing styles: text before a ``=`` that is not one of them belongs to the path.

    Raises
    ------
    PlanError
    """
    found: dict[str, list[Path]] = {}
    for value in values:
        style, equals, rest = value.partition("=")
        named = bool(equals) and style in styles
        path = Path(rest if named else value)
        found.setdefault(style if named else "", []).extend(_clips(path))
    return {style: tuple(path.resolve() for path in paths) for style, paths in found.items()}


def _clips(path: Path) -> list[Path]:
    if path.is_dir():
        if clips := sorted(path.glob("*.wav")):
            return clips
        raise PlanError(f"--target-audio: no WAV in {path}.")
    if not path.is_file():
        raise PlanError(f"--target-audio: {path} is not there.")
    return [path]


def score_weights(values: Sequence[str]) -> dict[str, float]:
    """Return the weights of a score; those not named have their published values.

    Raises
    ------
    PlanError
    """
    found = dict(WEIGHTS)
    for value in values:
        name, _, number = value.partition("=")
        if name not in WEIGHTS:
            raise PlanError(
                f"--weights: {', '.join(f'{part}=W' for part in WEIGHTS)}; not {value!r}."
            )
        try:
            found[name] = float(number)
        except ValueError:
            raise PlanError(f"--weights: a number after {name}=, not {number!r}.") from None
    return found


def style_prompts(values: Sequence[str], styles: Collection[str]) -> dict[str, StylePrompt]:
    """Parse prompts of the form ``STYLE=FILE.wav:WORDS``; return them by style.

    Raises
    ------
    PlanError
    """
    found: dict[str, StylePrompt] = {}
    for value in values:
        style, _, rest = value.partition("=")
        name, mark, words = rest.partition(".wav:")
        path = Path(f"{name}.wav").resolve()
        if not mark or not words.strip():
            raise PlanError(f"--prompt-style: STYLE=FILE.wav:WORDS, not {value!r}.")
        if style not in styles:
            raise PlanError(f"--prompt-style: {style!r} is none of {', '.join(styles)}.")
        if not path.is_file():
            raise PlanError(f"--prompt-style: {path} is not there.")
        found[style] = ((words.strip(), str(path)),)
    return found


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--stage", default="all", choices=("all", *STAGES))
    parser.add_argument("--styles", nargs="+", metavar="STYLE", help="all styles by default")
    _add_targets(parser)
    _add_search(parser)
    _add_budget(parser)
    _add_places(parser)


def _add_targets(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what the targets are made of")
    group.add_argument(
        "--reference-audio",
        type=Path,
        metavar="PATH",
        help="WAV of the voice, folder of takes (shcc-01_amable.wav), or exchange JSON",
    )
    group.add_argument(
        "--speaker",
        default="",
        metavar="NAME",
        help="whose takes are used: a folder in the folder of takes, or s3 as in exported names; "
        "by default the one with enough takes in most styles, then with the best",
    )
    group.add_argument(
        "--mix-speakers", action="store_true", help="use the takes of all speakers together"
    )
    group.add_argument(
        "--reference-text", default="", metavar="TEXT", help="what the WAV says; or WAV.txt"
    )
    group.add_argument(
        "--prompt-style",
        nargs="+",
        metavar="STYLE=FILE.wav:WORDS",
        help="the prompt of a cloning teacher for a style, instead of --reference-audio",
    )
    group.add_argument("--tts-url", default="", metavar="URL", help="teacher's speech server")
    group.add_argument(
        "--target-audio",
        nargs="+",
        metavar="[STYLE=]PATH",
        help="clips a style is compared with instead of what a teacher speaks; WAV or folder",
    )
    group.add_argument(
        "--teacher",
        default="",
        help=f"{' or '.join(TEACHERS)}; by default that of the folder's targets; recordings "
        "without --reference-audio is none",
    )


def _add_search(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("the search")
    group.add_argument("--student", default="", help=f"{' or '.join(STUDENTS)}")
    group.add_argument(
        "--precision",
        default="",
        help=f"of kokoro: {', '.join(PRECISIONS)}; bf16 takes about half the time",
    )
    group.add_argument(
        "--strategy",
        default="",
        help=f"{' or '.join(STRATEGIES)}; gradient works with kokoro only",
    )
    group.add_argument(
        "--weights",
        nargs="+",
        metavar="PART=W",
        help="of the score: target=0.48 self=0.5 feature=0.02",
    )
    group.add_argument(
        "--base-voices", nargs="+", metavar="VOICE", help="where to start; all by default"
    )
    group.add_argument("--seed", type=int, metavar="N")


def _add_budget(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("when a search ends, and with how many processes it goes")
    group.add_argument("--steps", type=int, metavar="N", help="steps a style (10000), at most")
    group.add_argument("--minutes", type=float, metavar="M", help="of search a style, at most")
    group.add_argument("--goal", type=float, metavar="SCORE", help="ends a search, 0-100")
    group.add_argument(
        "--patience", type=int, metavar="N", help="steps without a better voice end a search"
    )
    group.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="processes that judge candidates (1), a core and the student's memory each; a GPU "
        "takes a batch alone",
    )


def _add_places(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("places, and what is deployed")
    group.add_argument("--out", type=Path, metavar="FOLDER", help="results and checkpoints")
    group.add_argument("--model-dir", type=Path, metavar="FOLDER", help="Kokoro's files")
    group.add_argument("--voices-dir", type=Path, metavar="FOLDER", help="deploy goes there")
    group.add_argument(
        "--override",
        default="",
        metavar="REASON",
        help="deploy what did not pass or got worse too; the reason is kept in the manifest",
    )
    group.add_argument(
        "--plain-delivery",
        action="store_true",
        help="deploy without the speed, gain and pitch range that validation fitted to the target",
    )
