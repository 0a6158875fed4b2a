"""Where audio comes from: a file of any format, or the microphone. PCM16 LE mono at 16 kHz, 100 ms a chunk."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from transcribe_client.errors import ClientError, Exit

RATE = 16_000
CHUNK_SAMPLES = RATE // 10
LATE_SECONDS = 1.0  # that a file may be behind its pace and catch up
CHUNK_BYTES = 2 * CHUNK_SAMPLES
MAX_WAITING = 600  # chunks of the microphone that nobody took yet: a minute


async def from_file(path: Path, speed: float) -> AsyncIterator[bytes]:
    """The file's first sound track, at most `speed` times as fast as it was spoken. Raises ClientError."""
    clock = asyncio.get_running_loop()
    due = clock.time()
    for chunk in _decoded(path):
        await asyncio.sleep(max(0.0, due - clock.time()))
        yield chunk
        due += CHUNK_SAMPLES / RATE / speed
        due = max(due, clock.time() - LATE_SECONDS)  # who had to wait for the server does not hurry after that


def _decoded(path: Path) -> Iterator[bytes]:
    try:
        import av
        from av.audio.resampler import AudioResampler
    except ImportError:
        raise ClientError(Exit.NO_AUDIO, "reading files needs PyAV: pip install av") from None
    waiting = b""
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ClientError(Exit.NO_AUDIO, f"{path} has no sound track")
            resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
            for frame in (*container.decode(audio=0), None):
                waiting += b"".join(bytes(part.planes[0])[: 2 * part.samples] for part in resampler.resample(frame))
                while len(waiting) >= CHUNK_BYTES:
                    yield waiting[:CHUNK_BYTES]
                    waiting = waiting[CHUNK_BYTES:]
    except (OSError, av.FFmpegError) as error:
        raise ClientError(Exit.NO_AUDIO, f"{path} cannot be read as audio: {type(error).__name__}") from error
    if waiting:
        yield waiting


async def from_microphone() -> AsyncIterator[bytes]:
    """The system's default microphone, until the caller stops. Raises ClientError."""
    try:
        import sounddevice
    except (ImportError, OSError):  # OSError: PortAudio itself is missing
        raise ClientError(
            Exit.NO_AUDIO, "the microphone needs sounddevice and PortAudio: pip install sounddevice"
        ) from None
    loop = asyncio.get_running_loop()
    heard: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)

    def note(data: bytes, *_: object) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, bytes(data))

    try:
        microphone = sounddevice.RawInputStream(
            samplerate=RATE, channels=1, dtype="int16", blocksize=CHUNK_SAMPLES, callback=note
        )
    except sounddevice.PortAudioError as error:
        raise ClientError(Exit.NO_AUDIO, f"the microphone cannot be opened: {error}") from error
    with microphone:
        while True:
            yield await heard.get()
