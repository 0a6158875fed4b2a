"""The figures of who spoke: errors counted as defined, and parts measured one by one in one table."""

import importlib.util
import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from bench import media, report
from bench.attribution import Meeting, WordError, cp_errors

needs_extra = pytest.mark.skipif(
    importlib.util.find_spec("scipy") is None, reason="the extra is not installed: make install-diarization"
)
SAID = (("Ada", "we start at nine"), ("Bob", "not before ten"), ("Ada", "then at ten"))


def meeting(said: tuple[tuple[str, str], ...] = SAID) -> Meeting:
    return Meeting("test", np.zeros(16_000, np.float32), (), said)


@needs_extra
def test_names_do_not_matter_only_who_is_together() -> None:
    said = [(7, "we start at nine"), (3, "not before ten"), (7, "then at ten")]
    assert cp_errors(meeting(), said) == (0, 10)


@needs_extra
def test_a_word_given_to_somebody_else_is_missing_here_and_too_much_there() -> None:
    said = [(0, "we start at nine"), (1, "not before ten then"), (0, "at ten")]
    assert cp_errors(meeting(), said) == (2, 10)
    assert WordError().add(meeting(), said) == {"words": 10, "wrong_words": 0.1, "cp_wer": 0.2}


@needs_extra
@pytest.mark.parametrize(
    ("said", "errors"),
    [
        ([], 10),
        ([(0, "we start at nine then at ten")], 3),
        ([(0, "we start at nine then at ten"), (1, "not before ten"), (2, "hello you")], 2),
    ],
)
def test_speakers_too_few_or_too_many_count_with_all_their_words(
    said: list[tuple[int | str, str]], errors: int
) -> None:
    assert cp_errors(meeting(), said) == (errors, 10)


@needs_extra
def test_the_naming_is_the_best_of_all() -> None:
    words = "red green blue white black brown pink grey gold".split()
    truth = tuple((name, " ".join(words[at : at + 5])) for at, name in enumerate("ABCD"))
    heard = [(at, " ".join(words[at + 1 : at + 4] + words[:at])) for at in (2, 0, 3, 1)]
    every = [
        sum(cp_errors(meeting((row,)), [part])[0] for row, part in zip(truth, order, strict=True))
        for order in permutations(heard)
    ]
    assert cp_errors(meeting(truth), heard) == (min(every), 20)


@needs_extra
def test_several_recordings_weigh_by_their_words() -> None:
    words = WordError()
    words.add(meeting(), [])
    words.add(meeting((("Ada", "yes"),)), [(0, "yes")])
    assert words.overall["cp_wer"] == pytest.approx(10 / 11)


def test_parts_measured_one_by_one_stand_in_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "performance.md"
    document.write_text("<!-- media-cpu: begin -->\nNot measured yet.\n<!-- media-cpu: end -->\n")
    monkeypatch.setattr(report, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "DOCUMENT", document)
    about = {"machine": "this one", "date": "today", "commit": "abc"}
    media.record("long-upload", [{"run": "three hours", "peak_mb": 500.0}], about)
    media.record("speakers", [{"run": "AMI", "der": 0.5}], about)
    media.record("speakers", [{"run": "AMI", "der": 0.2}], {**about, "commit": "def"})
    lines = [line for line in document.read_text().splitlines() if line.startswith("|")]
    assert lines[0].split(" | ")[4] == "peak_mb"
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| AMI", "| three hours"]
    assert "0.2" in lines[2]
    assert "- measured: long-upload today at abc, speakers today at def" in document.read_text()
    media.record("uploads", [{"run": "ten minutes"}], {**about, "machine": "another"})
    assert [row["run"] for row in json.loads((tmp_path / "results" / "media-cpu.json").read_text())["rows"]] == [
        "ten minutes"
    ]
