"""What a browser prefers comes to the recogniser with the microphone."""

import pytest
from redis.asyncio import Redis

from tests.people import Person
from tests.stack import Stack
from transcription.bus import AudioBus
from transcription.streams import StreamInfo


@pytest.mark.parametrize(
    ("header", "preferred"),
    [
        ("de-AT,de;q=0.9,en;q=0.7", ("de-at", "de", "en")),
        ("", ()),
        ("neither; one nor the other", ()),
        ("en," * 300, ("en",)),
        ("*, fr;q=0", ()),
    ],
)
async def test_a_stream_knows_the_languages_of_its_browser(
    site: Stack, code: str, header: str, preferred: tuple[str, ...]
) -> None:
    guest = Person(site.base_url, header)
    guest.join(code, "Grace")
    async with guest.audio(code) as audio:
        await audio.say(type="audio.start")
        stream_id = (await audio.expect("audio.ready"))["stream_id"]
    async with Redis.from_url(site.redis_url) as redis:
        info = await AudioBus(redis).info(stream_id)
    assert isinstance(info, StreamInfo)
    assert info.preferred_languages == preferred
