"""What a diarization says: who speaks when. Turns of different speakers may overlap."""

from dataclasses import dataclass

MAX_SPEAKERS = 20


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """[start_ms, end_ms) from the beginning of the audio; speakers are numbered from 0 in order of their first word."""

    start_ms: int
    end_ms: int
    speaker: int


@dataclass(frozen=True, slots=True)
class SpeakerCount:
    """How many people may be heard: None where the audio shall tell."""

    at_least: int | None = None
    at_most: int | None = None

    def __post_init__(self) -> None:
        least = 1 if self.at_least is None else self.at_least
        most = MAX_SPEAKERS if self.at_most is None else self.at_most
        if not 1 <= least <= most <= MAX_SPEAKERS:
            raise ValueError(f"between 1 and {MAX_SPEAKERS} speakers, the least first: {least} to {most}")


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a diarization says; the cosine of two voices tells whether they are alike."""

    turns: list[Turn]
    voices: list[list[float]]  # a vector of length 1 for each speaker, of zeros where it is not known


def by_first_word(turns: list[Turn]) -> list[Turn]:
    """The same turns in order, with speakers numbered as they are first heard."""
    numbers = {speaker: number for number, speaker in enumerate(first_heard(turns))}
    return [Turn(turn.start_ms, turn.end_ms, numbers[turn.speaker]) for turn in sorted(turns)]


def first_heard(turns: list[Turn]) -> list[int]:
    """The speakers in the order of their first word."""
    return list(dict.fromkeys(turn.speaker for turn in sorted(turns)))
