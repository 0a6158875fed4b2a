"""`manage.py transcribe`: one transcriber with one engine, until it is told to stop."""

import asyncio
import logging
import signal
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from meetings.measures import lag_seconds, measures, streams
from meetings.redis import audio_bus
from meetings.services import measurements, transcribers
from meetings.sink import MeetingSink
from meetings.soundcheck_sink import SinkOfStream, SoundcheckSink
from transcription.engines.base import RemoteServer
from transcription.errors import BusUnavailable, ModelUnavailable
from transcription.recogniser import Recogniser, RecogniserSettings
from transcription.worker import Transcriber, WorkerSettings

logger = logging.getLogger(__name__)
REPORT_SECONDS = 2.0
HANG_SECONDS = 10.0  # a decode that takes longer is killed


class Command(BaseCommand):
    help = "Turns the audio of live meetings into captions. Start one per GPU, or one per machine without a GPU."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            asyncio.run(_serve())
        except ModelUnavailable as error:
            raise CommandError(str(error)) from error


async def _serve() -> None:
    environment = settings.ENVIRONMENT
    recogniser = Recogniser(_recogniser_settings(), measures)
    limits = WorkerSettings(max_streams=environment.max_streams, lease_ms=environment.lease_seconds * 1_000)
    transcriber = Transcriber(audio_bus(), recogniser, SinkOfStream(MeetingSink(), SoundcheckSink()), limits)
    reporting = asyncio.create_task(_report(transcriber, recogniser), name="report")
    try:
        await recogniser.start()
        logger.info("ready: %s", recogniser.description)
        await _until_told_to_stop(transcriber)
    finally:
        reporting.cancel()
        with suppress(RedisError):
            await transcribers.withdraw(transcriber.name)
            await measurements.withdraw("transcriber")
        await recogniser.close()


def _recogniser_settings() -> RecogniserSettings:
    environment = settings.ENVIRONMENT
    server = RemoteServer(environment.openai_base_url, environment.openai_api_key, environment.openai_timeout_seconds)
    return RecogniserSettings(
        engine=environment.engine,
        model=environment.model,
        device=environment.device,
        compute_type=environment.compute_type,
        threads=environment.decode_threads,
        server=server,
        hang_seconds=server.longest_seconds if environment.engine == "openai" else HANG_SECONDS,
    )


async def _until_told_to_stop(transcriber: Transcriber) -> None:
    running = asyncio.create_task(transcriber.run(), name="transcriber")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with suppress(asyncio.CancelledError):
        await running


async def _report(transcriber: Transcriber, recogniser: Recogniser) -> None:
    while True:
        sheet = transcribers.TranscriberReport(
            at=time.time(),
            condition=recogniser.condition,
            lag_ms=recogniser.lag_ms,
            streams=transcriber.stream_count,
            description=recogniser.description,
        )
        lag_seconds.set(sheet.lag_ms / 1_000)
        streams.set(sheet.streams)
        with suppress(RedisError, BusUnavailable):
            await transcribers.report(transcriber.name, sheet)
            await measurements.report("transcriber")
        await asyncio.sleep(REPORT_SECONDS)
