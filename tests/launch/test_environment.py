"""Settings that cannot work stop the start and name themselves."""

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
