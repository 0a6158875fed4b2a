"""Rows 34 and 35: files that lead elsewhere, are huge when decoded, broken or no recording; and 20: a worker dies."""

import asyncio
import io
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import av
import httpx
import numpy as np
import psutil
import pytest
import soundfile

from tests.faults.figures import Figure, Figures, row, took
from tests.faults.site import Gathering, aside
from tests.live.uploading import finished, offer, state_of, transcript, wait_for
from tests.meetings.media import tone, write
from tests.people import Person
from transcription.engines.scripted import counter_frame

pytestmark = [pytest.mark.faults, pytest.mark.asyncio, pytest.mark.timeout(300)]
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 0\na=control:{address}\n"
MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S">
<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>{address}</BaseURL>
<SegmentList duration="9"><SegmentURL media="{address}"/></SegmentList></Representation></AdaptationSet></Period></MPD>
"""
LEADING_ELSEWHERE = {
    "m3u8": "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n{address}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile {address}\n",
    "sdp": SDP,
    "mpd": MPD,
}
PERMISSIVE = {"protocol_whitelist": "file,http,tcp", "allowed_extensions": "ALL"}
_names = count(1)


class Bait:
    """A file and an address that nobody may open; counts who does."""

    def __init__(self, folder: Path) -> None:
        self.hits = 0
        bait = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                bait.hits += 1
                self.send_error(404)

            def log_message(self, *arguments: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/bait.ts"
        self.path = folder / "bait.ts"
        self.path.write_bytes(b"the canary that nobody may read")
        os.utime(self.path, (0, self.path.stat().st_mtime))  # read before it was written: then reading is noted

    @property
    def was_read(self) -> bool:
        return self.path.stat().st_atime > 0

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def uploader(gathering: Gathering) -> Iterator[Person]:
    """Somebody with an account, while both workers run."""
    site = gathering.site
    site.stack.start_worker()
    site.stack.start_media_worker()
    person = Person(site.base_url)
    person.sign_up(f"Uploader {next(_names)}")
    yield person
    person.pages.close()


def outcomes(person: Person, files: dict[str, bytes]) -> dict[str, dict[str, object]]:
    """What became of each, and how the server answered its last chunk."""
    states = {}
    for name, content in files.items():
        path, answer = offer(person, content)
        states[name] = {**finished(person, path), "status": answer.status_code}
    return states


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program learns of a file it gave: a status, how the work ended where there was any, and why."""

    status: int
    ended: str
    reason: str


