"""Traffic through the real nginx with the shipped configuration: TLS, sockets, events, uploads, limits, addresses."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
import httpx
import pytest

from certificates import Authority
from front_door import FrontDoor, free_port, front_door, placed
from grpc_client import Talk
from lingting.client import Ended, connect
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine, Gate
from lingting.grpc import SpeechStub
from lingting.settings import load_settings

pytestmark = pytest.mark.integration
WAIT_SECONDS = 60.0
OVER_THE_LIMIT_BYTES = load_settings().server.max_upload_bytes + 1
LONG_RECORDING = Path(__file__).parents[2] / "samples" / "en-long.ogg"
"""Of several pieces."""
CALLER = "127.0.0.2"
"""Another address of this machine than the proxy's."""


@dataclass
class House:
    """A server behind nginx."""

    door: FrontDoor
    trust: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.door.ports['443']}"

    @contextmanager
    def client(self, **options: object) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.url, verify=self.trust, timeout=WAIT_SECONDS, **options) as client:
            yield client


def place_front(folder: Path, ports: dict[str, int], authority: Authority) -> None:
    certificate, key = authority.server_files("127.0.0.1")
    files = {"/etc/nginx/tls/fullchain.pem": str(certificate), "/etc/nginx/tls/privkey.pem": str(key)}
    placed("lingting.conf", folder, ports, files)


@contextmanager
def housed(open_live, folder: Path, engine: FakeEngine) -> Iterator[House]:
    """A server that is told where its proxy is, and nginx in front of it."""
    settings = load_settings()
    grpc_port, ports, authority = free_port(), {}, Authority(folder)
    settings = settings.model_copy(
        update={
            "server": settings.server.model_copy(update={"trusted_proxies": ("127.0.0.1/32",)}),
            "grpc": settings.grpc.model_copy(update={"enabled": True, "port": grpc_port}),
        }
    )
    with open_live(engine, settings) as live:
        addresses = {"127.0.0.1:8000": f"127.0.0.1:{live.port}", "127.0.0.1:50051": f"127.0.0.1:{grpc_port}"}
        placed("upstream.conf", folder, ports, addresses)
        place_front(folder, ports, authority)
        with front_door(folder, ports) as door:
            yield House(door, ssl.create_default_context(cafile=str(authority.ca_file)))


@pytest.fixture(scope="module")
def house(open_live, tmp_path_factory) -> Iterator[House]:
    with housed(open_live, tmp_path_factory.mktemp("nginx"), FakeEngine()) as opened:
        yield opened


