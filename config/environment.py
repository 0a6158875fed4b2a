"""Everything that can be configured, read from environment variables and validated in one step.

A wrong value stops the start and names itself; README.md holds the same table for people.
"""

import importlib.util
import os
import secrets
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

BASE_DIR = Path(__file__).resolve().parent.parent
OBSERVERS = {"sentry_dsn": "sentry_sdk", "otel_exporter_otlp_endpoint": "opentelemetry.exporter.otlp.proto.http"}


class ConfigurationError(Exception):
    """An environment variable has a value that cannot be used."""


class Environment(Struct, rename="upper", frozen=True):
    """One field is one variable of the same name in upper case."""

    database_url: Annotated[str, Meta(pattern=r"^postgres(ql)?://.+")]
    redis_url: Annotated[str, Meta(pattern=r"^(redis|rediss|unix)://.+")]
    database_password: str = ""  # where the URL has none
    secret_key: str = ""  # made once and kept under VAR_DIR when empty
    base_url: Annotated[str, Meta(pattern=r"^https?://[^/]+$")] = "http://localhost:8000"  # where browsers reach it
    allowed_origins: str = ""  # further origins, comma-separated: https://a.example,https://b.example:8443
    var_dir: str = str(BASE_DIR / "var")
    debug: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["line", "json"] = "line"
    database_pool_size: Annotated[int, Meta(ge=1, le=200)] = 8
    api_requests_per_minute: Annotated[int, Meta(ge=1, le=100_000)] = 300  # of one token
    program_session_seconds: Annotated[int, Meta(ge=10, le=604_800)] = 3_600  # to come back, after the last audio
    program_idle_seconds: Annotated[int, Meta(ge=5, le=3_600)] = 60  # without any message of a program
    program_streams: Annotated[int, Meta(ge=1, le=10_000)] = 50  # of one token at once
    engine: Literal["whisper", "openai", "scripted"] = "whisper"
    model: str = "base"
    openai_base_url: Annotated[str, Meta(pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$")] = (
        ""  # of a server for engine openai
    )
    openai_api_key: Annotated[str, Meta(pattern=r"^[\x21-\x7e]*$")] = ""
    openai_timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 6.0  # of one request
    language_model_url: Annotated[str, Meta(pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$")] = ""  # empty: nobody is asked
    language_model: str = ""  # as that server calls it
    language_model_api_key: Annotated[str, Meta(pattern=r"^[\x21-\x7e]*$")] = ""
    language_model_timeout_seconds: Annotated[float, Meta(gt=0, le=600)] = 120.0  # of one answer
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: str = "auto"
    decode_threads: Annotated[int, Meta(ge=0, le=256)] = 0  # 0: all cores
    max_streams: Annotated[int, Meta(ge=1, le=1000)] = 64  # that one transcriber takes at once
    lease_seconds: Annotated[int, Meta(ge=2, le=60)] = 5
    stun_urls: Annotated[str, Meta(pattern=r"^(stuns?:[^,\s]+(,\s*|$))*$")] = (
        ""  # comma-separated: stun:stun.example:3478
    )
    turn_urls: Annotated[str, Meta(pattern=r"^(turns?:[^,\s]+(,\s*|$))*$")] = ""  # for pages that only a relay connects
    turn_secret: str = ""  # shared with the TURN servers (coturn: use-auth-secret, static-auth-secret)
    latency_limit_ms: Annotated[int, Meta(ge=100, le=60_000)] = 2_000  # from a spoken word to its caption
    second_pass_model: str = ""  # empty: that of live captions, and only when somebody asks
    audio_storage: Annotated[str, Meta(pattern=r"^([A-Za-z_]\w*\.)+[A-Za-z_]\w*$")] = (
        "django.core.files.storage.FileSystemStorage"  # dotted path of the Django storage for kept audio
    )
    audio_storage_options: str = ""  # its options as a JSON object; none means the folder "kept" in VAR_DIR
    audio_days: Annotated[int, Meta(ge=0, le=36_500)] = 90  # kept audio is deleted so long after its meeting; 0: never
    meeting_days: Annotated[int, Meta(ge=0, le=36_500)] = 0  # whole meetings are; 0: never
    webhook_allowed_networks: str = ""  # private networks that webhooks may call, comma-separated: 10.1.0.0/16
    sentry_dsn: Annotated[str, Meta(pattern=r"^(https?://[^@\s]+@[^/\s]+/\S+)?$")] = ""  # where errors are sent
    otel_exporter_otlp_endpoint: Annotated[str, Meta(pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$")] = ""  # and traces
    metrics_token: Annotated[str, Meta(pattern=r"^(\S{16,})?$")] = ""  # what a metrics collector must send

    @property
    def origins(self) -> list[str]:
        """Origins whose pages may post forms and open sockets; "localhost" answers to 127.0.0.1 as well."""
        extra = [origin.strip().rstrip("/") for origin in self.allowed_origins.split(",") if origin.strip()]
        if urlsplit(self.base_url).hostname == "localhost":
            extra.append(self.base_url.replace("localhost", "127.0.0.1", 1))
        return [self.base_url, *extra]

    @property
    def hosts(self) -> list[str]:
        """Host names the pages answer to: those of the origins."""
        return sorted({urlsplit(origin).hostname or "" for origin in self.origins})

    def __post_init__(self) -> None:
        for network in self.urls(self.webhook_allowed_networks):
            ip_network(network)
        if self.turn_urls and not self.turn_secret:
            raise ValueError("TURN_URLS needs TURN_SECRET, the secret that the TURN servers know too")
        self.storage_options()
        if self.language_model_url and not self.language_model:
            raise ValueError("LANGUAGE_MODEL_URL needs LANGUAGE_MODEL, the name of a model that the server knows")
        if self.engine == "openai" and not self.openai_base_url:
            raise ValueError("ENGINE=openai needs OPENAI_BASE_URL, for example http://localhost:8000/v1")

    def storage_options(self) -> dict[str, Any]:
        """The options of AUDIO_STORAGE; raises ValueError when they are no JSON object."""
        if not self.audio_storage_options:
            folder = {"location": str(Path(self.var_dir) / "kept"), "file_permissions_mode": 0o600}
            return {**folder, "directory_permissions_mode": 0o700} if self._in_folder else {}
        try:
            return msgspec.json.decode(self.audio_storage_options, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise ValueError(f"AUDIO_STORAGE_OPTIONS must be a JSON object: {error}") from error

    @property
    def _in_folder(self) -> bool:
        return self.audio_storage == "django.core.files.storage.FileSystemStorage"

    def urls(self, value: str) -> list[str]:
        """The URLs of a comma-separated list."""
        return [url.strip() for url in value.split(",") if url.strip()]

    def kept_secret_key(self) -> str:
        """SECRET_KEY, or one made on the first start and kept readable by the owner alone."""
        if self.secret_key:
            return self.secret_key
        path = Path(self.var_dir) / "secret_key"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
        return path.read_text().strip()


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """Validate the variables this program knows; raises ConfigurationError naming the first wrong one."""
    names = msgspec.structs.fields(Environment)
    given = {field.encode_name: _given(variables, field.encode_name) for field in names}
    known = {name: value for name, value in given.items() if value}
    try:
        environment = msgspec.convert(known, Environment, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_explain(str(error))) from error
    for name, package in OBSERVERS.items():
        if getattr(environment, name) and not _is_installed(package):
            raise ConfigurationError(f"{name.upper()} needs packages that are missing: run make install-observability")
    return environment


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # not even what it lies in
        return False


def _given(variables: Mapping[str, str], name: str) -> str:
    """The variable, or what the file holds that NAME_FILE names: how containers are given secrets."""
    path = variables.get(f"{name}_FILE", "")
    if variables.get(name) or not path:
        return variables.get(name, "")
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}_FILE names a file that cannot be read") from error


def _explain(message: str) -> str:
    reason, _, place = message.partition(" - at `$.")
    if place:
        return f"{place.rstrip('`')} has a value that cannot be used: {reason}"
    return f"{message}: set it, or start with `make run`, which brings its own"
