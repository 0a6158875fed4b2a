"""The variables of a CTranslate2 model file, as `ctranslate2.specs.model_spec` writes them (version 6)."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 6
Variables = Mapping[str, NDArray[Any]]
TYPES: Mapping[int, Any] = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class UnknownFormat(Exception):
    """The file is none that can be read here."""


def read_variables(file: Path, scope: str) -> dict[str, NDArray[Any]]:
    """Those whose names begin with `scope`, by the rest of the name; weights stay in the file until they are used.

    Raises UnknownFormat, OSError.
    """
    try:
        return _Reader(memoryview(np.memmap(file, np.uint8, "r").data)).variables(scope)
    except (struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
        raise UnknownFormat(f"{file} is no model file of version {VERSION}: {error}") from error


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def variables(self, scope: str) -> dict[str, NDArray[Any]]:
        if self._number("I") != VERSION:
            raise ValueError("another version")
        self._text()  # the model's kind and its revision
        self._number("I")
        found: dict[str, NDArray[Any]] = {}
        for _ in range(self._number("I")):
            name, shape = self._text(), [self._number("I") for _ in range(self._number("B"))]
            kind, size = self._number("B"), self._number("I")
            if name.startswith(scope):
                values = np.frombuffer(self._data, TYPES[kind], size // np.dtype(TYPES[kind]).itemsize, self._at)
                found[name.removeprefix(scope)] = values.reshape(shape)
            self._at += size
        return found

    def _number(self, code: str) -> int:
        (value,) = struct.unpack_from(f"<{code}", self._data, self._at)
        self._at += struct.calcsize(f"<{code}")
        return int(value)

    def _text(self) -> str:
        size = self._number("H")
        text = bytes(self._data[self._at : self._at + size - 1]).decode()
        self._at += size
        return text
