"""Student `praat`: espeak-ng inside Praat, steered by a pack; always available, CPU only."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import ClassVar

import numpy as np
import soxr

from corpus.audio.types import Audio, Samples
from corpus.text.normalization import normalize_spanish
from distillation.engines.base import EngineError, check_request
from distillation.engines.long_text import joined, pieces, tidy
from distillation.engines.praat import espeak, stock_voices
from distillation.engines.praat.steering import Settings, settings
from distillation.engines.psola import repitched, stretched
from distillation.voicepack import VoicePack

LANGUAGES = {"es": "Spanish (Spain)", "es-419": "Spanish (Latin America)"}
_PITCHES = (0.5, 2.0)  # range accepted by the synthesiser
_RATES_WPM = (80.0, 360.0)  # range in which durations follow the rate
MAX_INTONATION = 2.0  # of Praat's synthesiser
_LEVEL = 0.09  # RMS of speech, -21 to -24 LUFS
_PEAK = 0.97
_BANDS_HZ = (400.0, 1100.0, 2600.0, 5200.0)


class PraatStudent:
    """Formant synthesis with eleven controls, derived from the pack's row for a phoneme count."""

    name: ClassVar[str] = "praat"
    sr: int = 24_000
    max_phonemes: int = 510
    weights: str = ""

    def __init__(self, *, lang: str = "es") -> None:
        if lang not in LANGUAGES:
            raise EngineError(
                "bad_option", f"praat speaks {', '.join(LANGUAGES)}, not {lang!r} (option lang)."
            )
        self._language = LANGUAGES[lang]

    def stock_voices(self) -> tuple[str, ...]:
        """Return the names of its own voices."""
        return tuple(stock_voices.VOICES)

    def stock_voice(self, name: str) -> VoicePack:
        """Return a stock voice; EngineError `missing_voice` lists the available ones."""
        if name not in stock_voices.VOICES:
            raise EngineError(
                "missing_voice",
                f"praat has no voice {name!r}; there are {', '.join(stock_voices.VOICES)}.",
            )
        return stock_voices.stock(name)

    def phoneme_count(self, text: str) -> int:
        """Return the number of phonemes espeak-ng speaks for `text`."""
        return _phonemes(_read(tidy(text)), self._language)

    def synthesize(
        self, text: str, condition: VoicePack, *, speed: float = 1.0, seed: int = 0
    ) -> Audio:
        """Speak `text`.

        Parameters
        ----------
        text : str
            Spanish; above 510 phonemes, its sentences are synthesized separately and joined.
        condition : VoicePack
            Of engine `praat`.
        speed : float
            0.25…4, relative to the pack's own rate.
        seed : int
            Of the breath noise.

        Returns
        -------
        Audio
            24 kHz, |y| < 1. Equal arguments give equal samples, regardless of previous texts.

        Raises
        ------
        EngineError
            `empty_text`, `bad_speed`, `wrong_engine`.
        """
        check_request(self.name, condition, speed)
        spoken = []
        for index, piece in enumerate(pieces(tidy(text), self.phoneme_count, self.max_phonemes)):
            voice = settings(condition.row(self.phoneme_count(piece)))
            wide = min(voice.intonation * condition.pitch_range, MAX_INTONATION)
            voice = replace(voice, intonation=wide)
            spoken.append(_speak(_read(piece), self._language, voice, speed, self.sr, seed + index))
        return Audio(joined(spoken, self.sr), self.sr)


_read = lru_cache(maxsize=4096)(normalize_spanish)


def _phonemes(text: str, language: str) -> int:
    count = espeak.phoneme_count(text, language)
    if count == 0:
        raise EngineError("empty_text", f"There is nothing to say in {text[:40]!r}.")
    return count


def _speak(text: str, language: str, voice: Settings, speed: float, sr: int, seed: int) -> Samples:
    """Speak one piece, as long as at speed 1 over `speed`."""
    y, factor = _uttered(text, language, voice, speed, sr)
    if speed != 1.0:  # pauses and short sounds do not follow the rate
        plain, plain_factor = _uttered(text, language, voice, 1.0, sr)
        factor = len(plain) * plain_factor / speed / len(y)
    if factor != 1.0:
        y = stretched(y, sr, factor)
    return _levelled(_coloured(y, sr, voice, seed))


def _uttered(
    text: str, language: str, voice: Settings, speed: float, sr: int
) -> tuple[Samples, float]:
    """Return one piece, spoken lower and slower by the factor `formant` and then sped up by it.

    The second value is the factor by which it is still to be stretched.
    """
    wanted = _adjustment(voice.pitch_hz / voice.formant, voice.intonation)
    pitch = float(np.clip(wanted, *_PITCHES))
    wanted_wpm = voice.rate_wpm * speed / voice.formant
    rate_wpm = float(np.clip(wanted_wpm, *_RATES_WPM))
    y = espeak.sound(
        text, language, pitch=pitch, intonation=voice.intonation, rate_wpm=rate_wpm,
        gap_s=max(voice.gap_s, 1e-4),
    )  # fmt: skip
    y = soxr.resample(y, espeak.HZ * voice.formant, sr, quality="HQ")
    if pitch != wanted:
        y = repitched(y, sr, voice.pitch_hz)
    return y, rate_wpm / wanted_wpm


def _adjustment(pitch_hz: float, intonation: float) -> float:
    """Return Praat's pitch adjustment for a median F0 (fitted to the variant within ±1.5 Hz)."""
    return (pitch_hz - 16.5 - 13.3 * intonation) / (69.8 - 1.5 * intonation)


def _coloured(y: Samples, sr: int, voice: Settings, seed: int) -> Samples:
    """Return `y` with breath noise added and the spectrum shaped: tilt and four bands."""
    noise = np.random.default_rng(seed).standard_normal(len(y), dtype=np.float32)
    y = y + noise * _envelope(y, sr // 50) * np.float32(10 ** (voice.breath_db / 20))
    size = -(-(len(y) + sr // 10) // 4096) * 4096  # a fast FFT length
    octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / sr), 60.0) / 1000)
    gain_db = voice.tilt_db * octaves
    bands_db = (voice.low_db, voice.mid_db, voice.presence_db, voice.air_db)
    for centre_hz, band_db in zip(_BANDS_HZ, bands_db, strict=True):
        gain_db += band_db * np.exp(-2.0 * (octaves - np.log2(centre_hz / 1000)) ** 2)
    gain = (10 ** (gain_db / 20)).astype(np.float32)
    return np.fft.irfft(np.fft.rfft(y, size) * gain, size)[: len(y)].astype(np.float32)


def _envelope(y: Samples, width: int) -> Samples:
    """Return the RMS of `y` in blocks of `width` samples, interpolated linearly."""
    blocks = np.pad(y, (0, -len(y) % width)).reshape(-1, width)
    rms = np.sqrt(np.mean(np.square(blocks), axis=1))
    centres = (np.arange(len(rms)) + 0.5) * width
    return np.interp(np.arange(len(y)), centres, rms).astype(np.float32)


def _levelled(y: Samples) -> Samples:
    """Return `y` at a fixed RMS over its speech, with peaks under 1."""
    loud = np.abs(y) > 0.02 * np.abs(y).max()
    y = y * (_LEVEL / np.sqrt(np.mean(np.square(y[loud], dtype=np.float64))))
    return (y * min(1.0, _PEAK / np.abs(y).max())).astype(np.float32)
