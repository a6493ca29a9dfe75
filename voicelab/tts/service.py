"""The speech service: starts the engine, reloads changed voices, turns requests into jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from corpus.audio.encoding import FORMATS
from distillation.delivery import PLAIN
from distillation.engines import STUDENTS, TEACHERS, StudentInfo
from distillation.engines.base import EngineError, MultilingualStudent, Options, Student
from distillation.shared_voices import SharedVoices
from distillation.voicepack import PackError, VoicePack
from voicelab.tts import mixes, openai_names
from voicelab.tts.answers import check_kind, phonemized
from voicelab.tts.cloning_engine import FOLDER, PROMPT_FAULTS, PromptVoices, speaking
from voicelab.tts.errors import SERVER, ApiError, not_ready, without_paths
from voicelab.tts.metrics import Metrics
from voicelab.tts.openai_names import named_style
from voicelab.tts.schemas import SPEEDS, PhonemizeIn, PhonemizeOut, SpeechIn
from voicelab.tts.speaker import Job, Kind, Speaker, Utterance
from voicelab.tts.voices import ChosenVoice, Voice, VoiceNotFound, Voices

logger = logging.getLogger("voicelab.tts")

WARM_UP = "Buenos días, gracias por llamar."
RETRY_S = 5.0  # between attempts to start an engine whose files are missing


@dataclass(frozen=True, kw_only=True)
class Config:
    """Configuration of one service."""

    backend: str
    voices_dir: Path
    model_dir: Path
    voice_file: Path | None = None
    waiting: int = 16
    max_chars: int = 4096
    timeout_s: float = 120.0
    threads: int = 0
    workers: int = 1
    precision: str = "fp32"
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    reload_s: float = 1.0
    apply_delivery: bool = True  # of requests that do not say
    voice_names: Mapping[str, str] = field(default_factory=lambda: openai_names.VOICE_NAMES)
    language: str = "es"  # of voices whose name does not tell theirs
    cors_origins: tuple[str, ...] = ()
    port: int = 0
    shared: SharedVoices | None = None  # copied to `voices_dir` when they change


def _workers(config: Config) -> int:
    """Return how many requests are spoken at once: one, unless the engine can do more."""
    info = STUDENTS.get(config.backend) or TEACHERS.get(config.backend)
    return config.workers if info is None or getattr(info, "is_concurrent", False) else 1


class Service:
    """One engine, its voices and its queue; `start` and `stop` inside a running event loop."""

    def __init__(self, config: Config, make: Callable[[str, Options], Student] = speaking) -> None:
        self.config = config
        self._make = make
        self.created = int(time.time())
        self.metrics = Metrics()
        self.speaker = Speaker(
            workers=_workers(config),
            waiting=config.waiting,
            timeout_s=config.timeout_s,
            on_release=self._finished,
        )
        self.metrics.queue.set_function(lambda: self.speaker.depth)
        self.metrics.ready.set_function(lambda: self.reason is None)
        self.warm_up_s = 0.0
        self._student: Student | None = None
        self._voices: Voices | None = None
        self._reason: str | None = f"The engine {config.backend} is loading; try again shortly."
        self._life: asyncio.Task[None] | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Model ids that are listed; all refer to the one running engine."""
        return tuple(dict.fromkeys((*openai_names.MODELS, self.config.backend)))

    @property
    def reason(self) -> str | None:
        """Why the service cannot synthesize; None if it can."""
        if self._reason or self._voices is None:
            return self._reason
        if self._voices.default is None and not isinstance(self._student, PromptVoices):
            return "No voice is left: deploy one."
        if self.speaker.stuck_s:
            return f"The engine has not responded for {self.speaker.stuck_s:.0f} s: restart."
        return None

    @property
    def device(self) -> str:
        return str(getattr(self._student, "device", "cpu"))

    @property
    def voices(self) -> Voices:
        """The voices; raises ApiError 503 until the engine is loaded."""
        if self._voices is None:
            raise not_ready(without_paths(self._reason or "The engine is loading."))
        return self._voices

    def start(self) -> None:
        """Load and warm up in the background; requests get a 503 until then."""
        config = self.config
        logger.info(
            "starting engine=%s voices_dir=%s model_dir=%s queue=%d",
            *(config.backend, config.voices_dir, config.model_dir, config.waiting),
        )
        self._life = asyncio.create_task(self._live())
        self._life.add_done_callback(self._died)

    async def stop(self) -> None:
        """Stop reloading voices and drop waiting requests."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        self.speaker.stop()

    async def begin(self, wanted: SpeechIn, kind: Kind = "text") -> tuple[Job, Voice]:
        """Return a request's job and voice, with the first bytes already synthesized.

        The kind says what `wanted.input` is, and whether the job gives times of its words.

        Raises
        ------
        ApiError
            The request is invalid, the queue is full, or the engine failed.
        """
        if reason := self.reason:
            raise not_ready(without_paths(reason))
        self.check_model(wanted.model)
        self._check_length("input", wanted.input)
        chosen = await self._voice(wanted)
        utterance = self._utterance(wanted, chosen, kind)
        check_kind(utterance)
        job = self.speaker.admit(utterance)
        try:
            await job.open()
        except (EngineError, PackError) as error:
            why = without_paths(error)
            if wanted.reference_audio and error.code in PROMPT_FAULTS:
                raise ApiError(400, why, code=error.code, param="reference_audio") from error
            raise ApiError(500, why, code=error.code, kind=SERVER) from error
        return job, chosen.voice

    def find(self, name: str | None, *, param: str = "voice") -> Voice:
        """Return the voice called `name`; raise ApiError 400 listing the voices if missing."""
        try:
            return self.voices.find(name)
        except VoiceNotFound as error:
            raise ApiError(400, str(error), code="voice_not_found", param=param) from error

    async def choose(self, name: str) -> tuple[Voice, bool]:
        """Make a voice the default if its pack loads; return it and whether that is persisted."""
        voice, voices = self.find(name, param="style"), self.voices
        try:
            await self.speaker.run(lambda: voices.pack(voice))
        except (EngineError, PackError) as error:
            raise ApiError(
                500,
                f"{without_paths(error)} The default voice stays.",
                code=error.code,
                param="style",
                kind=SERVER,
            ) from error
        return voice, voices.choose(voice.name)

    def check_model(self, name: str) -> None:
        """Raise ApiError 404 if the model does not exist."""
        if not openai_names.is_model(name, self.models):
            raise ApiError(
                404,
                f"The model {name!r} does not exist; there are {', '.join(self.models)}.",
                code="model_not_found",
                param="model",
            )

    def readiness(self) -> tuple[dict[str, object], int]:
        """Return the body and status of /ready."""
        state: dict[str, object] = {"engine": self.config.backend, "device": self.device}
        if self._voices is not None:
            shared = self.config.shared.warnings if self.config.shared else ()
            state |= {
                "voices": len(self._voices.voices),
                "packs": len(self._voices.deployed),
                "default": self._voices.default,
                "warnings": [without_paths(one) for one in (*self._voices.warnings, *shared)],
                "warm_up_s": round(self.warm_up_s, 3),
            }
        if reason := without_paths(self.reason or ""):
            return {"ready": False, "reason": reason, **state, **not_ready(reason).body}, 503
        return {"ready": True, **state}, 200

    async def phonemize(self, wanted: PhonemizeIn) -> PhonemizeOut:
        """Return the phonemes of a text; raise ApiError 400 if that cannot be."""
        if reason := self.reason:
            raise not_ready(without_paths(reason))
        self._check_length("text", wanted.text)
        engine = self._engine(Voice("", "alias", ""), wanted.language, param="language")
        return await asyncio.to_thread(phonemized, engine, wanted.text)

    def _check_length(self, param: str, text: str) -> None:
        if len(text) > self.config.max_chars:
            raise ApiError(
                400,
                f"{param}: {len(text)} characters; {self.config.max_chars} are allowed. "
                "Send it in parts.",
                code="string_above_max_length",
                param=param,
            )

    async def _voice(self, wanted: SpeechIn) -> ChosenVoice:
        """Return the request's voice; a prompt in the request wins over a name."""
        if wanted.reference_audio and isinstance(self._student, PromptVoices):
            sent = (wanted.reference_audio, wanted.reference_text)
            prompt: Any = await asyncio.to_thread(self._student.sent, *sent)
            voice = Voice("reference", "file", self._student.name)
            return ChosenVoice(voice, lambda voice: (voice, prompt))
        weights = mixes.parse(wanted.voice or "")
        if weights and wanted.voice not in self.voices.voices:
            return self._mix(weights)
        voice = self._styled(self.find(wanted.voice), wanted)
        return ChosenVoice(voice, self.voices.usable)

    def _mix(self, weights: Mapping[str, float]) -> ChosenVoice:
        """Return a mix of voices; its language is that of the voice with most weight."""
        if isinstance(self._student, PromptVoices):
            message = "voice: a mix is one of voice packs; this engine speaks after recordings."
            raise ApiError(400, message, code="not_supported", param="voice")
        name = "+".join(f"{voice}({weight:.3g})" for voice, weight in weights.items())
        parts, voices = [self.find(voice) for voice in weights], self.voices
        main = self.find(max(weights, key=lambda voice: weights[voice]))
        # Named and listed as the main voice is, so that it speaks its language.
        voice = replace(main, sha256="", alias_of="", delivery=PLAIN)

        def load(voice: Voice) -> tuple[Voice, VoicePack]:
            packs = [voices.pack(part) for part in parts]
            return replace(voice, name=name), mixes.mixed(packs, list(weights.values()))

        return ChosenVoice(voice, load)

    def _styled(self, voice: Voice, wanted: SpeechIn) -> Voice:
        """Return the deployed voice of the style that the instructions name, else `voice`.

        A voice that the request names itself stays, unless the name is one of OpenAI's, which
        every client has to send.
        """
        if not wanted.instructions:
            return voice
        by_style = {one.style or one.name: one for one in self.voices.deployed.values()}
        style = named_style(wanted.instructions, by_style)
        logger.info("instructions style=%s text=%.200r", style or "-", wanted.instructions)
        if style is None or (wanted.voice is not None and voice.kind != "alias"):
            return voice
        return by_style[style]

    def _utterance(self, wanted: SpeechIn, chosen: ChosenVoice, kind: Kind) -> Utterance:
        engine = self._engine(chosen.voice, wanted.lang_code)
        encoder = FORMATS[wanted.response_format].encoder()
        applied = self.config.apply_delivery if wanted.delivery is None else wanted.delivery
        delivery = chosen.voice.delivery if applied else PLAIN
        speed = min(max(wanted.speed * delivery.speed, SPEEDS[0]), SPEEDS[1])
        return Utterance(
            wanted.input, engine, chosen.pack, speed, encoder, wanted.seed, delivery, kind
        )

    def _engine(self, voice: Voice, lang: str | None, *, param: str = "lang_code") -> Student:
        """Return the engine for a language; raise ApiError 400 if it does not speak that."""
        engine = self._student
        assert engine is not None  # noqa: S101  # ready
        if isinstance(engine, MultilingualStudent):
            own = engine.language_of(voice.name) if voice.kind in ("stock", "file") else ""
            try:
                return engine.in_language(lang or own or self.config.language)
            except EngineError as error:
                raise ApiError(400, str(error), code=error.code, param=param) from error
        if lang and lang.lower()[:2] not in (self.config.language[:2], "e"):
            raise ApiError(
                400,
                f"{param}: {engine.name} speaks {self.config.language}, not {lang!r}.",
                code="bad_option",
                param=param,
            )
        return engine

    async def _live(self) -> None:
        while not await self._attempt():
            await asyncio.sleep(RETRY_S)
        while True:
            await asyncio.sleep(self.config.reload_s)
            if self.config.shared:
                await asyncio.to_thread(self.config.shared.refresh)
            if await asyncio.to_thread(self.voices.changed):
                await self._reload()

    async def _reload(self) -> None:
        """Reread the voices; those of before stay if that fails in a way nobody expected."""
        try:
            await self.speaker.run(self.voices.refresh)
        except Exception:
            logger.exception("voices not reloaded")
        else:
            self._report("voices reloaded")

    async def _attempt(self) -> bool:
        started = time.monotonic()
        try:
            await self.speaker.run(self._load)
        except (EngineError, PackError, VoiceNotFound) as error:
            if str(error) != self._reason:
                logger.error("not ready: %s", error)
            self._reason = str(error)
            return False
        self.warm_up_s = time.monotonic() - started
        self._reason = None
        self._report("ready")
        return True

    def _load(self) -> None:
        """Load engine and voices, and warm up with a sentence; runs in the inference thread."""
        config = self.config
        if self._student is None:
            self._student = self._make(config.backend, self._options())
        voices = self._read_voices(self._student)
        voices.refresh()
        if voices.voices or not isinstance(self._student, PromptVoices):
            speaking = self._student
            if isinstance(speaking, MultilingualStudent):
                speaking = speaking.in_language(config.language)
            speaking.synthesize(WARM_UP, voices.usable(voices.find(None))[1])
        self._voices = voices

    def _options(self) -> Options:
        config = self.config
        info = STUDENTS.get(config.backend) or TEACHERS.get(config.backend)
        if info is None:
            return {}
        options: Options = {"model_dir": config.model_dir} if info.needs_models else {}
        of_service = {"threads": config.threads or None, "precision": config.precision}
        wanted = info.service_options if isinstance(info, StudentInfo) else ()
        return options | {name: of_service[name] for name in wanted}

    def _read_voices(self, engine: Student) -> Voices:
        config = self.config
        if isinstance(engine, PromptVoices):
            prompts = config.model_dir / FOLDER
            return Voices(engine, prompts, stock_directory=prompts, suffix=".wav", names={})
        info = STUDENTS.get(config.backend)
        stock = config.model_dir / "voices" if info and info.needs_models else None
        names = config.voice_names
        return Voices(engine, config.voices_dir, config.voice_file, stock, names=names)

    def _report(self, what: str) -> None:
        kinds = Counter(voice.kind for voice in self.voices.voices.values())
        for kind in ("deployed", "file", "stock", "alias"):
            self.metrics.voices.labels(kind).set(kinds[kind])
        logger.info(
            "%s engine=%s device=%s port=%s warm_up_s=%.2f voices=%d packs=%d stock=%d default=%s "
            "warnings=%d",
            *(what, self.config.backend, self.device, self.config.port or "-", self.warm_up_s),
            *(kinds.total(), kinds["deployed"] + kinds["file"], kinds["stock"]),
            *(self.voices.default, len(self.voices.warnings)),
        )

    def _died(self, life: asyncio.Task[None]) -> None:
        if not life.cancelled() and (error := life.exception()):
            self._reason = f"The service had an internal error and must be restarted: {error!r}."
            logger.error("stopped", exc_info=error)

    def _finished(self, job: Job) -> None:
        """Record metrics of a job that left the queue, complete or not; called from any thread."""
        taken_s = time.monotonic() - job.started
        if not job.complete:
            self.metrics.unfinished.inc()
        if job.first_byte_s is not None:
            self.metrics.first_byte.observe(job.first_byte_s)
        if job.audio_s:
            self.metrics.seconds.observe(taken_s)
            self.metrics.rtf.observe(job.synthesis_s / job.audio_s)
            self.metrics.audio_seconds.inc(job.audio_s)
        logger.info(
            "speech complete=%s audio_s=%.2f synthesis_s=%.3f first_byte_s=%.3f total_s=%.3f "
            "speed=%g gain_db=%g pitch_range=%g",
            *(job.complete, job.audio_s, job.synthesis_s, job.first_byte_s or 0.0, taken_s),
            *(job.delivery.speed, job.delivery.gain_db, job.delivery.pitch_range),
        )