def submitted(base_url: str, token: str, name: str, content: bytes) -> Answer:
    """As a program does, under a name of its own choice."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=60) as program:
        answer = program.post("/v1/stt/jobs", files={"file": (name, content)})
        told = answer.json()
        if answer.status_code != httpx.codes.ACCEPTED:
            return Answer(answer.status_code, "", told["detail"])
        deadline = time.monotonic() + 60
        while (job := program.get(told["status_url"]).json())["status"] not in {"done", "failed"}:
            assert time.monotonic() < deadline, job
            time.sleep(0.3)
        return Answer(answer.status_code, job["status"], job["detail"])


@row(34, "uploads that lead elsewhere")
async def test_files_that_lead_elsewhere_lead_nowhere(gathering: Gathering, figures: Figures, tmp_path: Path) -> None:
    bait = Bait(tmp_path)
    containers = {
        f"{kind} to {address}": text.format(address=address).encode()
        for kind, text in LEADING_ELSEWHERE.items()
        for address in (bait.url, f"file://{bait.path}")
    }
    speaking = asyncio.create_task(gathering.speak(5.0))
    token = (await aside(lambda: gathering.site.backstage.ask("account")))["token"]
    named = [(f"talk.{extension}", content) for content in containers.values() for extension in ("m3u8", "wav", "mp4")]
    try:
        with uploader(gathering) as person:
            states = await aside(outcomes, person, containers)
            answers = [await aside(submitted, gathering.site.base_url, token, *file) for file in named]
        hits = bait.hits + bait.was_read
        for number, content in enumerate(containers.values()):
            (tmp_path / f"{number}.m3u8").write_bytes(content)
            with suppress(av.FFmpegError), av.open(str(tmp_path / f"{number}.m3u8"), options=PERMISSIVE) as container:
                list(container.demux())
        assert bait.hits
        assert bait.was_read  # where nothing is forbidden, the bait is taken
    finally:
        bait.close()
    await speaking
    counted = await gathering.finish()
    shown = {str(state["reason"]) for state in states.values()}
    figures.add(counted, Figure("hits", hits, 0), Figure("files", len(states) + len(answers)), shown=sorted(shown))
    assert all(state["stage"] == "Failed" and state["reason"] for state in states.values()), states
    assert {state["status"] for state in states.values()} == {answer.status for answer in answers} == {415}
    assert all(answer.reason for answer in answers)


@row(35, "uploads that are huge, broken or no recording")
async def test_uploads_that_are_huge_broken_or_no_recording_say_so(
    gathering: Gathering, figures: Figures, tmp_path: Path
) -> None:
    """While somebody speaks in a meeting."""
    chance = random.Random(gathering.seed)
    good = write(tmp_path / "good", "mp4", [tone(3.0, 440)]).read_bytes()
    broken = {
        "24 h of silence": await aside(day_of_silence, tmp_path / "day.flac"),
        "24 h that say so nowhere": undeclared((tmp_path / "day.flac").read_bytes()),
        "a truncated mp4": good[: len(good) // 2],
        "a document": b"%PDF-1.7 this is a document",
        "a picture": b"\x89PNG\r\n\x1a\n" + chance.randbytes(5_000),
        "noise": chance.randbytes(50_000),
    }
    mutated = {
        f"{extension} with mutations": damaged(write(tmp_path / extension, extension, [tone(3.0, 440)]), chance)
        for extension in ("mp3", "flac", "mp4", "mkv", "opus", "wav")
    }
    base_url, account = gathering.site.base_url, await aside(lambda: gathering.site.backstage.ask("account"))
    with uploader(gathering) as person, heaviest(gathering) as weights:
        speaking = asyncio.create_task(gathering.speak(20.0))
        states = await aside(outcomes, person, broken | mutated)
        answers = [await aside(submitted, base_url, account["token"], *file) for file in broken.items()]
        await speaking
    bad_requests = await aside(statuses_of_bad_requests, base_url, account["token"])
    counted = await gathering.finish()
    heaviest_mb = max(weights) / 1e6
    shown = {str(states[name]["reason"]) for name in broken}
    figures.add(counted, Figure("RSS", heaviest_mb, 512.0, "MB", bearable=512.0), Figure("files", len(states)),
                shown=sorted(shown))  # fmt: skip
    assert {name for name in broken if states[name]["stage"] != "Failed"} == set(), states
    assert all(states[name]["reason"] for name in broken)
    assert {name for name in broken if states[name]["status"] not in {413, 415, 422}} <= {"24 h that say so nowhere"}
    assert all(state["stage"] in {"Done", "Failed"} for state in states.values())
    assert all(one.reason and (one.status in {413, 415, 422} or one.ended == "failed") for one in answers), answers
    assert bad_requests == {"too large a file": 422, "too large a chunk": 413, "an empty file": 422, "no file": 415}


@row(20, "media worker kill -9 while it transcribes")
async def test_a_media_worker_that_dies_while_it_transcribes_leaves_one_result(
    gathering: Gathering, figures: Figures
) -> None:
    site = gathering.site
    await aside(lambda: site.start_scripted(speed=4, batch=1))
    content, words = recording(40.0)
    with uploader(gathering) as person:
        path, _ = await aside(offer, person, content)
        await aside(wait_for, person, path, "Transcribing")
        while not (await aside(state_of, person, path))["percent"]:
            await asyncio.sleep(0.1)
        site.stack.kill("media")
        killed = time.monotonic()
        assert not (await aside(state_of, person, path))["over"]
        await aside(site.stack.start_media_worker)
        state = await aside(finished, person, path)
        recovered = time.monotonic() - killed
        said = await aside(transcript, person, path, "txt")
    figures.add(await gathering.finish(), took(recovered, 90.0), shown=str(state["stage"]))
    assert state["stage"] == "Done"
    assert [int(word) for word in said.split() if word.isdigit() and int(word) in words] == words


def recording(seconds: float) -> tuple[bytes, list[int]]:
    """A file whose words are numbers beyond those of everybody else, and which they are."""
    frames = [20_000 + number for number in range(round(10 * seconds))]
    pcm = b"".join(counter_frame(0 if number % 40 > 30 else number) for number in frames)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.frombuffer(pcm, "<i2"), 16_000, format="WAV")
    return buffer.getvalue(), [number for number in frames if number % 40 <= 30]


def statuses_of_bad_requests(base_url: str, token: str) -> dict[str, int]:
    """What the API answers where it need not look into a file."""
    with httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as program:
        huge = program.post("/api/v1/recordings", json={"title": "Board", "size_bytes": 10**12})
        begun = program.post("/api/v1/recordings", json={"title": "Board", "size_bytes": 3_000_000}).json()
        chunk = program.put(f"/api/v1/recordings/{begun['id']}/chunks/0", content=bytes(2_500_000))
        program.post(f"/api/v1/recordings/{begun['id']}/cancel")
        empty = program.post("/v1/stt/jobs", files={"file": ("talk.wav", b"")})
        none = program.post("/v1/stt/jobs", json={"file": "talk.wav"})
    answers = {"too large a file": huge, "too large a chunk": chunk, "an empty file": empty, "no file": none}
    return {name: answer.status_code for name, answer in answers.items()}


def day_of_silence(path: Path) -> bytes:
    """24 h in a few megabytes."""
    minute = np.zeros(60 * 8_000, np.int16)
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16", format="FLAC", compression_level=0) as file:
        for _ in range(24 * 60):
            file.write(minute)
    return path.read_bytes()


def undeclared(flac: bytes) -> bytes:
    """The same without its number of samples: the lower half of byte 21 and the four bytes after it."""
    header = bytearray(flac[:26])
    header[21] &= 0xF0
    header[22:26] = bytes(4)
    return bytes(header) + flac[26:]


def damaged(path: Path, chance: random.Random) -> bytes:
    content = bytearray(path.read_bytes())
    for _ in range(max(20, len(content) // 200)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


@contextmanager
def heaviest(gathering: Gathering) -> Iterator[list[int]]:
    """Resident bytes of the worker that decodes, with its children, as it goes."""
    weights, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            with suppress(psutil.Error):
                weights.append(max(one.memory_info().rss for one in gathering.site.family("media")))

    thread = threading.Thread(target=watch)
    thread.start()
    yield weights
    stop.set()
    thread.join()
