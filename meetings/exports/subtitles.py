"""The transcript as subtitles: SubRip and WebVTT."""

from meetings.exports.cues import Cue, cues
from meetings.exports.minutes import Minutes

# SubRip has no way to escape: players take <…> and {\…} for markup, so those signs are shown by their look-alikes.
_LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")"})
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_PLACE = "size:80% align:center"


def render_srt(minutes: Minutes) -> str:
    numbered = enumerate(cues(minutes, names_in_text=True), start=1)
    return "\n".join(
        f"{number}\n{_times(cue, ',')}\n{_text(cue).translate(_LOOK_ALIKES)}\n" for number, cue in numbered
    )


def render_vtt(minutes: Minutes) -> str:
    blocks = [f"{_times(cue, '.')} {_PLACE}\n{_voice(cue)}\n" for cue in cues(minutes, names_in_text=False)]
    return "\n".join(["WEBVTT\n", *blocks])


def _voice(cue: Cue) -> str:
    text = _text(cue).translate(_ENTITIES)
    return f"<v {cue.name.translate(_ENTITIES)}>{text}" if cue.name else text


def _text(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _times(cue: Cue, point: str) -> str:
    return f"{_timestamp(cue.start_ms, point)} --> {_timestamp(cue.end_ms, point)}"


def _timestamp(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}"
