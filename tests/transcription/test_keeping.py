"""Pieces of the audio that may be kept: whole, in order, once, whatever the store does."""

import asyncio

import pytest

from tests.people import numbered
from transcription import keeping
from transcription.bus import Entry, Frame, Pause
from transcription.errors import LeaseLost, StoreUnavailable
from transcription.keeping import Keeper, Piece

SECOND = 1_000  # the tests' sample rate
FULL = keeping.PIECE_SECONDS * SECOND


def frame(first: int, count: int = 100, *, keep: bool = True) -> Frame:
    return Frame(b"1-0", first, numbered(first, count), 0, 0, resumed=False, keep=keep)


def frames(start: int, end: int) -> list[Frame]:
    return [frame(first) for first in range(start, end, 100)]


class Shelf:
    """A store that fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.pieces: list[Piece] = []
        self.freed = 0

    async def store(self, piece: Piece) -> None:
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.pieces.append(piece)

    async def stored(self) -> None:
        self.freed += 1

    @property
    def spans(self) -> list[tuple[int, int]]:
        return [(piece.first_sample, piece.end_sample) for piece in self.pieces]


async def kept(shelf: Shelf, *entries: Entry, kept_until: int = 0) -> Keeper:
    """A keeper that has heard the entries and had the time to store what it closed."""
    keeper = Keeper(SECOND, kept_until, shelf.store, shelf.stored)
    for entry in entries:
        keeper.hear(entry)
    await asyncio.sleep(0.05)
    return keeper


async def test_audio_is_stored_in_pieces_of_thirty_seconds_and_the_open_one_is_needed() -> None:
    shelf = Shelf()
    keeper = await kept(shelf, *frames(0, 2 * FULL + 500))
    assert shelf.spans == [(0, FULL), (FULL, 2 * FULL)]
    assert b"".join(piece.pcm for piece in shelf.pieces) == numbered(0, 2 * FULL)
    assert keeper.needed_from == 2 * FULL
    assert shelf.freed == 2


async def test_a_pause_and_audio_that_may_not_be_kept_end_a_piece() -> None:
    shelf = Shelf()
    entries: list[Entry] = [
        *frames(0, 300),
        Pause(b"2-0", 300),
        *frames(900, 1_000),
        frame(1_000, keep=False),
        *frames(1_100, 1_200),
    ]
    keeper = await kept(shelf, *entries, Pause(b"3-0", 1_200))
    assert shelf.spans == [(0, 300), (900, 1_000), (1_100, 1_200)]
    assert keeper.needed_from is None


async def test_a_hole_ends_a_piece() -> None:
    shelf = Shelf()
    keeper = await kept(shelf, *frames(0, 300), *frames(500, 700))
    keeper.close()
    await asyncio.sleep(0.05)
    assert shelf.spans == [(0, 300), (500, 700)]


async def test_who_takes_over_goes_on_where_the_last_piece_ends() -> None:
    shelf = Shelf()
    keeper = await kept(shelf, *frames(0, 1_000), kept_until=450)
    keeper.close()
    await asyncio.sleep(0.05)
    assert shelf.spans == [(450, 1_000)]
    assert shelf.pieces[0].pcm == numbered(450, 550)


async def test_a_store_that_is_away_only_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "RETRY_SECONDS", 0.001)
    shelf = Shelf(StoreUnavailable("scripted"), StoreUnavailable("scripted"))
    await kept(shelf, *frames(0, 2 * FULL))
    assert shelf.spans == [(0, FULL), (FULL, 2 * FULL)]


async def test_a_piece_is_given_up_when_the_store_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "GIVE_UP_SECONDS", -1.0)
    shelf = Shelf(StoreUnavailable("scripted"))
    keeper = await kept(shelf, *frames(0, 2 * FULL))
    assert shelf.spans == [(FULL, 2 * FULL)]
    assert keeper.needed_from is None
    assert shelf.freed == 2


async def test_nothing_is_given_free_after_another_took_the_stream() -> None:
    shelf = Shelf(LeaseLost("scripted"))
    keeper = await kept(shelf, *frames(0, FULL))
    assert (shelf.spans, shelf.freed, keeper.needed_from) == ([], 0, 0)


async def test_closing_leaves_what_is_not_stored_to_the_next_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "RETRY_SECONDS", 60)
    shelf = Shelf(StoreUnavailable("scripted"))
    keeper = await kept(shelf, *frames(0, FULL))
    await keeper.aclose()
    assert (shelf.spans, keeper.needed_from) == ([], 0)
