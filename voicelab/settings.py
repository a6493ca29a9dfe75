"""Django settings from the environment; only this and settings_tts.py read os.environ."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from corpus.bucket import address_of
from voicelab.tracing import logging_of

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DATA_DIR = Path(env.str("VOICELAB_DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(mode=0o750, parents=True, exist_ok=True)
# For real users: starts only with its own keys and passwords, and over HTTPS.
PRODUCTION = env.bool("PRODUCTION", default=False)


def _secret_key() -> str:
    """Return the key stored in DATA_DIR, generated on first use."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "PRODUCTION needs a SECRET_KEY of its own, at least 50 characters: "
        "openssl rand -base64 60 | tr -d '\\n' makes one."
    )
SECRET_KEY = SECRET_KEY or _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # former ones, for a while
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=PRODUCTION)
# Addresses or networks whose X-Forwarded headers are believed: voicelab.wsgi removes all others'.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=["127.0.0.1", "::1"])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked for inside, without the proxy
# The neighbours under the same domain are not ours to force to HTTPS, nor to enter in a list.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "corpus",
    "distillation",
    "distillation.listening_tests",
    "voicelab.operations",
]
MIDDLEWARE = [
    "voicelab.operations.middleware.observed",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "voicelab.request_values.Readable",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "voicelab.urls"
WSGI_APPLICATION = "voicelab.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "voicelab.context.frame",
            ],
            "libraries": {"terms": "voicelab.terms"},
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    if PRODUCTION and DATABASES["default"].get("PASSWORD") in (None, "", "voicelab", "secret"):
        raise ImproperlyConfigured(
            "PRODUCTION needs a password of its own for the database, in DATABASE_URL."
        )
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {
        "server_side_binding": True,
        "prepare_threshold": 3,
        "options": "-c jit=off",  # compiling a query takes longer than any of a page
    }

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "voicelab.roles.RolesBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
CSRF_FAILURE_VIEW = "voicelab.faults.csrf_failure"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
OTP_TOTP_ISSUER = "Voice Lab"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
AXES_HANDLER = "voicelab.sign_in.SignInHandler"  # which has the limits
AXES_CLIENT_IP_CALLABLE = "voicelab.sign_in.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_FAILURE_LIMIT = 8
AXES_VERBOSE = False
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"

# Where mail goes: smtp://name:password@host:587 or smtp+tls://…; empty: to the web server's log.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="voicelab@localhost")

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "counts": {  # shared by the web's processes
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
    },
}

LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
if MEDIA_ROOT.is_relative_to(DATA_DIR):  # a folder elsewhere is made by `manage.py prepare`
    MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
MEDIA_URL = "media/"  # never served by path: views check the role and stream the file
STORAGE_URL = env.str("STORAGE_URL", default="")  # a bucket for media and deployed voices
if STORAGE_URL:
    try:
        address_of(STORAGE_URL)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from error
STORAGES = {
    "default": {"BACKEND": f"corpus.storage.{'BucketFiles' if STORAGE_URL else 'WholeFiles'}"},
    "staticfiles": {"BACKEND": "voicelab.assets.AssetStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
MAX_UPLOAD_BYTES = env.int("MAX_UPLOAD_MB", default=50) * 2**20
MAX_BATCH_BYTES = env.int("MAX_BATCH_MB", default=1000) * 2**20  # a ZIP of takes
FILE_UPLOAD_HANDLERS = [
    "corpus.uploads.QuotaUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any]
REDIS_URL = env.str("REDIS_URL", default="")
BROKER_DIR = DATA_DIR / "broker"
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
else:
    for folder in ("queue", "processed", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 32  # a slice of praat leaks 45 MB
CELERY_WORKER_POOL = "voicelab.patches.celery_pool:TaskPool"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "voicelab"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True

BLIND_SHARE = env.float("BLIND_SHARE", default=0.1)  # share of sentences labelled blind by two
STUDENT = env.str("STUDENT", default="")  # empty: kokoro if its files are present, else praat
TEACHER = env.str("TEACHER", default="recordings")
TTS_URL = env.str("TTS_URL", default="")  # teacher `http`
TEACHER_KEYS = {TTS_URL: env.str("TTS_URL_KEY", default="")} if TTS_URL else {}
MODEL_DIR = Path(env.str("MODEL_DIR", default=str(DATA_DIR / "models")))  # Kokoro's files
KOKORO_PRECISION = env.str("KOKORO_PRECISION", default="fp32")  # for runs: fp32, bf16, auto
VOICES_DIR = Path(env.str("VOICES_DIR", default=str(DATA_DIR / "voices")))  # deployed packs
WEB_PORT = env.int("WEB_PORT", default=8000)
SPEECH_PORT = env.int("SPEECH_PORT", default=8001)
WEB_ADDRESS = f"http://127.0.0.1:{WEB_PORT}"
TTS_BACKEND = env.str("TTS_BACKEND", default="")  # the speech service's engine, shown on pages
SPEECH_URL = env.str("SPEECH_URL", default=f"http://127.0.0.1:{SPEECH_PORT}")
SPEECH_API_KEY = next(
    iter(env.list("TTS_API_KEYS", default=[])), ""
)  # sent by the playground and the test of a deployed voice
if PRODUCTION and (DEBUG or not SPEECH_API_KEY):
    raise ImproperlyConfigured(
        "PRODUCTION needs DEBUG off and a key of the speech service in TTS_API_KEYS."
    )
WORKERS = env.int("WORKERS", default=2)  # number of Celery processes on this machine
DEMO_SEED = env.int("DEMO_SEED", default=20)
DEMO_STEPS = env.int("DEMO_STEPS", default=0)  # 0: the engine's default
SLICE_SECONDS = env.float("SLICE_SECONDS", default=20.0)
SLICE_SOFT_SECONDS = env.float("SLICE_SOFT_SECONDS", default=300.0)
SLICE_HARD_SECONDS = env.float("SLICE_HARD_SECONDS", default=330.0)
HEARTBEAT_SECONDS = 4.0  # of a process at work; after 15 to 20 s of silence its lease ends
REQUEUE_SECONDS = env.float("REQUEUE_SECONDS", default=60.0)  # when a message counts as lost

try:
    LOGGING = logging_of(
        env.str("LOG_FORMAT", default="plain"),
        env.str("LOG_LEVEL", default="INFO"),
        {"httpx": {"level": "WARNING"}},
    )
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
SENTRY_DSN = env.str("SENTRY_DSN", default="")  # where program faults are reported
METRICS_KEY = env.str("METRICS_KEY", default="")  # for /metrics from elsewhere, as a bearer token
METRICS_DIR = env.str("PROMETHEUS_MULTIPROC_DIR", default="")  # set by gunicorn.conf.py
WORKER_HOST = env.str("WORKER_HOST", default="127.0.0.1")
WORKER_PORT = env.int(
    "WORKER_PORT", default=0
)  # of a worker's /healthz, /readyz, /metrics; 0: none
