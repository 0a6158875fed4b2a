"""`python -m bench [--model base] [--gpu] [--runs 3] [--seconds 60] [--speakers 1 2 4 8]`: table, JSON and plots."""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path

from bench import offline, report, voices
from bench.memory import mb_per_added_speaker
from bench.screen import Delays, measure
from bench.stages import StageTimes
from bench.streaming import EngineAlone, Source, Take, stream
from bench.through_redis import redis_path
from tests.speech import Voice, word_count, word_error_rate
from transcription.recogniser import Recogniser, RecogniserSettings


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.device = "cuda" if options.gpu else "cpu"
        self.yardstick = offline.load(options.model, self.device)
        self.runs: list[list[report.Row]] = []
        self.stages = StageTimes()
        self.noises: report.Row = {}
        self.memory = 0.0
        self.encode_before = 0.0

    def add(self, name: str, spoken: list[Voice], take: Take) -> None:
        """Figures over all speakers together."""
        encode_after = offline.encode_seconds(self.yardstick)
        delays, wrong, wrong_offline, words = Delays(), 0.0, 0.0, 0
        for voice in spoken:
            heard = offline.hear(self.yardstick, voice)
            delays.add(measure(take.screens[voice.name], heard))
            count = word_count(voice.text)
            words += count
            wrong += count * word_error_rate(voice.text, take.screens[voice.name].text)
            wrong_offline += count * word_error_rate(voice.text, " ".join(word.text for word in heard))
        row: report.Row = {"run": name, "speakers": len(spoken), **delays.figures()}
        row |= {"wer": wrong / max(1, words), "wer_offline": wrong_offline / max(1, words)}
        row["cpu_per_audio_second"] = take.cpu_seconds / take.audio_seconds
        row |= self.stages.figures()
        row["encode_30s"] = (self.encode_before + encode_after) / 2
        self.runs[-1].append(row)
        print(report.table([row]).splitlines()[-1], flush=True)

    async def run(self) -> None:
        settings = RecogniserSettings(model=self.options.model, device=self.device)
        recogniser = Recogniser(settings, self.stages)
        await recogniser.start()
        try:
            print(report.table([]), flush=True)
            for _ in range(self.options.runs):
                self.runs.append([])
                await self.once(recogniser)
            await self.noise(recogniser)
            self.memory = await mb_per_added_speaker(recogniser, voices.continuous(1, self.options.seconds)[0])
        finally:
            await recogniser.close()

    async def once(self, recogniser: Recogniser) -> None:
        await self.baseline()
        for speakers in self.options.speakers:
            await self.live(f"{speakers} talking", voices.continuous(speakers, self.options.seconds), recogniser)
        await self.live("meeting", voices.meeting("eight-3min", 2 * self.options.seconds), recogniser)
        await self.redis(recogniser)

    async def baseline(self) -> None:
        [voice] = voices.continuous(1, self.options.seconds)
        self.encode_before = offline.encode_seconds(self.yardstick)
        screen, cpu = await offline.loop(self.yardstick, voice)
        self.add("baseline loop", [voice], Take({voice.name: screen}, cpu, voice.seconds))

    async def live(self, name: str, spoken: list[Voice], recogniser: Recogniser) -> None:
        source: Source = EngineAlone(recogniser)
        await self.take(name, source, spoken)

    async def take(self, name: str, source: Source, spoken: list[Voice]) -> None:
        self.encode_before = offline.encode_seconds(self.yardstick)
        self.add(name, spoken, await stream(source, spoken))

    async def noise(self, recogniser: Recogniser) -> None:
        """Ten streams in which nobody speaks."""
        sounds = voices.nothing_said(10, self.options.seconds)
        take = await stream(EngineAlone(recogniser), sounds)
        invented = {name: screen.text for name, screen in take.screens.items() if screen.text}
        self.noises = {
            "minutes": round(take.audio_seconds / 60, 1),
            "invented_words": sum(word_count(text) for text in invented.values()),
            "invented": invented,
            "cpu_per_audio_second": round(take.cpu_seconds / take.audio_seconds, 4),
        }
        print(f"noise: {self.noises}", flush=True)

    async def redis(self, recogniser: Recogniser) -> None:
        from config.launch.valkey import Valkey

        spoken = voices.continuous(1, self.options.seconds)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            private = None if os.environ.get("REDIS_URL") else Valkey(Path(folder))
            if private:
                private.start()
            try:
                url = private.url if private else os.environ["REDIS_URL"]
                async with redis_path(url, recogniser) as source:
                    await self.take("1 through Redis", source, spoken)
            finally:
                if private:
                    private.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--gpu", action="store_true", help="on a GPU, large-v3-turbo, up to 64 speakers")
    parser.add_argument("--model")
    parser.add_argument("--runs", type=int, default=3, help="whose medians are written")
    parser.add_argument("--seconds", type=float, default=60.0, help="of speech in each run")
    parser.add_argument("--speakers", type=int, nargs="*")
    options = parser.parse_args()
    options.model = options.model or ("large-v3-turbo" if options.gpu else "base")
    options.speakers = options.speakers or ([1, 2, 4, 8, 16, 32, 64] if options.gpu else [1, 2, 4, 8])
    about = report.machine() | {"model": options.model, "seconds": options.seconds, "runs": options.runs}
    bench = Bench(options)
    asyncio.run(bench.run())
    rows = report.medians(bench.runs)
    about |= {"noise": bench.noises, "mb_per_added_speaker": bench.memory}
    about |= {"times_better_than_baseline": report.beside_baseline(rows)}
    name = f"{Path(options.model).name}-{'gpu' if options.gpu else 'cpu'}"
    print("\n" + report.table(rows) + "\n")
    print(f"beside the baseline: {about['times_better_than_baseline']}\nnoise: {bench.noises}")
    print(f"MB per added speaker: {bench.memory}")
    print(f"written: {report.write(name, about, rows, each=bench.runs)}")
    talking = [row for row in rows if str(row["run"]).endswith("talking")]
    lines = {
        figure: [(row["speakers"], row[figure]) for row in talking] for figure in ("seen_p50", "seen_p95", "final_p95")
    }
    report.plot(report.PLOTS / f"{name}-speakers.svg", "Delay by speakers who talk at once (s)", "speakers", lines)
    lines = {
        stage: [(row["speakers"], row[figure]) for row in talking]
        for stage, figure in (("queue", "queue_p95_ms"), ("inference", "inference_p95_ms"), ("VAD", "vad_p95_ms"))
    }
    report.plot(report.PLOTS / f"{name}-stages.svg", "95 % of decodes take at most (ms)", "speakers", lines)


if __name__ == "__main__":
    main()
