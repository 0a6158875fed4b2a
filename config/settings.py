"""Django's settings, made from the environment (`config/environment.py`)."""

import logging
import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from whitenoise.compress import Compressor

from config.environment import BASE_DIR, ConfigurationError, read_environment

try:
    ENVIRONMENT = read_environment()
except ConfigurationError as error:
    sys.exit(f"configuration: {error}")

SECRET_KEY = ENVIRONMENT.kept_secret_key()
DEBUG = ENVIRONMENT.debug
BASE_URL = ENVIRONMENT.base_url
METRICS_TOKEN = ENVIRONMENT.metrics_token
VAR_DIR = Path(ENVIRONMENT.var_dir)
ALLOWED_HOSTS = ENVIRONMENT.hosts
ALLOWED_ORIGINS = CSRF_TRUSTED_ORIGINS = ENVIRONMENT.origins

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "ninja",  # for the files of /docs
    "meetings",
]
MIDDLEWARE = [
    "meetings.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "meetings.api.responses.ApiResponses",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ── Stores ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_database = urlsplit(ENVIRONMENT.database_url)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(_database.path.lstrip("/")),
        "USER": unquote(_database.username or ""),
        "PASSWORD": unquote(_database.password or "") or ENVIRONMENT.database_password,
        "HOST": unquote(_database.hostname or ""),
        "PORT": str(_database.port or ""),
        "CONN_MAX_AGE": 0,  # psycopg's pool keeps the connections
        "CONN_HEALTH_CHECKS": True,  # and hands out none that died with a restarted server
        "OPTIONS": {
            "pool": {"min_size": 0, "max_size": ENVIRONMENT.database_pool_size, "timeout": 5},
            "connect_timeout": 5,
            # A server that vanished without a word is given up after 15 s; by the kernel's defaults after hours.
            "keepalives_idle": 5,
            "keepalives_interval": 5,
            "keepalives_count": 2,
            "tcp_user_timeout": 15_000,
            "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000",
            **dict(parse_qsl(_database.query)),
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = ENVIRONMENT.redis_url
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "meetings.layer.RoomsLayer",
        # redis-py 8 gives sockets a timeout of 5 s, which would drop an idle subscription, and refuses connection 101.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 1_000}],
            "prefix": "rooms",
        },
    },
}
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600, "global_keyprefix": "celery:"}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # its log is written as LOGGING says
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 5 * 3600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {  # long: with a worker of its own
    "meetings.tasks.transcribe_recording": {"queue": "media"},
    "meetings.tasks.transcribe_again": {"queue": "media"},
    "meetings.tasks.tell_shared_apart": {"queue": "media"},
    "meetings.tasks.learn_voice": {"queue": "media"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "expire-presence": {"task": "meetings.tasks.expire_presence", "schedule": 10.0, "options": {"expires": 10}},
    "end-abandoned": {"task": "meetings.tasks.end_abandoned", "schedule": 600.0, "options": {"expires": 600}},
    "resume-recordings": {"task": "meetings.tasks.resume_recordings", "schedule": 5.0, "options": {"expires": 5}},
    "tell-apart": {"task": "meetings.tasks.tell_apart", "schedule": 60.0, "options": {"expires": 60}},
    "learn-voices": {"task": "meetings.tasks.learn_voices", "schedule": 60.0, "options": {"expires": 60}},
    "forget-uploads": {"task": "meetings.tasks.forget_uploads", "schedule": 3600.0, "options": {"expires": 3600}},
    "forget-keys": {"task": "meetings.tasks.forget_keys", "schedule": 3600.0, "options": {"expires": 3600}},
    "deliver-webhooks": {"task": "meetings.tasks.deliver_webhooks", "schedule": 2.0, "options": {"expires": 2}},
    "forget-deliveries": {"task": "meetings.tasks.forget_deliveries", "schedule": 3600.0, "options": {"expires": 3600}},
    "end-sessions": {"task": "meetings.tasks.end_sessions", "schedule": 60.0, "options": {"expires": 60}},
    "begin-second-passes": {"task": "meetings.tasks.begin_second_passes", "schedule": 10.0, "options": {"expires": 10}},
    "expire": {"task": "meetings.tasks.expire", "schedule": 3600.0, "options": {"expires": 3600}},
    "sweep-kept-audio": {
        "task": "meetings.tasks.sweep_kept_audio",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600},
    },
    "make-documents": {"task": "meetings.tasks.make_documents", "schedule": 2.0, "options": {"expires": 2}},
    "read-for-proposals": {"task": "meetings.tasks.read_for_proposals", "schedule": 5.0, "options": {"expires": 5}},
    "forget-documents": {"task": "meetings.tasks.forget_documents", "schedule": 300.0, "options": {"expires": 300}},
    "complete-meetings": {"task": "meetings.tasks.complete_meetings", "schedule": 5.0, "options": {"expires": 5}},
}

# ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────

AUTH_USER_MODEL = "meetings.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "sesame.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "home"
SESAME_ONE_TIME = True
SESAME_MAX_AGE = 24 * 3600
SESAME_TOKEN_NAME = "token"

# ── Hearing each other ──────────────────────────────────────────────────────────────────────────────────────────────

STUN_URLS = ENVIRONMENT.urls(ENVIRONMENT.stun_urls)
TURN_URLS = ENVIRONMENT.urls(ENVIRONMENT.turn_urls)
TURN_SECRET = ENVIRONMENT.turn_secret

# ── Suggestions for the minutes ─────────────────────────────────────────────────────────────────────────────────────

LANGUAGE_MODEL = {
    "url": ENVIRONMENT.language_model_url,
    "model": ENVIRONMENT.language_model,
    "api_key": ENVIRONMENT.language_model_api_key,
    "timeout_seconds": ENVIRONMENT.language_model_timeout_seconds,
}

# ── Programs that stream ────────────────────────────────────────────────────────────────────────────────────────────

PROGRAM_SESSION_SECONDS = ENVIRONMENT.program_session_seconds
PROGRAM_IDLE_SECONDS = ENVIRONMENT.program_idle_seconds
PROGRAM_STREAMS = ENVIRONMENT.program_streams

# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # each under its own name
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist"]
MEDIA_ROOT = VAR_DIR / "files"  # never served as such: pages check who asks
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "kept_audio": {"BACKEND": ENVIRONMENT.audio_storage, "OPTIONS": ENVIRONMENT.storage_options()},
    "staticfiles": {"BACKEND": "config.static_files.StaticFiles"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_MAX_AGE = 3600

_origins = [origin.replace("http", "ws", 1) for origin in ALLOWED_ORIGINS]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "connect-src": [SELF, *_origins],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_AGE = 14 * 24 * 3600
if BASE_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health$", r"^ready$", r"^metrics$"]  # asked from within
    # Other names under our domain, and lists built into browsers, are the business of who owns the domain.
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# ── Logs: no transcript text, audio, token or name ──────────────────────────────────────────────────────────────────


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """A 503 of /ready is an answer, not an error."""
    request = getattr(record, "request", None)
    return getattr(request, "path", "") != "/ready"


def _without_address(record: logging.LogRecord) -> bool:
    """Addresses hold join codes and the tokens of links; Django's messages end with one. Their pattern says enough."""
    if (request := getattr(record, "request", None)) and isinstance(record.args, tuple):
        match = request.resolver_match
        record.args = (*record.args[:-1], f"/{match.route}" if match else "no such page")
    return True


def _without_connection(record: logging.LogRecord) -> bool:
    """Daphne's warning of an application that does not end closes with the connection and its address."""
    if isinstance(record.args, tuple) and len(record.args) == 2:
        record.args = (record.args[0], str(record.args[1]).strip("<").split()[0])
    return True


LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "transcription.log_ids.LineFormatter"},
        "json": {"()": "transcription.log_ids.JsonFormatter"},
    },
    "filters": {
        "not_ready": {"()": "django.utils.log.CallbackFilter", "callback": _is_worth_a_line},
        "without_address": {"()": "django.utils.log.CallbackFilter", "callback": _without_address},
        "without_connection": {"()": "django.utils.log.CallbackFilter", "callback": _without_connection},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": ENVIRONMENT.log_format},
        "counted": {"class": "meetings.counted_logs.CountingHandler"},
    },
    "root": {"handlers": ["console", "counted"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "django.request": {"filters": ["not_ready", "without_address"]},
        "django.security.csrf": {"filters": ["without_address"]},
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "daphne.server": {"filters": ["without_connection"]},
        "httpx": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},  # its warnings quote what was said
        "fontTools": {"level": "WARNING"},
    },
}
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
