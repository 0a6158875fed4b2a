"""The table of figures: what missed its goal is marked, what nobody counted has no number, a failure has a row."""

from dataclasses import asdict
from unittest.mock import Mock

import pytest

from tests.faults.figures import Figure, Figures, Table, Tally, row, table, took


def new_row() -> Figures:
    return Figures(1, "a fault", seed=7, passed=True)


def line(*runs: Figures) -> str:
    return table([[asdict(run) for run in runs]]).splitlines()[-1]


def test_a_figure_over_its_goal_is_marked_and_one_over_twice_of_it_fails() -> None:
    missed = new_row()
    missed.add(Tally(0, 0, 0), took(4.0, 3.0), Figure("growth", 2.0, 5.0, "MB"), shown=["held", "held"])
    assert line(missed) == "| 1 | a fault | 1 | 0 | 0 | 0 | 4.0 s (≤ 3.0) **missed** | growth 2.0 MB (≤ 5.0) | held |"
    with pytest.raises(AssertionError, match=r"recovered 6\.1 s"):
        new_row().add(None, took(6.1, 3.0), shown="")
    with pytest.raises(AssertionError, match="leaks 1"):
        new_row().add(None, Figure("leaks", 1, 0), shown="")


def test_what_was_not_counted_has_no_number() -> None:
    uncounted = new_row()
    uncounted.add(None, shown="")
    assert line(uncounted) == "| 1 | a fault | 1 | – | – | – |  |  | nothing |"


def test_the_worst_of_several_runs_is_shown_and_a_loss_is_marked() -> None:
    good, bad = new_row(), new_row()
    good.add(Tally(0, 0, 0), took(1.0, 3.0), shown="")
    bad.passed = False
    with pytest.raises(AssertionError):
        bad.add(Tally(2, 0, 0), took(2.0, 3.0), shown="")
    assert "| 2, 1 **failed** | 2 **missed** | 0 | 0 | 2.0 s (≤ 3.0) |" in line(good, bad)


@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
def test_a_test_that_fails_before_it_measured_anything_has_a_failed_row(when: str) -> None:
    rows, item = Table(), Mock(nodeid="test_x", callspec=Mock(params={"kind": "room"}))
    item.get_closest_marker.return_value = row(31, "bad texts, {kind} socket").mark
    rows.judge(item, Mock(when="call", failed=False, passed=True))
    rows.judge(item, Mock(when=when, failed=True, passed=False))
    assert "| 31 | bad texts, room socket | 1, 1 **failed** | – | – | – |" in str(rows)
