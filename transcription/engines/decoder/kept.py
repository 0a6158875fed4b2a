"""The graphs of a model, written beside it once: `python -m transcription.engines.decoder.kept FOLDER`.

A process of its own writes them, since what that takes (150 MB for base) does not go back to the system.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from transcription.engines.decoder.model_file import Variables, read_variables

PROJECT = Path(__file__).resolve().parents[3]
FORMAT = 1  # one more with every change of the graphs


class Graphs(NamedTuple):
    """Serialised, or files of them."""

    cross: bytes | str
    tokens: bytes | str


def graphs_of(folder: Path, variables: Variables) -> Graphs:
    """From the files beside the model; made here and now where nothing can be written. Raises KeyError."""
    kept = folder / f"decoder-{FORMAT}"
    if not _is_newer(kept, folder / "model.bin"):
        command = (sys.executable, "-m", "transcription.engines.decoder.kept", str(folder.resolve()))
        subprocess.run(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if _is_newer(kept, folder / "model.bin"):
        return Graphs(str(kept / "cross.onnx"), str(kept / "tokens.onnx"))
    return _made(variables)


def _is_newer(kept: Path, model: Path) -> bool:
    return kept.is_dir() and kept.stat().st_mtime >= model.stat().st_mtime


def _made(variables: Variables) -> Graphs:
    from transcription.engines.decoder.graph import cross_graph, token_graph  # 20 MB that only this needs

    return Graphs(cross_graph(variables).SerializeToString(), token_graph(variables).SerializeToString())


def main() -> None:
    folder = Path(sys.argv[1])
    kept = folder / f"decoder-{FORMAT}"
    graphs = _made(read_variables(folder / "model.bin", "decoder/"))
    with tempfile.TemporaryDirectory(dir=folder, prefix="decoder-") as made:
        whole = Path(made) / "whole"
        whole.mkdir()
        for name, graph in graphs._asdict().items():
            (whole / f"{name}.onnx").write_bytes(graph)
        if not _is_newer(kept, folder / "model.bin"):
            shutil.rmtree(kept, ignore_errors=True)
            whole.replace(kept)


if __name__ == "__main__":
    main()
