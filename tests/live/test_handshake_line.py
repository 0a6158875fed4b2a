"""Handshakes stand in line, and the line has an end."""

from config.handshakes import BURST, LONGEST_WAIT_S, PER_SECOND, Line


def test_a_few_handshakes_begin_at_once() -> None:
    line = Line(clock=lambda: 100.0)
    assert [line.wait_s() for _ in range(BURST)] == [0.0] * BURST


def test_those_after_them_begin_one_after_the_other() -> None:
    line = Line(clock=lambda: 100.0)
    waits = [line.wait_s() for _ in range(BURST + 3)]
    assert [round((wait or 0.0) * PER_SECOND, 6) for wait in waits[BURST:]] == [0.0, 1.0, 2.0]


def test_a_line_that_is_too_long_takes_nobody_until_it_is_shorter() -> None:
    now = 100.0
    line = Line(clock=lambda: now)
    waits = [line.wait_s() for _ in range(1_000)]
    taken = [wait for wait in waits if wait is not None]
    assert len(taken) == BURST + LONGEST_WAIT_S * PER_SECOND + 1
    assert max(taken) <= LONGEST_WAIT_S
    now += 1.0
    assert line.wait_s() is not None


def test_a_quiet_hour_saves_up_no_more_than_the_few() -> None:
    now = 100.0
    line = Line(clock=lambda: now)
    now += 3_600
    waits = [line.wait_s() for _ in range(BURST + 2)]
    assert waits[BURST + 1]


def test_a_turn_that_began_late_puts_the_others_off() -> None:
    line = Line(clock=lambda: 100.0)
    for _ in range(BURST + 1):
        line.wait_s()
    line.late_by(0.5)
    assert round(line.wait_s() or 0.0, 3) == round(0.5 + 1 / PER_SECOND, 3)


def test_a_process_that_stood_still_takes_newcomers_again_a_second_later() -> None:
    now = 100.0
    line = Line(clock=lambda: now)
    for _ in range(BURST + 1):
        line.wait_s()
    line.late_by(60.0)
    assert line.wait_s() is None
    now += 1.0
    assert line.wait_s() is not None
