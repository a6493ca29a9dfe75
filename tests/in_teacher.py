"""Test actions run in the teacher's environment: `python -m tests.in_teacher WHAT FOLDER`."""

import hashlib
import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from corpus.audio.types import Audio
from distillation import engines
from distillation.engines import EngineError, Prompt, Teacher
from tests.standins import f5_dir

STEPS = 4
SENTENCES = (
    "Buenos días, gracias por llamar.",
    "¿En qué puedo ayudarle hoy?",
    "Un momento, por favor, enseguida lo compruebo.",
    "Su pedido saldrá mañana por la mañana.",
    "Que tenga usted un buen día.",
)
WORDS = "Esto es lo que dice la muestra."


def refuse(*_: Any) -> None:
    raise AssertionError("the teacher reached for the network")


def digest(audio: Audio) -> str:
    return hashlib.sha256(audio.y.tobytes()).hexdigest()


def f5(model_dir: Path, **options: Any) -> Teacher:
    return engines.teacher("f5", {"model_dir": model_dir, "steps": STEPS, **options})


def prompt(folder: Path, transcript: str = WORDS, name: str = "prompt.wav") -> Prompt:
    return Prompt(style="neutral", audio=folder / name, transcript=transcript)


def build(folder: Path) -> str:
    return str(f5_dir(folder / "models"))


def five(folder: Path) -> list[str]:
    """Return the digests of five synthesized sentences."""
    teacher, voice = f5(folder / "models"), prompt(folder)
    return [digest(teacher.synthesize(text, voice, seed=7)) for text in SENTENCES]


def speak(folder: Path) -> dict[str, Any]:
    """Return results of the engine for various texts, seeds, speeds and prompts."""
    teacher, voice = f5(folder / "models"), prompt(folder)

    def say(text: str, seed: int = 7, speed: float = 1.0, by: Prompt = voice) -> Audio:
        return teacher.synthesize(text, by, seed=seed, speed=speed)

    other = prompt(folder, name="other.wav")
    return {
        "five": [digest(say(text)) for text in SENTENCES],
        "again": [digest(say(text)) for text in SENTENCES],
        "other_seed": digest(say(SENTENCES[0], seed=8)),
        "other_prompt": digest(say(SENTENCES[0], by=other)),
        "other_words": digest(say(SENTENCES[0].replace("Buenos", "Buenas"))),
        "seconds": {
            str(speed): say(SENTENCES[2], speed=speed).duration_s for speed in (0.8, 1, 1.25)
        },
        "plain_s": say("El medico publico el numero rapido.").duration_s,
        "accents_s": say("Él médico público él número rápido.").duration_s,
        "figures": digest(say("Son 21 €, Sr. Gil.")),
        "words": digest(say("Son veintiún euros, señor Gil.")),
        "long_s": say(" ".join(SENTENCES * 3)).duration_s,
        "short_s": say(" ".join(SENTENCES)).duration_s,
        "rate": say(SENTENCES[0]).sr,
        "peak": float(abs(say(SENTENCES[0]).y).max()),
        "licence": teacher.licence,  # type: ignore[attr-defined]
    }


def faults(folder: Path) -> dict[str, list[str]]:
    """Return code and message of the errors for bad files, prompts and options."""
    models, voice = folder / "models", prompt(folder)

    def damaged(name: str, harm: Callable[[Path], Any]) -> Callable[[], Any]:
        copy = folder / "damaged" / f"{Path(name).stem}-{harm.__name__}"
        shutil.copytree(models, copy)
        harm(copy / "f5" / name)
        return lambda: f5(copy)

    def cut(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    def deeper(path: Path) -> None:
        path.write_text(path.read_text().replace('"depth": 2', '"depth": 3'))

    def shorter(path: Path) -> None:
        path.write_text(path.read_text()[20:])

    def encodec(path: Path) -> None:
        path.write_text(path.read_text().replace("MelSpectrogramFeatures", "EncodecFeatures"))

    tries: dict[str, Callable[[], Any]] = {
        "no checkpoint": damaged("model_100.safetensors", Path.unlink),
        "no vocoder": damaged("vocos/pytorch_model.bin", Path.unlink),
        "half a checkpoint": damaged("model_100.safetensors", cut),
        "half a vocoder": damaged("vocos/pytorch_model.bin", cut),
        "other architecture": damaged("architecture.json", deeper),
        "the base architecture": damaged("architecture.json", Path.unlink),
        "other vocabulary": damaged("vocab.txt", shorter),
        "fetching vocoder": damaged("vocos/config.yaml", encodec),
        "device": lambda: f5(models, device="cuda:99"),
        "steps": lambda: f5(models, steps="many"),
        "language": lambda: f5(models, lang="de"),
        "no transcript": lambda: f5(models).synthesize("Hola.", prompt(folder, " ")),
        "no prompt": lambda: f5(models).synthesize("Hola.", Prompt(style="neutral")),
        "speed": lambda: f5(models).synthesize("Hola.", voice, speed=9.0),
        "empty": lambda: f5(models).synthesize(" … ", voice),
    }
    return {name: fault(act) for name, act in tries.items()}


def fault(act: Callable[[], Any]) -> list[str]:
    try:
        act()
    except EngineError as error:
        return [error.code, str(error)]
    return ["", "nothing was wrong"]


if __name__ == "__main__":
    socket.socket.connect = refuse  # type: ignore[method-assign]
    what = {"build": build, "five": five, "speak": speak, "faults": faults}[sys.argv[1]]
    json.dump(what(Path(sys.argv[2])), sys.stdout)
