from xml.etree import ElementTree as ET

import numpy as np
import pytest

from corpus.audio import drawings, prosody
from corpus.audio.types import Audio
from tests import signals

SVG = "{http://www.w3.org/2000/svg}"


def test_peaks_are_the_extremes_of_each_segment() -> None:
    y = np.zeros(1000, dtype=np.float32)
    y[150], y[850] = 0.5, -0.25
    found = drawings.peaks(Audio(y, 8000), 10)
    assert found.shape == (10, 2)
    assert found[1].tolist() == [0, 0.5]
    assert found[8].tolist() == [-0.25, 0]


@pytest.mark.parametrize(("samples", "n"), [(5, 100), (999, 100), (1000, 7)])
def test_peaks_of_any_length(samples: int, n: int) -> None:
    y = np.random.default_rng(0).uniform(-1, 1, samples).astype(np.float32)
    found = drawings.peaks(Audio(y, 8000), n)
    assert len(found) == min(n, samples)
    assert found[:, 0].min() == y.min()
    assert found[:, 1].max() == y.max()


def test_the_svg_is_named_sized_and_uncoloured() -> None:
    take = signals.speech(10)
    text = drawings.svg(take, width=300, height=60, title='Toma 3 de "Ñoño" <b>')
    root = ET.fromstring(text)  # noqa: S314  our own
    assert (root.get("role"), root.get("viewBox")) == ("img", "0 0 300 60")
    assert float(root.get("data-duration", "")) == pytest.approx(take.duration_s, abs=0.01)
    assert root.findtext(f"{SVG}title") == 'Toma 3 de "Ñoño" <b>'
    assert [p.get("class") for p in root.iter(f"{SVG}path")] == ["waveform-sound"]
    assert "style=" not in text
    assert len(text) < 20_000


def test_the_pitch_is_drawn_where_there_is_one() -> None:
    take = signals.speech(10, pauses=((5, 0.5),))
    contour = prosody.measure(take).contour
    root = ET.fromstring(drawings.svg(take, pitch=contour))  # noqa: S314  our own
    path = root.find(f"{SVG}path[@class='waveform-pitch']")
    assert path is not None
    assert path.get("d", "").count("M") >= 2  # broken by the pause
    assert "waveform-pitch" not in drawings.svg(take, pitch=((0.0, None),))


def test_a_louder_take_fills_the_same_height() -> None:
    quiet, loud = (drawings.svg(signals.tone(50, 1, level_db=db)) for db in (-40, -6))
    heights = [
        min(float(p.split(",")[1]) for p in s.split('d="M')[1].split()[:400]) for s in (quiet, loud)
    ]
    assert heights[0] == pytest.approx(heights[1], abs=0.5)
