"""What this process measures of itself, for /metrics, the room and the operators. No text, no names, no tokens."""

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from transcription.latency import STAGES, WHOLE, LatencyMeter, Source, Stage

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)

registry = CollectorRegistry()
latency = LatencyMeter(settings.ENVIRONMENT.latency_limit_ms)

_stage_seconds = Histogram(
    "transcription_latency_seconds",
    "Time of a stage of a caption's way",
    ["stage"],
    buckets=SECONDS,
    registry=registry,
)
_late_captions = Counter(
    "transcription_latency_violations", "Captions that came later than the limit", registry=registry
)
_batch_size = Histogram(
    "transcription_batch_size", "Windows decoded together", buckets=(1, 2, 4, 8, 16, 32, 64), registry=registry
)
_partials_dropped = Counter(
    "transcription_partials_dropped", "Partials replaced by a newer one before they were shown", registry=registry
)
lag_seconds = Gauge("transcription_lag_seconds", "How long a window waits for the engine", registry=registry)
streams = Gauge("transcription_streams", "Audio streams that this process transcribes", registry=registry)
sockets = Gauge("meeting_sockets", "Open WebSockets", ["kind"], registry=registry)
refusals = Counter("meeting_socket_refusals", "Sockets closed by the server", ["kind", "code"], registry=registry)
holes_filled = Counter(
    "meeting_sequence_holes_filled",
    "Numbered events read from the store as their hint was lost",
    registry=registry,
)
words_missed = Counter(
    "transcription_words_missed", "Times that somebody spoke for long and no words were found", registry=registry
)
tasks = Counter("meeting_tasks", "Background tasks that ended", ["task", "state"], registry=registry)
task_seconds = Histogram(
    "meeting_task_seconds",
    "Time of a background task",
    ["task"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
    registry=registry,
)
api_requests = Counter("meeting_api_requests", "Requests that the API answered", ["status"], registry=registry)
log_records = Counter("log_records", "Log records of warnings and errors", ["level", "logger"], registry=registry)
_by_stage = {stage: _stage_seconds.labels(stage) for stage in STAGES}  # looked up once: some come with every frame


class ProcessMeasures:
    """The `Measures` of this process's recogniser, sink and sockets."""

    def took(self, source: Source, stage: Stage, ms: float) -> None:
        latency.record(source, stage, ms)
        _by_stage[stage].observe(ms / 1_000)
        if stage == WHOLE and ms > latency.limit_ms:
            _late_captions.inc()

    def batch(self, size: int) -> None:
        _batch_size.observe(size)

    def partial_dropped(self) -> None:
        _partials_dropped.inc()


measures = ProcessMeasures()
