"""The load's own counting: every listener counts, not one of each meeting."""

import json

from tests.faults.crowd import Crowd, Listener, Voice
from tests.faults.load import Stage
from tests.faults.sockets import Ticket

NOBODY = Ticket("http://127.0.0.1:1", "abc", "", "")


def meeting_of_two() -> tuple[Crowd, Listener, Listener]:
    script: dict[int, str] = {}
    first, second = Listener(NOBODY, script=script), Listener(NOBODY, script=script)
    return Crowd([([Voice(NOBODY, said=[1, 2, 3])], [first, second])]), first, second


def hear(listener: Listener, sequence: int, text: str) -> None:
    listener.heard(json.dumps({"type": "caption.final", "sequence": sequence, "text": text}).replace(": ", ":", 1))


def test_a_final_that_one_listener_never_got_is_lost() -> None:
    crowd, first, second = meeting_of_two()
    for listener in (first, second):
        hear(listener, 1, "1 2")
    hear(first, 2, "3")
    assert crowd.lost == 1
    hear(second, 2, "3")
    assert (crowd.lost, crowd.doubled) == (0, 0)


def test_a_final_that_comes_twice_or_differently_is_counted() -> None:
    crowd, first, second = meeting_of_two()
    hear(first, 1, "1 2 3")
    hear(first, 1, "1 2 3")
    hear(second, 1, "1 2 4")
    assert crowd.doubled == 2


def test_figures_of_a_stage_over_their_goals_are_marked() -> None:
    cells = Stage(20, 600, 60, 1, 0, 501, 50, 164, 4, 0.81, 301).cells().split(" | ")
    assert [cell for cell in cells if "missed" in cell] == [
        "60 **missed**", "1 **missed**", "501 **missed**", "81% **missed**", "301 **missed** |"
    ]  # fmt: skip
