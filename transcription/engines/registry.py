"""The engines there are, by name. A dotted path is loaded only when it is used."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class EngineEntry:
    engine: str  # "module:class" of an Engine
    activity: str  # "module:class" of the VoiceActivity that goes with it
    smaller: str = ""  # "module:function" from settings to settings that need less memory, or None


ENGINES = {
    "whisper": EngineEntry(
        "transcription.engines.whisper:WhisperEngine",
        "transcription.vad:SileroVad",
        "transcription.engines.economy:smaller_whisper",
    ),
    "openai": EngineEntry("transcription.engines.openai:OpenAIEngine", "transcription.vad:SileroVad"),
    "scripted": EngineEntry(
        "transcription.engines.scripted:ScriptedEngine",
        "transcription.engines.scripted:CounterActivity",
        "transcription.engines.scripted:smaller_scripted",
    ),
}


def load(path: str) -> Any:
    """The object at "module:name"."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
