"""Settings that cannot work stop the start and name themselves."""

from pathlib import Path

import pytest

from config.environment import ConfigurationError, read_environment

STORES = {"DATABASE_URL": "postgresql://localhost/db", "REDIS_URL": "redis://localhost/0"}
SERVER = {**STORES, "ENGINE": "openai", "OPENAI_BASE_URL": "http://gpu.example:8000/v1"}


def test_another_server_is_used_when_it_is_named() -> None:
    environment = read_environment({**SERVER, "OPENAI_API_KEY": "sk-1", "OPENAI_TIMEOUT_SECONDS": "2.5"})
    assert (environment.engine, environment.openai_timeout_seconds) == ("openai", 2.5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE", "magic"),
        ("OPENAI_BASE_URL", ""),
        ("OPENAI_BASE_URL", "gpu.example/v1"),
        ("OPENAI_BASE_URL", "http://gpu.example/v1?key=1"),
        ("OPENAI_API_KEY", "two words"),
        ("OPENAI_API_KEY", "line\nbreak"),
        ("OPENAI_TIMEOUT_SECONDS", "0"),
        ("OPENAI_TIMEOUT_SECONDS", "soon"),
    ],
)
def test_a_server_that_cannot_be_asked_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as refused:
        read_environment({**SERVER, name: value})
    assert "\n" not in str(refused.value)


def test_any_variable_can_be_the_content_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    files = {**STORES, "SECRET_KEY_FILE": str(tmp_path / "key")}
    assert read_environment(files).secret_key == "from-a-file"
    assert read_environment({**files, "SECRET_KEY": "given"}).secret_key == "given"


def test_a_file_that_is_not_there_stops_the_start_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY_FILE"):
        read_environment({**STORES, "SECRET_KEY_FILE": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "localhost", "10.0.0.1/8"])
def test_networks_that_webhooks_may_call_are_checked(networks: str) -> None:
    with pytest.raises(ConfigurationError):
        read_environment({**STORES, "WEBHOOK_ALLOWED_NETWORKS": networks})
