"""Where a transcriber's captions of a lobby's test go: to Redis, for the page that asked."""

from dataclasses import dataclass

from redis.exceptions import RedisError

from meetings.redis import redis_client
from meetings.soundcheck import KEPT_SECONDS, heard_key
from transcription.captions import Final, Gap, Partial, Settled
from transcription.errors import StoreUnavailable
from transcription.keeping import Piece
from transcription.streams import StreamInfo
from transcription.worker import CaptionSink, Claim


class SoundcheckSink:
    """A `CaptionSink` that remembers for a minute what was heard."""

    async def claim(self, stream: StreamInfo) -> Claim | None:
        return Claim(stream, 0, 0)

    async def partial(self, claim: Claim, partial: Partial) -> None:
        """The page waits for the final."""

    async def store(self, claim: Claim, caption: Final | Gap) -> None:
        if isinstance(caption, Final):
            await self._keep(claim, caption.text)

    async def settle(self, claim: Claim, settled: Settled) -> None:
        """A check whose transcriber died begins anew."""

    async def keep(self, claim: Claim, piece: Piece) -> None:
        """Nothing of a test is kept."""

    async def released(self, claim: Claim) -> None:
        try:
            await redis_client().set(f"{heard_key(claim.stream.stream_id)}:done", 1, ex=KEPT_SECONDS)
        except RedisError as error:
            raise StoreUnavailable(type(error).__name__) from error

    async def _keep(self, claim: Claim, text: str) -> None:
        key = heard_key(claim.stream.stream_id)
        try:
            async with redis_client().pipeline() as steps:
                steps.rpush(key, text)
                steps.expire(key, KEPT_SECONDS)
                await steps.execute()
        except RedisError as error:
            raise StoreUnavailable(type(error).__name__) from error


@dataclass(frozen=True, slots=True)
class SinkOfStream:
    """A `CaptionSink` that hands each stream to the one it belongs to."""

    meetings: CaptionSink
    checks: CaptionSink

    def _of(self, stream: StreamInfo) -> CaptionSink:
        return self.checks if stream.check else self.meetings

    async def claim(self, stream: StreamInfo) -> Claim | None:
        return await self._of(stream).claim(stream)

    async def partial(self, claim: Claim, partial: Partial) -> None:
        await self._of(claim.stream).partial(claim, partial)

    async def store(self, claim: Claim, caption: Final | Gap) -> None:
        await self._of(claim.stream).store(claim, caption)

    async def settle(self, claim: Claim, settled: Settled) -> None:
        await self._of(claim.stream).settle(claim, settled)

    async def keep(self, claim: Claim, piece: Piece) -> None:
        await self._of(claim.stream).keep(claim, piece)

    async def released(self, claim: Claim) -> None:
        await self._of(claim.stream).released(claim)
