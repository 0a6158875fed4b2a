"""Captions of a room as one program is told them."""

from collections.abc import Awaitable, Callable

from meetings import streaming
from meetings.protocol.events import CaptionFinal, CaptionPartial


class TextDown:
    """Partials of the program's own stream; finals too, and those of everybody where the program asked for them."""

    def __init__(
        self, stream_id: str, asked: streaming.Asked, tell: Callable[[streaming.Event], Awaitable[None]]
    ) -> None:
        self._stream_id = stream_id
        self._asked = asked
        self._tell = tell
        self._shown = ""  # the partial that was sent last
        self.finals = 0  # of its own

    async def partial(self, caption: CaptionFinal | CaptionPartial, confidence: float) -> None:
        if isinstance(caption, CaptionPartial) and caption.stream_id == self._stream_id:
            new_text, self._shown = streaming.added(self._shown, caption.text), caption.text
            times = caption.start_ms, caption.end_ms
            sure = round(confidence, 3)
            await self._tell(
                streaming.PartialText(self._stream_id, caption.text, new_text, *times, caption.language, sure)
            )

    async def final(self, caption: CaptionFinal) -> None:
        if caption.kind != "speech":
            return
        if caption.stream_id == self._stream_id:
            new_text, self._shown = streaming.added(self._shown, caption.text), ""
            self.finals += 1
            await self._tell(streaming.final_text(caption, new_text, words=self._asked.words))
        elif self._asked.everybody:
            await self._tell(streaming.final_text(caption, caption.text, words=self._asked.words))
