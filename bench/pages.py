"""`python -m bench.pages`: how long pages take with a lot in them: 200 meetings of an hour, one of four hours.

Real Daphne, worker and stores; the times are those of whole answers over HTTP, on the same processors.
"""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench import report
from bench.inflected import english, german
from config.launch.stores import stores
from tests.people import Person
from tests.stack import Stack, new_database

MEETINGS, LINES, MS_A_LINE = 200, 720, 5_000
LONG_LINES, LONG_MS_A_LINE = 5_000, 2_880
WORDS_A_LINE = 13
GERMAN_EVERY = 3  # meetings: every third is in German
SEARCHES = (
    "suspected", "Flüssigkeiten", "recording handbooks", '"planned budgets"', "discussing", "Entscheidungen", "plan",
    "planning meetings -budget", "prüfte customers",
)  # fmt: skip
SEARCH_GOAL_MS = 200
RUNS = 5
PAGE = 500  # lines that the review page asks for at once
COLUMNS = ("what", "p50_ms", "worst_ms", "kB", "goal")


class Speech:
    """Lines of inflected words, drawn as unevenly as speech; each begins with a word that has an l."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._chance = random.Random(5)
        self._first, self._words = ("Well", english()) if language == "en" else ("Also", german())
        self._weights = list(accumulate(1 / (rank + 5) for rank in range(len(self._words))))

    def line(self) -> list[str]:
        return [self._first, *self._chance.choices(self._words, cum_weights=self._weights, k=WORDS_A_LINE - 1)]


def fill(email: str) -> str:
    """Everything that is there before the clock starts; returns the join code of the long meeting."""
    from django.db import connection

    from meetings.models import User

    host, spoken = User.objects.get(email=email), [Speech("de"), *[Speech("en")] * (GERMAN_EVERY - 1)]
    for number in range(MEETINGS):
        _meeting(host, f"Weekly {number}", spoken[number % GERMAN_EVERY], LINES, MS_A_LINE)
    code = _meeting(host, "The whole day", spoken[-1], LONG_LINES, LONG_MS_A_LINE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return code


def promote(email: str) -> None:
    from meetings.models import User

    User.objects.filter(email=email).update(is_staff=True, is_superuser=True)


def _meeting(host: Any, title: str, speech: Speech, count: int, step_ms: int) -> str:
    from django.utils import timezone

    from meetings.models import AudioStream, Meeting, Participant, Segment

    now = timezone.now()
    meeting = Meeting.objects.create(
        host=host, title=title, status=Meeting.Status.ENDED, ended_at=now, last_sequence=count,
        started_at=now - timedelta(milliseconds=count * step_ms),
    )  # fmt: skip
    people = [
        Participant.objects.create(
            meeting=meeting, display_name=name, color=number, user=None if number else host,
            role=Participant.Role.GUEST if number else Participant.Role.HOST,
        )
        for number, name in enumerate(("Ada", "Grace", "Alan"))
    ]  # fmt: skip
    streams = [AudioStream.objects.create(participant=person, offset_ms=0) for person in people]

    def segments() -> Iterator[Segment]:
        for line in range(count):
            words, start_ms = speech.line(), line * step_ms
            length_ms = step_ms * 9 // 10
            edges = [start_ms + length_ms * at // len(words) for at in range(len(words) + 1)]
            timed = [
                {"text": word, "start_ms": edges[at], "end_ms": edges[at + 1], "confidence": 0.9}
                for at, word in enumerate(words)
            ]
            text = " ".join(words)
            yield Segment(
                meeting=meeting, participant=people[line % 3], stream=streams[line % 3], sequence=line + 1,
                start_sample=start_ms * 16, end_sample=(start_ms + length_ms) * 16, start_ms=start_ms,
                end_ms=start_ms + length_ms, language=speech.language, text=text, recognised_text=text, words=timed,
                confidence=0.9,
            )  # fmt: skip

    Segment.objects.bulk_create(segments(), batch_size=500)
    return meeting.code


class Reader:
    """Asks for pages and keeps what they took."""

    def __init__(self, person: Person) -> None:
        self.rows: list[report.Row] = []
        self._pages = person.pages
        self._headers = {"X-CSRFToken": person.pages.cookies["csrftoken"], "Referer": person.base_url}

    def read(self, what: str, path: str, goal_ms: int | None = None, **query: str) -> None:
        def once() -> int:
            answer = self._pages.get(path, params=query, timeout=120)
            answer.raise_for_status()
            return len(answer.content)

        self.measure(what, once, goal_ms=goal_ms)

    def change(self, what: str, path: str, bodies: Iterator[dict[str, Any]], runs: int) -> None:
        def once() -> int:
            answer = self._pages.post(path, json=next(bodies), headers=self._headers, timeout=120)
            answer.raise_for_status()
            return len(answer.content)

        self.measure(what, once, runs)

    def order(self, what: str, path: str) -> None:
        """A document that a worker makes, from asking for it to its last byte."""

        def once() -> int:
            page = self._pages.get(path, timeout=120)
            page.raise_for_status()
            place = page.url.path.rstrip("/")
            while not self._pages.get(f"{place}/state").json()["over"]:
                time.sleep(0.2)
            return len(self._pages.get(f"{place}/file", timeout=120).raise_for_status().content)

        self.measure(what, once, 1)

    def measure(self, what: str, once: Callable[[], int], runs: int = RUNS, goal_ms: int | None = None) -> None:
        took, size = [], 0
        for _ in range(runs):
            began = time.perf_counter()
            size = once()
            took.append(1_000 * (time.perf_counter() - began))
        row = {"what": what, "p50_ms": statistics.median(took), "worst_ms": max(took), "kB": size / 1_000}
        if goal_ms is not None:
            row["goal"] = f"{goal_ms} ms: {'held' if row['worst_ms'] <= goal_ms else 'missed'}"
        self.rows.append(row)
        print(report.table([row], COLUMNS).splitlines()[-1], flush=True)


def replacements() -> Iterator[dict[str, Any]]:
    """The whole long meeting, there and back."""
    words, revision = ("l", "ł"), 0
    while True:
        lines = [{"sequence": number, "revision": revision} for number in range(1, LONG_LINES + 1)]
        yield {"type": "replace", "find": words[0], "replacement": words[1], "lines": lines}
        words, revision = words[::-1], revision + 1


def read_everything(person: Person, code: str) -> list[report.Row]:
    reader = Reader(person)
    for words in SEARCHES:
        reader.read(f"search: {words}", "/search/", SEARCH_GOAL_MS, q=words)
    reader.read("home", "/")
    long = f"/m/{code}"
    reader.read("transcript of 5,000 lines", f"{long}/transcript/")
    reader.read("review page", f"{long}/review/")
    for number in (1, 2, 10):
        reader.read(f"its lines, page {number}", f"{long}/review/lines", **{"from": str(PAGE * (number - 1))})
    reader.change("replace in 5,000 lines", f"{long}/review/change", replacements(), 3)
    reader.read("insight of 5,000 lines", f"{long}/insight/")
    reader.read("minutes page of 5,000 lines", f"{long}/minutes/")
    for extension in ("txt", "vtt", "json"):
        reader.read(f"minutes.{extension} of 5,000 lines", f"{long}/minutes.{extension}")
    for extension in ("docx", "pdf"):
        reader.order(f"minutes.{extension} of 5,000 lines, by the worker", f"{long}/minutes.{extension}")
    return reader.rows


def administer(person: Person) -> list[report.Row]:
    reader = Reader(person)
    reader.read("admin: meetings", "/admin/meetings/meeting/")
    reader.read("admin: lines with “decision”", "/admin/meetings/segment/", q="decision")
    return reader.rows


def measure(folder: Path) -> list[report.Row]:
    with stores(folder / "stores") as urls:
        stack = Stack(new_database(urls["DATABASE_URL"]), urls["REDIS_URL"], folder, {"ENGINE": "scripted"})
        os.environ |= stack.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        import django

        django.setup()
        stack.prepare()
        try:
            stack.start_web()
            stack.start_worker()
            ada, root = Person(stack.base_url), Person(stack.base_url)
            ada.sign_up("Ada")
            root.sign_up("Root")
            promote("root@example.org")
            print(f"filling: {MEETINGS} meetings of {LINES} lines, one of {LONG_LINES}", flush=True)
            code = fill("ada@example.org")
            return read_everything(ada, code) + administer(root)
        finally:
            stack.stop()


def main() -> None:
    about = report.machine()
    with tempfile.TemporaryDirectory(prefix="bench-pages-") as scratch:
        Path(scratch).chmod(0o755)  # Postgres runs as a user of its own
        rows = measure(Path(scratch))
    settings = {"meetings": MEETINGS, "lines": LINES, "long_lines": LONG_LINES, "runs": RUNS}
    print(report.write("pages", {**about, "settings": settings}, rows, COLUMNS))


if __name__ == "__main__":
    main()
