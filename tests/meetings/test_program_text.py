"""What a program is told of a partial."""

from meetings import streaming
from meetings.consumers.program_text import TextDown
from meetings.protocol.events import CaptionPartial


async def test_a_partial_says_how_sure_it_is() -> None:
    told: list[streaming.Event] = []

    async def tell(event: streaming.Event) -> None:
        told.append(event)

    text = TextDown("own", streaming.Asked(), tell)
    await text.partial(CaptionPartial("own", "ada", 0, 900, "good morning", 4, "en", "ltr"), 0.81259)
    [partial] = told
    assert isinstance(partial, streaming.PartialText)
    assert partial.confidence == 0.813
