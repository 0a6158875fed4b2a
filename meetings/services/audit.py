"""Does the stored meeting add up? All acknowledged audio is a final, silence or a declared gap, once and in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from meetings.models import AudioStream, Meeting, Segment
from meetings.redis import audio_bus, with_redis
from transcription.captions import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class StreamSheet:
    """Where the audio of one stream went, in samples at 16 kHz."""

    stream: AudioStream
    acknowledged: int  # end of the audio that the browser was told to forget
    spoken: int
    missing: int  # in declared gaps

    @property
    def unaccounted(self) -> int:
        """Settled, and neither in a caption nor counted as silence when it was."""
        return self.stream.settled_sample - self.spoken - self.missing - self.stream.silent_samples

    def __str__(self) -> str:
        silent = self.stream.silent_samples  # also the time of a muted microphone
        parts = {"speech": self.spoken, "silence": silent, "gaps": self.missing, "received": self.acknowledged}
        figures = ", ".join(f"{name} {samples / SAMPLE_RATE:.1f} s" for name, samples in parts.items())
        return f"stream {self.stream.pk}: {figures}"


def sheets(meeting: Meeting) -> list[StreamSheet]:
    """Asks the bus too, which knows what was acknowledged in the last day."""
    streams = AudioStream.objects.filter(participant__meeting=meeting)
    return [_sheet(stream) for stream in streams]


def _sheet(stream: AudioStream) -> StreamSheet:
    async def cursor() -> int | None:
        return await audio_bus().cursor(str(stream.pk))

    received = max(stream.received_until, with_redis(cursor) or 0)
    length = dict.fromkeys(Segment.Kind.values, 0)
    for segment in stream.segments.all():
        length[segment.kind] += segment.end_sample - segment.start_sample
    acknowledged = received * SAMPLE_RATE // stream.sample_rate
    return StreamSheet(stream, acknowledged, length[Segment.Kind.SPEECH], length[Segment.Kind.GAP])


def problems(meeting: Meeting) -> Iterator[str]:
    """What does not add up, in plain words."""
    yield from _sequence_problems(meeting)
    for sheet in sheets(meeting):
        name = f"stream {sheet.stream.pk}"
        behind = sheet.acknowledged - sheet.stream.settled_sample
        if behind > 0:
            yield f"{name}: {behind / SAMPLE_RATE:.1f} s of acknowledged audio are not settled"
        if sheet.unaccounted > 0:
            yield f"{name}: {sheet.unaccounted / SAMPLE_RATE:.1f} s were in captions that are not stored any more"
        if sheet.spoken + sheet.missing > sheet.stream.settled_sample:
            yield f"{name}: captions cover more audio than there is"
        for former, later in pairwise(sheet.stream.segments.filter(hidden=False).order_by("start_sample")):
            if later.start_sample < former.end_sample:
                yield f"{name}: captions {former.sequence} and {later.sequence} overlap"
            if later.sequence < former.sequence:
                yield f"{name}: caption {later.sequence} was stored before {former.sequence}, and spoken after it"


def _sequence_problems(meeting: Meeting) -> Iterator[str]:
    stored = set(meeting.segments.values_list("sequence", flat=True))
    expected = set(range(1, meeting.last_sequence + 1))
    for sequence in sorted(expected - stored):
        yield f"caption {sequence} is missing"
    for sequence in sorted(stored - expected):
        yield f"caption {sequence} is beyond the newest, {meeting.last_sequence}"
