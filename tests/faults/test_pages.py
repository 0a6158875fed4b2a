"""The script of a page does what the browser's does where the server refuses."""

import random

from tests.faults.pages import EARLY_S, Microphone
from tests.faults.sockets import Ticket


def microphone() -> Microphone:
    """In a stream, with five seconds that wait."""
    made = Microphone(Ticket("http://127.0.0.1:1", "abc", "", ""), random.Random(0), stream_id="old")
    for _ in range(50):
        made.capture()
    return made


def test_a_refusal_that_is_not_about_the_stream_keeps_it() -> None:
    speaker = microphone()
    for code in ("restarting", "try_later", "too_many_starts"):
        speaker.heard({"type": "error", "code": code})
    assert speaker.stream_id == "old"
    assert speaker.kept_s == 5.0


def test_a_stream_that_is_refused_gives_way_to_one_that_begins_now() -> None:
    speaker = microphone()
    speaker.heard({"type": "error", "code": "stream_refused"})
    assert speaker.stream_id == ""
    speaker.heard({"type": "audio.ready", "stream_id": "new", "next_sample": 0})
    assert speaker.stream_id == "new"
    assert (speaker.kept_s, speaker.given_up) == (EARLY_S, 30)
    speaker.heard({"type": "audio.ack", "next_sample": 16_000})
    assert speaker.kept_s == EARLY_S - 1
