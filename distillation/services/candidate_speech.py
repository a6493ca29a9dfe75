"""The worker's part of the playground: a candidate speaks a text."""

import logging

from corpus.audio.encoding import FORMATS, SR
from corpus.audio.io import resample
from corpus.audio.loudness import amplify
from corpus.audio.types import Audio
from distillation import voicepack
from distillation.delivery import PLAIN
from distillation.engines.base import SPEEDS
from distillation.engines.praat import espeak
from distillation.models import PlaygroundSound
from distillation.services.errors import USER_FAULTS
from distillation.services.playground import sound_fail, sound_store, storage_faults_noted
from distillation.services.provenance import consent_hold
from distillation.services.run_files import media_file
from distillation.services.slice_work import student_of

logger = logging.getLogger(__name__)


def candidate_speak(*, sound_id: int) -> None:
    """Speak a waiting text and store the sound; a failure is recorded on it."""
    waiting = PlaygroundSound.objects.for_worker().select_related("pack__style_run__run", "person")
    sound = waiting.filter(pk=sound_id).first()
    if sound is None:  # removed, or spoken by an earlier delivery of the message
        return
    try:
        # A text may end the process that speaks it: a process of its own, which can be named.
        with storage_faults_noted(sound), espeak.speak_in_subprocess():
            sound_store(sound=sound, content=_encode(_speak(sound), sound.format))
    except USER_FAULTS as error:
        logger.warning("sound %d not spoken: %s", sound_id, error)
        sound_fail(sound_id=sound_id, message=str(error))


def _speak(sound: PlaygroundSound) -> Audio:
    """Synthesize as the speech service would once the pack is deployed: with its delivery."""
    pack = sound.pack
    assert pack is not None  # noqa: S101  # `for_worker`
    consent_hold(pack.style_run)
    delivery = pack.fitted or PLAIN
    speed = min(max(sound.speed * delivery.speed, SPEEDS[0]), SPEEDS[1])
    recipe = pack.style_run.run.run_recipe
    voice = voicepack.load(media_file(pack.file.name), engine=pack.engine)
    wide = voice.at_pitch_range(delivery.pitch_range)
    audio = student_of(recipe).synthesize(sound.text, wide, speed=speed)
    return amplify(resample(audio, SR), delivery.gain_db)


def _encode(audio: Audio, format: str) -> bytes:
    encoder = FORMATS[format].encoder()
    return encoder.feed(audio.y) + encoder.finish()
