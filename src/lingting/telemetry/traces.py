"""Spans: where the time of one request, session or job went, told to a collector by OpenTelemetry.

The only module that imports OpenTelemetry, and only once a collector is named; until then a span is nothing and costs
next to nothing. Promises: attributes are names, codes and numbers, never text, audio, keys or users; an exception is
told by its code; a collector that is away slows nobody.
"""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from lingting.domain.errors import LingtingError, SettingsInvalid

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

__all__ = [
    "Span",
    "TraceSettings",
    "begin",
    "exporting_traces",
    "here",
    "outgoing_headers",
    "part",
    "record",
    "span",
    "trace_id",
    "tracing_to",
]

EXPORT_SECONDS = 3.0
"""For one message to the collector with its repeats; stopping waits no longer."""
EXTRA = "opentelemetry.exporter.otlp.proto.http"
Value = str | int | float | bool
Kind = Literal["internal", "server", "client", "consumer"]


@dataclass(frozen=True, slots=True)
class TraceSettings:
    """Where spans go."""

    endpoint: str | None = None
    """OTLP over HTTP, such as http://localhost:4318/v1/traces; None makes no spans."""
    sample_ratio: float = 1.0
    """The part of the traces begun here that is kept; a caller's own decision is followed."""
    service_name: str = "lingting"


class Span(Protocol):
    """A piece of work that is being timed."""

    def set(self, **attributes: Value) -> None:
        """Names, codes and numbers only."""
        ...

    def rename(self, name: str) -> None: ...

    def fail(self, code: str) -> None:
        """The work ended in this error."""
        ...

    def end(self) -> None:
        """Only of a span from `begin`."""
        ...


class _Nothing:
    """A span where nobody listens."""

    def set(self, **attributes: Value) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def fail(self, code: str) -> None:
        pass

    def end(self) -> None:
        pass


_NOTHING = _Nothing()
_tracer: Tracer | None = None


def span(
    name: str, *, kind: Kind = "internal", headers: Mapping[str, str] | None = None, **attributes: Value
) -> AbstractContextManager[Span]:
    """Time a block; what is begun inside it, also in tasks that it makes, is part of it.

    headers    of the request that caused it; continues the trace that `traceparent` names
    """
    if _tracer is None:
        return nullcontext(_NOTHING)
    return _current(_tracer, name, kind, headers, attributes)


def part(name: str) -> AbstractContextManager[Span]:
    """Time a block if it is part of a trace; what nobody asked for, such as upkeep, begins none."""
    return nullcontext(_NOTHING) if here() is None else span(name)


def begin(name: str, **attributes: Value) -> Span:
    """Begin a span that is ended by hand and that nothing else becomes part of; for work that runs beside other."""
    if _tracer is None:
        return _NOTHING
    return _Real(_tracer.start_span(name, attributes=attributes, record_exception=False, set_status_on_exception=False))


def here() -> object:
    """The place in the trace, to hand to `record` on another thread or task; None outside of a trace."""
    if _tracer is None:
        return None
    from opentelemetry import context, trace

    return context.get_current() if trace.get_current_span().get_span_context().is_valid else None


def record(name: str, place: object, *, ago_seconds: float, seconds: float, **attributes: Value) -> None:
    """Tell of work that is over: it began `ago_seconds` before this moment and took `seconds`.

    place    from `here`, where it was asked for
    """
    if _tracer is None or place is None:
        return
    began_ns = time.time_ns() - int(ago_seconds * 1e9)
    made = _tracer.start_span(name, context=cast("Context", place), start_time=began_ns, attributes=attributes)
    made.end(began_ns + int(seconds * 1e9))


def outgoing_headers() -> dict[str, str]:
    """What a request to others carries, so that their spans become part of the trace."""
    carrier: dict[str, str] = {}
    if _tracer is not None:
        _propagator().inject(carrier)
    return carrier


def trace_id() -> str | None:
    """Of the trace in hand, for log lines; None outside of one."""
    if _tracer is None:
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


@asynccontextmanager
async def exporting_traces(settings: TraceSettings) -> AsyncIterator[None]:
    """Send spans to the collector that the settings name, as long as the block lasts.

    raises    SettingsInvalid when the extra is not installed
    """
    if settings.endpoint is None:
        yield
        return
    if importlib.util.find_spec("opentelemetry.sdk") is None or importlib.util.find_spec(EXTRA) is None:
        raise SettingsInvalid(
            "tracing.endpoint is set, but OpenTelemetry is not installed: pip install 'lingting[tracing]'",
            param="tracing.endpoint",
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.endpoint, timeout=EXPORT_SECONDS))
    with tracing_to(processor, settings) as stop:
        try:
            yield
        finally:
            await asyncio.to_thread(stop)


@contextmanager
def tracing_to(processor: SpanProcessor, settings: TraceSettings = TraceSettings()) -> Iterator[Any]:  # Any: a callable
    """Give every span of this process to a processor; yields what flushes and stops it."""
    global _tracer  # noqa: PLW0603 - as with logs, there is one place in a process where spans go
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
        resource=Resource.create({"service.name": settings.service_name, "service.version": version("lingting")}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(processor)
    before, _tracer = _tracer, provider.get_tracer("lingting", version("lingting"))
    try:
        yield provider.shutdown
    finally:
        _tracer = before


class _Real:
    """A span of OpenTelemetry."""

    def __init__(self, inner: OtelSpan) -> None:
        self._inner = inner

    def set(self, **attributes: Value) -> None:
        self._inner.set_attributes(attributes)

    def rename(self, name: str) -> None:
        self._inner.update_name(name)

    def fail(self, code: str) -> None:
        from opentelemetry.trace import StatusCode

        self._inner.set_status(StatusCode.ERROR, code)
        self._inner.set_attribute("error.type", code)

    def end(self) -> None:
        self._inner.end()


@contextmanager
def _current(
    tracer: Tracer, name: str, kind: Kind, headers: Mapping[str, str] | None, attributes: Mapping[str, Value]
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind

    parent = _propagator().extract(headers) if headers is not None else None
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=SpanKind[kind.upper()],
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as inner:
        made = _Real(inner)
        try:
            yield made
        except LingtingError as error:
            made.fail(error.code)
            raise
        except Exception as error:
            made.fail(type(error).__name__)
            raise


def _propagator() -> Any:  # Any: OpenTelemetry is an extra
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()
