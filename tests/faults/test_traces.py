"""Row 41: after all the rows before, no log holds what people said, who they are or what lets them in."""

import pytest

from tests.faults.figures import Figure, Figures, row
from tests.faults.site import Gathering

pytestmark = [pytest.mark.faults, pytest.mark.asyncio]


@row(41, "logs after all rows")
async def test_logs_hold_no_words_names_or_keys(gathering: Gathering, figures: Figures) -> None:
    await gathering.speak(3.0)
    count = await gathering.finish()
    spoken = [final["text"] for final in gathering.room.finals if final["text"]]
    secrets = {
        "words": spoken,
        "names": ["Guest 0", "Host "],
        "sessions": [ticket.session for ticket in gathering.tickets],
        "join codes": [gathering.tickets[0].code],
    }
    logs = "".join(path.read_text(errors="replace") for path in gathering.site.folder.glob("*.log"))
    hits = {kind: sum(secret in logs for secret in some) for kind, some in secrets.items()}
    figures.add(count, Figure("hits", sum(hits.values()), 0), shown=[kind for kind, number in hits.items() if number])
    assert logs
