"""Django settings of the speech service, from the environment: no database, its own URLs."""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from corpus.text.choices import configured_choices
from distillation.engines import STUDENTS, TEACHERS
from distillation.shared_voices import SharedVoices
from voicelab.tracing import logging_of
from voicelab.tts.openai_names import VOICE_NAMES

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("VOICELAB_DATA_DIR", default=str(BASE_DIR / "var")))
VOICES_DIR = Path(env.str("VOICES_DIR", default=str(DATA_DIR / "voices")))  # deployed packs
# Read before tts.env is loaded, so that only a value set by the operator counts: the default voice
# in tts.env is the manifest's, and the manifest is reread after every deployment.
KOKORO_VOICE_PATH = env.str("KOKORO_VOICE_PATH", default="")
STORAGE_URL = env.str("STORAGE_URL", default="")  # the bucket whose voices VOICES_DIR copies
try:
    SHARED_VOICES = SharedVoices(STORAGE_URL, VOICES_DIR) if STORAGE_URL else None
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
if SHARED_VOICES:
    SHARED_VOICES.refresh()  # tts.env too: it says which engine the voices were made for
environ.Env.read_env(VOICES_DIR / "tts.env")

TTS_BACKEND = env.str(
    "TTS_BACKEND", default=""
)  # empty: kokoro if its files are present, else praat
BACKENDS = (*STUDENTS, *(info.name for info in TEACHERS.values() if info.needs_models))
CLONES = TTS_BACKEND in TEACHERS  # teacher as engine: slow, and requests hold prompts
MODEL_DIR = Path(env.str("MODEL_DIR", default=str(DATA_DIR / "models")))
TTS_HOST = env.str("SPEECH_HOST", default="127.0.0.1")
TTS_PORT = env.int("SPEECH_PORT", default=8001)
TTS_QUEUE = env.int("TTS_QUEUE", default=16)  # requests that may wait behind the active one
TTS_MAX_CHARS = env.int("TTS_MAX_CHARS", default=4096)
TTS_TIMEOUT_S = env.float("TTS_TIMEOUT_S", default=600.0 if CLONES else 120.0)
TTS_RECEIVE_S = env.float("TTS_RECEIVE_S", default=20.0)  # for a request's head, and for its body
TTS_THREADS = env.int("TTS_THREADS", default=0)  # of all workers; 0: the library's default
TTS_WORKERS = env.int("TTS_WORKERS", default=0)  # requests spoken at once; 0: see `application`
TTS_PRECISION = env.str("TTS_PRECISION", default="auto")  # for kokoro: fp32, bf16, auto
# What OpenAI's voice names stand for; given as alloy=ef_dora,nova=em_alex, the rest stays.
TTS_VOICE_NAMES = {**VOICE_NAMES, **env.dict("TTS_VOICE_NAMES", default={})}
TTS_LANGUAGE = env.str("TTS_LANGUAGE", default="es")  # of voices whose name does not tell theirs
TTS_CORS_ORIGINS = env.list("TTS_CORS_ORIGINS", default=[])  # pages that may use it, or *
TTS_API_KEYS = env.list("TTS_API_KEYS", default=[])
if env.bool("PRODUCTION", default=False) and not TTS_API_KEYS:
    raise ImproperlyConfigured("PRODUCTION needs at least one key for speech in TTS_API_KEYS.")
TTS_RELOAD_S = env.float("TTS_RELOAD_S", default=1.0)  # interval between checks of the manifest
TTS_APPLY_DELIVERY = env.bool("TTS_APPLY_DELIVERY", default=True)  # if a request does not say
TTS_MAX_BODY = (8192 if CLONES else 256) * 2**10  # requests may contain a prompt

if TTS_BACKEND not in ("", *BACKENDS):
    raise ImproperlyConfigured(f"TTS_BACKEND: {', '.join(BACKENDS)}; not {TTS_BACKEND!r}.")
if TTS_PRECISION not in ("fp32", "bf16", "auto"):
    raise ImproperlyConfigured(f"TTS_PRECISION: fp32, bf16 or auto, not {TTS_PRECISION!r}.")
if min(TTS_QUEUE, TTS_THREADS, TTS_WORKERS) < 0:
    raise ImproperlyConfigured("TTS_QUEUE, TTS_THREADS and TTS_WORKERS must not be negative.")
if TTS_MAX_CHARS < 1 or min(TTS_TIMEOUT_S, TTS_RECEIVE_S, TTS_RELOAD_S) <= 0:
    raise ImproperlyConfigured(
        "TTS_MAX_CHARS, TTS_TIMEOUT_S, TTS_RECEIVE_S and TTS_RELOAD_S must be above 0."
    )
try:
    configured_choices()
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error

SECRET_KEY = get_random_secret_key()  # Django requires one; nothing is signed
DEBUG = False
ALLOWED_HOSTS = env.list("TTS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "tts"])
INSTALLED_APPS = ["ninja"]
MIDDLEWARE = ["voicelab.tts.middleware.frame"]
ROOT_URLCONF = "voicelab.tts.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
DATABASES: dict[str, dict[str, str]] = {}
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
USE_I18N = False
DATA_UPLOAD_MAX_MEMORY_SIZE = TTS_MAX_BODY

try:
    LOGGING = logging_of(
        env.str("LOG_FORMAT", default="plain"),
        env.str("LOG_LEVEL", default="INFO"),
        {"django.request": {"filters": ["no_refusals"]}},
    )
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
LOGGING["filters"]["no_refusals"] = {  # no log line for a 503: a starting service is polled often
    "()": "django.utils.log.CallbackFilter",
    "callback": lambda record: bool(record.exc_info) or record.status_code != 503,
}
SENTRY_DSN = env.str("SENTRY_DSN", default="")
