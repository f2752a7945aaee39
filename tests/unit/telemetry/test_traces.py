"""Spans: nothing while nobody listens; names, codes and numbers when somebody does."""

import asyncio
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.telemetry import traces
from lingting.telemetry.traces import TraceSettings, begin, exporting_traces, here, outgoing_headers, part, record, span

pytestmark = pytest.mark.unit

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


@pytest.fixture
def kept() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    with traces.tracing_to(SimpleSpanProcessor(exporter)) as stop:
        yield exporter
        stop()


def by_name(kept: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {made.name: made for made in kept.get_finished_spans()}


def test_without_a_collector_a_span_is_nothing() -> None:
    with span("request", door="/v1/asr") as spent:
        spent.set(status=200)
        assert (traces.trace_id(), here(), outgoing_headers()) == (None, None, {})
    record("engine.batch", None, ago_seconds=1.0, seconds=1.0)


def test_what_happens_inside_is_part_of_it_also_in_other_tasks(kept) -> None:
    async def inner() -> None:
        with span("inner"):
            pass

    async def outer() -> None:
        with span("outer"):
            await asyncio.create_task(inner())

    asyncio.run(outer())
    made = by_name(kept)
    assert made["inner"].parent is not None
    assert made["inner"].parent.span_id == made["outer"].context.span_id


def test_a_callers_trace_is_continued_and_handed_on(kept) -> None:
    with span("request", kind="server", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}):
        assert traces.trace_id() == TRACE
        assert outgoing_headers()["traceparent"].startswith(f"00-{TRACE}-")
    (made,) = kept.get_finished_spans()
    assert (f"{made.parent.span_id:016x}", made.kind) == (PARENT, SpanKind.SERVER)


def test_a_broken_traceparent_begins_a_trace_of_its_own(kept) -> None:
    with span("request", headers={"traceparent": "00-nonsense"}):
        pass
    assert kept.get_finished_spans()[0].parent is None


def test_a_caller_that_does_not_sample_is_not_sampled(kept) -> None:
    with span("request", headers={"traceparent": f"00-{TRACE}-{PARENT}-00"}):
        pass
    assert kept.get_finished_spans() == ()


def test_no_trace_begins_here_at_a_ratio_of_zero() -> None:
    exporter = InMemorySpanExporter()
    with traces.tracing_to(SimpleSpanProcessor(exporter), TraceSettings(sample_ratio=0.0)), span("request"):
        pass
    assert exporter.get_finished_spans() == ()


def test_an_error_is_told_by_its_code_and_not_by_its_message(kept) -> None:
    with pytest.raises(InvalidOption), span("request"):
        raise InvalidOption("language", "said something private")
    (made,) = kept.get_finished_spans()
    assert (made.status.status_code, made.status.description) == (StatusCode.ERROR, "invalid_option")
    assert "private" not in made.to_json()


def test_a_strangers_error_is_told_by_its_type(kept) -> None:
    with pytest.raises(ValueError, match="private"), span("request"):
        int("something private")
    (made,) = kept.get_finished_spans()
    assert made.status.description == "ValueError"
    assert "private" not in made.to_json()


async def test_being_cancelled_is_no_error(kept) -> None:
    async def work() -> None:
        with span("request"):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert kept.get_finished_spans()[0].status.status_code is StatusCode.UNSET


def test_work_that_is_over_is_told_with_its_own_times(kept) -> None:
    with span("request"):
        place = here()
    record("engine.batch", place, ago_seconds=3.0, seconds=2.0, clips=4)
    made = by_name(kept)
    batch = made["engine.batch"]
    assert batch.parent.span_id == made["request"].context.span_id
    assert batch.end_time - batch.start_time == pytest.approx(2e9)
    assert batch.attributes["clips"] == 4


def test_a_part_of_nothing_begins_no_trace(kept) -> None:
    with part("database.read"):
        pass
    with span("request"), part("database.read"):
        pass
    assert [made.name for made in kept.get_finished_spans()] == ["database.read", "request"]


def test_a_span_that_is_begun_by_hand_has_no_children(kept) -> None:
    with span("request"):
        decoding = begin("decode")
        with span("cache"):
            pass
        decoding.end()
    made = by_name(kept)
    assert made["cache"].parent.span_id == made["request"].context.span_id
    assert made["decode"].parent.span_id == made["request"].context.span_id


async def test_a_collector_without_the_extra_stops_the_start(monkeypatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SettingsInvalid, match=r"lingting\[tracing\]"):
        async with exporting_traces(TraceSettings(endpoint="http://127.0.0.1:1/v1/traces")):
            pass