def test_a_recording_goes_through(house, speech) -> None:
    with house.client() as client:
        answer = client.post("/recognize", files={"file": ("a.flac", speech)})
    assert answer.status_code == 200
    assert "seconds of speech" in answer.json()["text"]
    assert answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("path", "code_of"),
    [
        ("/recognize", lambda body: body["code"]),
        ("/v1/audio/transcriptions", lambda body: body["error"]["code"]),
    ],
)
def test_an_upload_over_the_servers_limit_is_refused_in_its_form(house, path, code_of) -> None:
    with (
        socket.create_connection(("127.0.0.1", house.door.ports["443"]), timeout=WAIT_SECONDS) as plain,
        house.trust.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        head = f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {OVER_THE_LIMIT_BYTES}\r\n\r\n"
        wrapped.sendall(head.encode())
        answer = wrapped.recv(65_536)
        while not answer.endswith(b"}"):
            answer += wrapped.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert b"application/json" in head
    assert code_of(json.loads(body)) == "audio_too_large"


def test_the_limits_of_proxy_and_server_are_one(house) -> None:
    text = (house.door.folder / "lingting.conf").read_text()
    assert f"client_max_body_size {load_settings().server.max_upload_bytes >> 20}m;" in text
    assert f"client_body_timeout {load_settings().server.upload_idle_seconds:.0f}s;" in text


def test_an_upload_without_a_length_is_counted_by_the_server_as_it_comes(house, speech) -> None:
    with house.client() as client:
        answer = client.post(
            "/recognize",
            content=iter(
                [b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n', speech, b"\r\n--x--"]
            ),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
    assert answer.status_code == 200


def test_a_refusal_of_the_server_before_the_body_is_read_reaches_the_caller(house) -> None:
    body = b"\0" * (load_settings().server.max_json_bytes + 1)  # less than the proxy's bound
    with house.client() as client:
        answer = client.post("/v1/asr", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["code"] == "audio_too_large"
    assert "X-Request-ID" in answer.headers


def test_events_leave_before_the_last_is_made(open_live, tmp_path) -> None:
    gate = Gate()
    gate.let_through(2)  # the warm-up and the first piece
    engine = FakeEngine(gate=gate, capabilities=replace(FAKE_CAPABILITIES, max_batch=1))
    asked = {
        "files": {"file": LONG_RECORDING.read_bytes()},
        "data": {"model": "whisper-1", "stream": "true", "language": "en"},
    }
    with (
        housed(open_live, tmp_path, engine) as house,
        house.client() as client,
        client.stream("POST", "/v1/audio/transcriptions", **asked) as answer,
    ):
        lines = (line.removeprefix("data: ") for line in answer.iter_lines() if line)
        first = json.loads(next(lines))
        gate.let_through(100)  # only now is the rest recognised
        *_, last = [json.loads(line) for line in lines]
    assert first["type"] == "transcript.text.delta"
    assert last["type"] == "transcript.text.done"
    assert len(last["text"]) > len(first["delta"])


async def test_live_speech_goes_through_tls(house) -> None:
    async with connect(house.url.replace("https", "wss"), ssl=house.trust) as stream:
        await stream.send(b"\0\0" * 16_000)
        await stream.finish()
        events = [event async for event in stream]
    assert isinstance(events[-1], Ended)


async def test_captions_of_a_room_go_through_as_events(house) -> None:
    async with httpx.AsyncClient(base_url=house.url, verify=house.trust, timeout=WAIT_SECONDS) as client:
        links = (await client.post("/v1/rooms", json={})).json()["links"]
        assert links["events"].startswith(house.url)
        async with client.stream("GET", links["events"]) as answer:
            async with asyncio.timeout(WAIT_SECONDS):
                line = await anext(aiter(answer.aiter_lines()))
    assert line


def test_grpc_goes_through_tls(house) -> None:
    authority = (house.door.folder / "ca.pem").read_bytes()
    trust = grpc.ssl_channel_credentials(root_certificates=authority)
    with grpc.secure_channel(f"127.0.0.1:{house.door.ports['443']}", trust) as channel:
        call = Talk(SpeechStub(channel))
        call.begin()
        call.say(end={})
        assert call.rest()[-1][1].reason == "finished"


def test_the_callers_address_reaches_the_audit_log_and_what_callers_claim_does_not(house) -> None:
    marked = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "claimed"}
    with house.client(transport=httpx.HTTPTransport(verify=house.trust, local_address=CALLER)) as client:
        request_id = client.get("/v1/me", headers=marked).headers["X-Request-ID"]
        rows = client.get("/v1/admin/audit").json()["rows"]
    addresses = {row["address"] for row in rows if row.get("request_id") == request_id}
    assert addresses == {CALLER}


def test_metrics_are_not_for_strangers(house) -> None:
    with house.client() as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/healthz").status_code == 200


def test_a_call_without_tls_is_sent_on_with_its_method(house) -> None:
    answer = httpx.post(f"http://127.0.0.1:{house.door.ports['80']}/recognize")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://127.0.0.1/recognize"


@pytest.fixture
def alone(tmp_path) -> Iterator[tuple[FrontDoor, ssl.SSLContext]]:
    """nginx with nothing behind it."""
    ports, authority = {}, Authority(tmp_path)
    placed("upstream.conf", tmp_path, ports, {"127.0.0.1:8000": f"127.0.0.1:{free_port()}"})
    place_front(tmp_path, ports, authority)
    with front_door(tmp_path, ports) as door:
        yield door, ssl.create_default_context(cafile=str(authority.ca_file))


def test_a_server_that_is_away_is_told_in_the_form_of_the_path(alone) -> None:
    door, trust = alone
    with httpx.Client(base_url=f"https://127.0.0.1:{door.ports['443']}", verify=trust) as client:
        ours, openais = client.get("/v1/me"), client.get("/v1/models")
    assert (ours.status_code, openais.status_code) == (503, 503)
    assert ours.headers["Retry-After"] == "5"
    assert ours.json()["retryable"] is True
    assert openais.json()["error"]["type"] == "server_error"


def test_too_many_calls_from_one_address_are_told_when_to_come_back(alone) -> None:
    answers = _asked_at_once(*alone, "/v1/me", calls=300)
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 429")]
    assert 0 < len(refused) < len(answers)
    assert b"Retry-After: 1\r\n" in refused[0]
    assert json.loads(refused[0].partition(b"\r\n\r\n")[2])["code"] == "rate_limited"


def test_probes_are_not_counted(alone) -> None:
    answers = _asked_at_once(*alone, "/healthz", calls=300)
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 503 Service Temporarily Unavailable"}


def _asked_at_once(door: FrontDoor, trust: ssl.SSLContext, path: str, *, calls: int) -> list[bytes]:
    """The same call so many times in one write, so that no slow client spares the limit."""
    call = f"GET {path} HTTP/1.1\r\nHost: test\r\n"
    with (
        socket.create_connection(("127.0.0.1", door.ports["443"]), timeout=WAIT_SECONDS) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall((f"{call}\r\n" * (calls - 1) + f"{call}Connection: close\r\n\r\n").encode())
        received = bytearray()
        while piece := wrapped.recv(65_536):
            received += piece
    return [b"HTTP/1.1 " + answer for answer in bytes(received).split(b"HTTP/1.1 ")[1:]]


def test_no_key_in_an_address_is_in_the_proxys_log(house) -> None:
    with house.client() as client:
        client.get("/v1/me?api_key=ltk_secret")
    log = house.door.log("access.log")
    assert "/v1/me" in log
    assert "ltk_secret" not in log
