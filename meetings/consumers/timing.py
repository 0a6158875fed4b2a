"""The stages that a web process measures: audio on its way in, captions on their way out."""

import time
from dataclasses import dataclass, field, replace
from uuid import UUID

from meetings.fanout import CaptionTimes
from meetings.measures import measures
from meetings.protocol.frames import AudioFrame
from transcription.clocks import FrameDelay, bus_clock
from transcription.latency import Source
from transcription.streams import StreamInfo


@dataclass(slots=True)
class Arrivals:
    """Measures the stages "capture" (the page had the frame) and "network" (from the page to this process)."""

    _delay: FrameDelay = field(default_factory=FrameDelay)

    def round_trip(self, ms: float) -> None:
        """The page measured how long an answer of ours takes."""
        self._delay.round_trip(ms)

    def arrived(self, stream: StreamInfo, frame: AudioFrame) -> AudioFrame:
        """The frame with the time of its last sample on the servers' clock."""
        source = Source(stream.meeting_id, stream.stream_id)
        end = frame.first_sample + frame.sample_count
        network_ms = self._delay.of(end * 1_000 / stream.sample_rate + frame.age_ms, time.monotonic() * 1_000)
        measures.took(source, "capture", frame.age_ms)
        measures.took(source, "network", network_ms)
        return replace(frame, captured_ms=bus_clock.now_ms() - network_ms - frame.age_ms)


def age_ms(frame: AudioFrame) -> int:
    """How old an arrived frame's last sample is now."""
    return max(0, round(bus_clock.now_ms() - frame.captured_ms))


def delivered(meeting_id: UUID, times: CaptionTimes) -> None:
    """A caption was handed to one member's socket: the stage "fanout" ends, and the whole way."""
    source = Source(str(meeting_id), times["stream_id"])
    now_ms = bus_clock.now_ms()
    measures.took(source, "fanout", now_ms - times["ready_ms"])
    if times["spoken_ms"]:
        measures.took(source, "caption", now_ms - times["spoken_ms"])
