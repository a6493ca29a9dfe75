"""espeak-ng's process: whatever happens to it, the same text gives the same audio."""

import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from distillation.engines import EngineError
from distillation.engines.praat import espeak
from distillation.engines.praat.espeak import Speaker
from tests.processes import wait_for

SPANISH = "Spanish (Spain)"
REQUEST: dict[str, Any] = {
    "text": "Gracias por llamar hoy.",
    "language": SPANISH,
    "gap_s": 0.012,
    "pitch": 1.2,
    "intonation": 1.0,
    "rate_wpm": 150.0,
    "resets": 2,
    "count": False,
}


@pytest.fixture
def speaker() -> Iterator[Speaker]:
    made = Speaker()
    yield made
    made.end()


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    """The audio that a new process synthesizes first."""
    made = Speaker()
    try:
        return np.asarray(made.ask(**REQUEST))
    finally:
        made.end()


def pid_of(speaker: Speaker) -> int:
    assert speaker._process
    return speaker._process.pid


def test_the_pauses_of_a_sentence_do_not_affect_the_next_one() -> None:
    """A text with short pauses used to change the length of the next one's."""
    before = "Tome asiento, por favor, y espere en la sala."
    audios = set()
    for gap_s in (1e-4, 0.05, 1e-4, 0.012):
        for other in (before, "Hoy hace sol en la costa, pero mañana lloverá en la sierra."):
            espeak.sound(other, SPANISH, pitch=1.0, intonation=1.0, rate_wpm=160, gap_s=gap_s)
            y = espeak.sound(
                "Gracias por llamar.", SPANISH, pitch=1.2, intonation=1.0, rate_wpm=150, gap_s=0.012
            )
            audios.add(y.tobytes())
    assert len(audios) == 1


def test_a_regularly_restarted_process_needs_no_child_process(
    speaker: Speaker, expected: np.ndarray
) -> None:
    speaker.here = True
    speaker.ask(**{**REQUEST, "text": "Tome asiento, por favor.", "gap_s": 0.05})
    assert np.array_equal(speaker.ask(**REQUEST), expected)
    assert speaker._process is None


def test_a_process_that_was_killed_is_replaced(speaker: Speaker, expected: np.ndarray) -> None:
    speaker.ask(**REQUEST)
    psutil.Process(pid_of(speaker)).kill()
    assert np.array_equal(speaker.ask(**REQUEST), expected)


def test_it_is_restarted_before_its_memory_grows(
    speaker: Speaker, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espeak, "_TEXTS", 2)
    pids = []
    for _ in range(5):
        assert np.array_equal(speaker.ask(**REQUEST), expected)
        pids.append(pid_of(speaker))
    assert len(set(pids)) == 3
    assert not psutil.pid_exists(pids[0])


def test_a_partial_answer_is_not_used_for_the_next_request(
    speaker: Speaker, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(file: Any) -> None:
        file.read(1000)
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr("pickle.load", interrupted)
        with pytest.raises(TimeoutError):
            speaker.ask(**{**REQUEST, "text": "Otra cosa."})
    assert np.array_equal(speaker.ask(**REQUEST), expected)


def test_a_text_that_crashes_it_is_named(
    speaker: Speaker, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import os\nos.kill(os.getpid(), 11)\n")
    with monkeypatch.context() as patch:
        patch.setattr(espeak, "_PROGRAM", broken)
        with pytest.raises(EngineError, match=r"over 'Gracias por llamar hoy\.'") as caught:
            speaker.ask(**REQUEST)
    assert caught.value.code == "unspeakable"
    assert np.array_equal(speaker.ask(**REQUEST), expected)


def test_a_fork_has_a_process_of_its_own(speaker: Speaker) -> None:
    espeak.phoneme_count("Hola.", SPANISH)
    mine = pid_of(espeak._SPEAKER)
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def ask() -> None:
        count = espeak.phoneme_count("Buenas tardes.", SPANISH)
        sender.send((count, pid_of(espeak._SPEAKER)))

    child = context.Process(target=ask)
    child.start()
    count, theirs = receiver.recv()
    child.join()
    assert (count, theirs != mine) == (12, True)
    wait_for("its end", lambda: not psutil.pid_exists(theirs), seconds=10)
    assert espeak.phoneme_count("Buenas tardes.", SPANISH) == 12
    assert pid_of(espeak._SPEAKER) == mine


def test_a_fork_while_a_thread_is_answered_does_not_hang() -> None:
    reading = threading.Event()

    def speak() -> None:
        reading.set()
        for _ in range(20):
            espeak.sound(
                "Tome asiento, por favor.", SPANISH, pitch=1, intonation=1, rate_wpm=90, gap_s=0.05
            )

    thread = threading.Thread(target=speak)
    thread.start()
    reading.wait()
    children = [multiprocessing.get_context("fork").Process(target=int) for _ in range(5)]
    for child in children:
        child.start()
        child.join(10)
        child.kill()
    thread.join()
    assert [child.exitcode for child in children] == [0] * 5


def test_it_starts_if_its_pipe_cannot_be_enlarged(
    speaker: Speaker, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: Any) -> None:
        raise PermissionError

    monkeypatch.setattr("fcntl.fcntl", refused)
    assert np.array_equal(speaker.ask(**REQUEST), expected)


def test_it_ends_with_its_parent_process() -> None:
    program = (
        "import os\n"
        "from distillation.engines.praat import espeak\n"
        f"espeak.phoneme_count('Hola.', {SPANISH!r})\n"
        "print(espeak._SPEAKER._process.pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)
    pid = int(done.stdout)
    wait_for("its end", lambda: not psutil.pid_exists(pid), seconds=10)
