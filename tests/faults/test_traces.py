"""Row 41: after all other rows, no log, metric or error page holds what people said, who they are or lets them in."""

from collections.abc import Iterable

import httpx
import pytest

from tests.faults.figures import Figure, Figures, row
from tests.faults.site import METRICS_TOKEN, Gathering, Site
from tests.faults.sockets import Ticket

pytestmark = [pytest.mark.faults, pytest.mark.asyncio]
NAMES = {"Guest 0", "Host ", "Member ", "Uploader "}


@row(41, "logs, metrics and error pages after all rows")
async def test_nothing_but_pages_holds_words_names_or_keys(gathering: Gathering, figures: Figures) -> None:
    """Searched for every session, code, token and key of the run, and for every text that was put into a meeting."""
    site = gathering.site
    await gathering.speak(3.0)
    count = await gathering.finish()
    spoken = {final["text"] for final in gathering.room.finals if final["text"]}
    wanted = spoken | NAMES | site.backstage.secrets
    logs = {path.name: path.read_text(errors="replace") for path in site.folder.glob("*.log")}
    metrics = await measured(site)
    pages = await error_pages(site, gathering.tickets[0])
    places = {**logs, "metrics": metrics, **pages}
    lines = [(place, line) for place, text in places.items() for line in text.splitlines()]
    hits = [f"{place}: {line.replace(secret, '…')}" for place, line in lines for secret in wanted if secret in line]
    figures.add(count, Figure("hits", len(hits), 0), Figure("places", len(places)), Figure("secrets", len(wanted)),
                shown=hits[:10])  # fmt: skip
    assert {"web.log", "transcriber.log"} <= logs.keys()
    assert "meeting_" in metrics
    assert wanted >= {ticket.session for ticket in gathering.tickets}


async def measured(site: Site) -> str:
    async with httpx.AsyncClient(base_url=site.base_url) as collector:
        answer = await collector.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert answer.status_code == httpx.codes.OK
    return answer.text


async def error_pages(site: Site, ticket: Ticket) -> dict[str, str]:
    """What a stranger and a participant see that is no page; an address that was asked for may be named."""
    code = ticket.code
    own = {"Cookie": f"sessionid={ticket.session}"}
    async with httpx.AsyncClient(base_url=site.base_url) as stranger:
        answers = [
            await stranger.get(f"/m/{code}/transcript/"),
            await stranger.post(f"/m/{code}/end/"),
            await stranger.put(f"/m/{code}/room/"),
            await stranger.get(f"/api/v1/meetings/{code}"),
            await stranger.get("/metrics"),
            await stranger.get(f"/m/{code}/room/", headers={"Host": "evil.example"}),
            await stranger.get(f"/m/{code}/end/", headers=own),
        ]
    assert statuses(answers) >= {400, 401, 403, 404, 405}
    return {f"{answer.status_code} {number}": answer.text.replace(code, "") for number, answer in enumerate(answers)}


def statuses(answers: Iterable[httpx.Response]) -> set[int]:
    return {answer.status_code for answer in answers}
