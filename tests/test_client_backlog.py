"""What the command line keeps until the server has it, and how it shows text."""

import io

import pytest

from transcribe_client.backlog import Backlog, BacklogFull
from transcribe_client.screen import Screen


def filled(*lengths: int) -> Backlog:
    """Chunks of so many samples, each sample its own number."""
    backlog, at = Backlog(), 0
    for length in lengths:
        backlog.add(b"".join(number.to_bytes(2, "little") for number in range(at, at + length)))
        at += length
    return backlog


def samples(backlog: Backlog, after: int) -> list[int]:
    pcm = b"".join(chunk.pcm for chunk in backlog.after(after))
    return [int.from_bytes(pcm[at : at + 2], "little") for at in range(0, len(pcm), 2)]


@pytest.mark.parametrize("after", range(11))
def test_it_goes_on_exactly_where_the_server_is(after: int) -> None:
    assert samples(filled(4, 3, 3), after) == list(range(after, 10))


def test_what_is_acknowledged_is_forgotten_but_never_a_part_of_a_chunk() -> None:
    backlog = filled(4, 3, 3)
    backlog.acknowledge(5)
    assert samples(backlog, 5) == [5, 6, 7, 8, 9]
    assert backlog.waiting == 5
    backlog.acknowledge(2)  # an old acknowledgement comes late
    assert backlog.waiting == 5


def test_it_has_an_end() -> None:
    backlog = Backlog()
    for _ in range(601):
        backlog.add(bytes(32_000))
    with pytest.raises(BacklogFull):
        backlog.add(bytes(32_000))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_partial_is_drawn_on_one_line_and_gives_way_to_the_final() -> None:
    output, aside = io.StringIO(), Terminal()
    screen = Screen(output, aside)
    screen.show({"type": "partial", "text": "good"})
    screen.show({"type": "partial", "text": "good morning"})
    screen.show({"type": "final", "text": "Good morning.", "speaker": "Ada", "timestamp": 3_723_000})
    assert output.getvalue() == "[1:02:03] Ada: Good morning.\n"
    assert aside.getvalue().startswith("\r… good\r… good morning\r ")
    assert "\n" not in aside.getvalue()


def test_a_long_partial_shows_its_end() -> None:
    aside = Terminal()
    Screen(io.StringIO(), aside).show({"type": "partial", "text": "word " * 200 + "end"})
    assert aside.getvalue().endswith("end")
    assert len(aside.getvalue()) < 500


def test_without_a_terminal_no_partial_is_written() -> None:
    aside = io.StringIO()
    Screen(io.StringIO(), aside).show({"type": "partial", "text": "good"})
    assert aside.getvalue() == ""
