"""What is known of an audio stream before its first sample."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One microphone session of one participant. Travels on the bus as JSON."""

    stream_id: str
    meeting_id: str
    participant_id: str
    sample_rate: int = 16_000  # of the frames on the bus, 8,000…48,000
    language: str = ""  # BCP-47; "" finds it from the speech…
    preferred_languages: tuple[str, ...] = ()  # …in the light of what the speaker's browser prefers
    check: bool = False  # the lobby's test of a microphone: belongs to no meeting
    background: bool = False  # an upload: nobody waits for its words as they are spoken
    vocabulary: tuple[str, ...] = ()  # names and terms that the recogniser should prefer
