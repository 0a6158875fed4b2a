"""Reads docker-compose.yml and Dockerfile as Docker does, and says what they start: commands, environment, files."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.stack import ROOT

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    definition: dict[str, Any]
    env_file: Mapping[str, str]

    @property
    def is_ours(self) -> bool:
        return str(self.definition["image"]).startswith("meeting-transcription")

    @property
    def environment(self) -> dict[str, str]:
        given = self.env_file if self.definition.get("env_file") == [{"path": ".env", "required": False}] else {}
        return {**given, **{name: str(value) for name, value in self.definition.get("environment", {}).items()}}

    @property
    def command(self) -> list[str]:
        return list(self.definition.get("command") or default_command())

    @property
    def check(self) -> list[str]:
        """The health check's command; empty without one."""
        test: list[str] = self.definition.get("healthcheck", {}).get("test", [])
        return test[1:] if test[:1] == ["CMD"] else test

    @property
    def replicas(self) -> int:
        return int(self.definition.get("deploy", {}).get("replicas", 1))

    @property
    def needs(self) -> dict[str, str]:
        """Services that come first, and what is waited for."""
        return {name: one["condition"] for name, one in self.definition.get("depends_on", {}).items()}

    def in_profile(self, profile: str) -> bool:
        return profile in self.definition.get("profiles", [profile])


def read(variables: Mapping[str, str], profile: str) -> dict[str, Service]:
    """The services of a profile with `variables` in .env; raises KeyError for one that has to be set."""
    whole = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    found = {name: Service(name, _filled(one, variables), variables) for name, one in whole["services"].items()}
    return {name: service for name, service in found.items() if service.in_profile(profile)}


def whole() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, variables) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: _substitute(match, variables), value).replace("$$", "$")


def _substitute(match: "re.Match[str]", variables: Mapping[str, str]) -> str:
    name, kind, rest = match.groups()
    if variables.get(name):
        return variables[name]
    if kind == "?":
        raise KeyError(name)
    return rest or ""


# ── Dockerfile ──────────────────────────────────────────────────────────────────────────────────────────────────────


def instructions() -> list[tuple[str, str, str]]:
    """(stage, instruction, its arguments), lines joined and comments left out."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    stage, found = "", []
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word == "FROM":
            stage = rest.split(" AS ")[1]
        found.append((stage, word, rest))
    return found


def default_command() -> list[str]:
    (command,) = [rest for stage, word, rest in instructions() if (stage, word) == ("app", "CMD")]
    loaded: list[str] = json.loads(command)
    return loaded


def copied() -> dict[str, Path]:
    """What the image holds under /app: path there → where it comes from here."""
    found: dict[str, Path] = {}
    for stage, word, rest in instructions():
        if stage != "app" or word != "COPY" or rest.startswith("--from=packages"):
            continue
        source, target = rest.split()[-2:]
        built_here = ROOT / "frontend" / "dist" if rest.startswith("--from=frontend") else ROOT / source
        found[source if target == "./" else target] = built_here
    return found
