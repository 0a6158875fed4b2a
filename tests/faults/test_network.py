"""Rows 1–10: what the network and the browser do to a meeting."""

import asyncio
import time

import pytest

from tests.faults.figures import Figures
from tests.faults.site import Gathering, until

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(240)]


@pytest.mark.quick
async def test_a_socket_cut_in_mid_speech_resumes(gathering: Gathering, figures: Figures) -> None:
    speaking = asyncio.create_task(gathering.speak(6.0))
    await asyncio.sleep(2.5)
    moment = time.monotonic()
    before = gathering.microphone.connections
    gathering.site.front.cut()
    shown_after = await until(lambda: "reconnecting" in gathering.microphone.shown_since(moment), 5)
    recovered = await until(lambda: gathering.microphone.connections > before and gathering.microphone.kept_s < 0.5)
    await speaking
    count = await gathering.finish()
    figures.add(1, "socket cut (RST)", count, recovered, "≤ 3 s", gathering.microphone.shown_since(moment))
    assert count.clean
    assert shown_after < 1.0
    assert recovered < 3.0
