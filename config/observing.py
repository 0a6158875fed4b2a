"""Errors to Sentry, traces to an OpenTelemetry collector: for operators who run one, off unless its address is set.

Neither is sent what was said, by whom or from where: no bodies, headers, cookies, addresses or local variables.
"""

import os
from typing import Any

from config.environment import Environment
from transcription.log_ids import bound

KEPT = {"http.method", "http.request.method", "http.scheme", "url.scheme", "http.flavor", "network.protocol.version"}


def observe(environment: Environment, process: str) -> None:
    """Call once in each process, before Django's handler is made."""
    if environment.sentry_dsn:
        _report_errors(environment.sentry_dsn, process)
    if environment.otel_exporter_otlp_endpoint:
        _trace(process)


# ── Errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _report_errors(dsn: str, process: str) -> None:
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn,
        server_name=process,
        integrations=[DjangoIntegration(), CeleryIntegration()],
        auto_enabling_integrations=False,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=discreet,
    )


def discreet(event: Any, _hint: Any) -> Any:
    """What happened and where in the code, with our ids; the address of a page holds a join code."""
    request = event.pop("request", {})
    event.pop("user", None)
    event["request"] = {"method": request.get("method", "")}
    event["tags"] = {**event.get("tags", {}), **bound()}
    return event


# ── Traces ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _trace(process: str) -> None:
    """The exporter reads the other variables of the specification itself, such as OTEL_EXPORTER_OTLP_HEADERS."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "transcription")
    provider = TracerProvider(resource=Resource.create({"service.name": f"{name}-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(request_hook=forget_address)
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


def forget_address(span: Any, _request: Any) -> None:
    """Of what is known of a request before it is answered, only how it was made."""
    for name in set(span.attributes or {}) - KEPT:
        span.set_attribute(name, "")
