"""One running product for all rows, healed between them; a fresh meeting for each; the figures of the session."""

import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.figures import Figures, Table
from tests.faults.site import Gathering, Site

_table = Table()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks for traces of all rows comes after them."""
    items.sort(key=lambda item: item.path.name == "test_traces.py")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not _table.rows:
        return
    terminalreporter.section(f"faults, seed {_table.seed}")
    terminalreporter.write_line(str(_table))
    if config.option.markexpr == "faults":
        _table.write()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _table.judge(item, report)
    return report


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    return _table.row_of(request.node)


@pytest.fixture(scope="session")
def whole_site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:  # not pytest's, which only root may enter
        site = Site(Path(folder) / "site")
        yield site
        site.close()


@pytest.fixture
def site(whole_site: Site) -> Site:
    whole_site.heal()
    return whole_site


@pytest_asyncio.fixture
async def gathering(site: Site, figures: Figures) -> AsyncIterator[Gathering]:
    """A meeting with three guests; the first listens and speaks, the last is left for a fresh look."""
    made = Gathering(site, figures.seed, site.meeting(4))
    made.enter(made.tickets[0])
    made.unmute(made.tickets[0])
    yield made
    await made.close()
