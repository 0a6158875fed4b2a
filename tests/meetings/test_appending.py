"""What a page sent is not forgotten when it cannot be appended, whatever the reason."""

from datetime import UTC, datetime

import pytest

from meetings.consumers import audio
from meetings.consumers.audio import AudioConsumer, OpenStream
from meetings.protocol.events import AudioAck, AudioEvent, AudioHold, RoomEvent
from meetings.protocol.frames import AudioFrame
from transcription.bus import Appended, NewFrame
from transcription.streams import StreamInfo

FRAME = AudioFrame(first_sample=1_600, age_ms=0, pcm=bytes(3_200))


class Told(AudioConsumer):
    """An open stream whose page is this test."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[RoomEvent | AudioEvent] = []
        self._stream = OpenStream(StreamInfo("s", "m", "p"), datetime.now(UTC), "writer", next_sample=1_600)

    async def tell(self, event: RoomEvent | AudioEvent) -> None:
        self.told.append(event)


class Bus:
    """Scripted: says `error` the first time, and takes everything from then on."""

    def __init__(self, error: Exception) -> None:
        self._error: Exception | None = error

    async def append_all(self, stream_id: str, writer: str, frames: list[NewFrame]) -> list[Appended]:
        error, self._error = self._error, None
        if error:
            raise error
        return [Appended(frame.first_sample + len(frame.pcm) // 2, True, 0) for frame in frames]


async def test_an_error_that_nobody_expects_has_the_page_send_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bus = Bus(RuntimeError("the transport is closed"))
    monkeypatch.setattr(audio, "audio_bus", lambda: bus)
    socket = Told()
    await socket._append([FRAME])
    assert "the transport is closed" in caplog.text
    assert [type(event) for event in socket.told] == [AudioHold]
    assert socket.told[0] == AudioHold(1_600, audio.HOLD_MS)

    await socket._append([FRAME])
    assert socket.told[1:] == [AudioAck(3_200)]
