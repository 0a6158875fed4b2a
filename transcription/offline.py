"""What is said to the process that decodes audio once more: `python -m transcription.engines.offline`.

Its first line of input is `OfflineSettings` as JSON. Then for each stretch a line (`Stretch`) and its PCM16 LE at
16 kHz; the answers are lines: a `Heard` for each part that was understood, and one with `done` at the stretch's end.
It ends with its input.
"""

import msgspec


class OfflineSettings(msgspec.Struct, frozen=True):
    engine: str  # "whisper" or "scripted"
    model: str
    device: str
    compute_type: str
    threads: int  # 0: all cores


class Stretch(msgspec.Struct, frozen=True):
    byte_count: int  # of the PCM that follows
    language: str = ""  # BCP-47; "" finds it
    vocabulary: tuple[str, ...] = ()


class HeardWord(msgspec.Struct, frozen=True):
    text: str
    start_sample: int  # in the stretch, at 16 kHz
    end_sample: int
    confidence: float  # 0…1


class Heard(msgspec.Struct, frozen=True):
    words: tuple[HeardWord, ...] = ()
    until_sample: int = 0  # all before was heard
    language: str = ""
    done: bool = False
    problem: str = ""  # the model is not to be had: nothing follows
