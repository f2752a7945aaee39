"""A request's spans reach a collector, over OTLP, with the parts that its time went to."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from lingting.engines.fake import FakeEngine
from lingting.settings import Settings, load_settings

pytestmark = pytest.mark.integration

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
DEADLINE_SECONDS = 30.0


class Collector:
    """A server that takes OTLP over HTTP and keeps the spans."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.services: set[str] = set()
        kept = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                kept.take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector")
        self._thread.start()

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {item.value.string_value for item in resource.resource.attributes if "name" in item.key}
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def telling(url: str) -> Settings:
    settings = load_settings()
    return settings.model_copy(update={"tracing": settings.tracing.model_copy(update={"endpoint": url})})


def test_a_request_is_told_with_its_parts(collector, open_live, speech: bytes) -> None:
    with open_live(FakeEngine(), telling(collector.url)) as live:
        answer = httpx.post(
            f"{live.url}/recognize",
            files={"file": ("patient-file.flac", speech)},
            headers={"traceparent": f"00-{TRACE}-{PARENT}-01"},
            timeout=DEADLINE_SECONDS,
        )
        assert answer.status_code == httpx.codes.OK
    mine = [span for span in collector.spans if span.trace_id.hex() == TRACE]
    request = next(span for span in mine if span.name == "POST /recognize")
    assert request.parent_span_id.hex() == PARENT
    assert request.kind == Span.SPAN_KIND_SERVER
    parts = {"auth", "cache", "decode", "engine.queue", "engine.batch", "history", "database.write"}
    assert parts <= {span.name for span in mine}
    assert "lingting" in collector.services
    attributes = {item.key: item.value for item in request.attributes}
    assert attributes["http.route"].string_value == "/recognize"
    assert attributes["http.response.status_code"].int_value == httpx.codes.OK
    assert attributes["request_id"].string_value == answer.headers["X-Request-ID"]


def test_nothing_that_was_said_or_named_is_told(collector, open_live, speech: bytes) -> None:
    with open_live(FakeEngine(), telling(collector.url)) as live:
        files = {"file": ("patient-file.flac", speech)}
        said = httpx.post(f"{live.url}/recognize", files=files, timeout=DEADLINE_SECONDS).json()["text"]
    everything = b"".join(collector.bodies)
    assert said.encode() not in everything
    assert b"patient-file" not in everything


def test_probes_are_not_told(collector, open_live) -> None:
    with open_live(FakeEngine(), telling(collector.url)) as live:
        httpx.get(f"{live.url}/healthz")
        httpx.get(f"{live.url}/v1/models")
    names = {span.name for span in collector.spans}
    assert "GET /v1/models" in names
    assert names <= {"GET /v1/models", "auth", "database.read", "database.write"}


def test_a_collector_that_is_away_disturbs_nobody(open_live, speech: bytes) -> None:
    with open_live(FakeEngine(), telling("http://127.0.0.1:9/v1/traces")) as live:
        answer = httpx.post(f"{live.url}/recognize", files={"file": speech}, timeout=DEADLINE_SECONDS)
    assert answer.status_code == httpx.codes.OK
