"""What the recogniser of a meeting listens for: names and terms that may be said in it."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from meetings.models import Meeting, Participant, SegmentRevision
from transcription.vocabulary import letters

MAX_TERMS = 150
MAX_CHARACTERS = 60  # of a term
RECENT_MEETINGS = 20  # of the host, whose corrections teach
RECENT_CORRECTIONS = 500
MAX_LEARNT = 40
_WORDS = re.compile(r"\w+(?:[-'’]\w+)*")
_BREAKS = re.compile(r"[\n,;]")
What = SegmentRevision.What


def vocabulary_of(participant: Participant) -> tuple[str, ...]:
    """What the host listed, who is there, what is planned, and what people put right before; most telling first."""
    meeting = participant.meeting
    terms = (term for source in (_listed, _names, _planned, _learnt) for term in source(meeting))
    whole = (term for term in dict.fromkeys(terms) if len(letters(term)) > 1 and len(term) <= MAX_CHARACTERS)
    return tuple(islice(whole, MAX_TERMS))


def _listed(meeting: Meeting) -> Iterator[str]:
    return (" ".join(term.split()) for term in _BREAKS.split(meeting.terms))


def _names(meeting: Meeting) -> Iterator[str]:
    """Whole, and as people call each other; those of a recording's voices are ours."""
    if hasattr(meeting, "recording"):
        return
    for name in meeting.participants.values_list("display_name", flat=True):
        yield name
        yield from name.split()


def _planned(meeting: Meeting) -> Iterator[str]:
    return _telling(f"{meeting.title}\n{meeting.agenda}")


def _learnt(meeting: Meeting) -> list[str]:
    """Words with a capital that people wrote where the recogniser had heard others."""
    recent = Meeting.objects.filter(host=meeting.host_id).order_by("-created_at").values("pk")[:RECENT_MEETINGS]
    changes = SegmentRevision.objects.filter(segment__meeting__in=recent, what__in=[What.TEXT, What.REPLACE])
    newest = changes.order_by("-created_at").values_list("text_before", "text_after")[:RECENT_CORRECTIONS]
    counts: Counter[str] = Counter()
    for before, after in newest:
        heard = set(map(letters, before.split()))
        counts.update(word for word in _telling(after) if letters(word) not in heard)
    return [term for term, _ in counts.most_common(MAX_LEARNT)]


def _telling(text: str) -> Iterator[str]:
    """Words with a capital, or of letters and digits, as names and products have them."""
    for word in _WORDS.findall(text):
        has_digit, has_letter = (any(map(is_kind, word)) for is_kind in (str.isdigit, str.isalpha))
        if any(map(str.isupper, word)) or (has_digit and has_letter):
            yield word
