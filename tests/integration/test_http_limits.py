"""Limits at the door, callers who are slow or gone, and files that are made to do harm."""

import asyncio
import base64
import json
import socket
import threading

import httpx
import pytest

from hostile import hostile_files
from lingting.engines.fake import FakeEngine, Gate
from lingting.settings import load_settings
from lingting.testing import silence, wav_bytes

pytestmark = pytest.mark.integration
WAIT_SECONDS = 30.0
HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


def raw_request(port: int, body: bytes, *, length: int | None = None) -> socket.socket:
    """Send a request and this much of its body."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
    head = (
        "POST /recognize HTTP/1.1\r\nHost: test\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {length or len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def answer_of(connection: socket.socket) -> tuple[int, dict[str, object]]:
    received = b""
    while part := connection.recv(65_536):
        received += part
        head, _, body = received.partition(b"\r\n\r\n")
        length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        if length and len(body) >= int(length[0].split(b":")[1]):
            return int(head.split()[1]), json.loads(body)
    raise AssertionError(f"the server hung up after {received[:200]!r}")


def in_hand(server) -> int:
    text = httpx.get(f"{server.url}/metrics", timeout=WAIT_SECONDS).text
    line = next(line for line in text.splitlines() if line.startswith("asr_requests_in_hand "))
    return int(float(line.split()[1])) - 1  # the question itself


def wait_until(is_so) -> None:
    for _ in range(3_000):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise TimeoutError


@pytest.fixture
def small(open_live, change_server):
    with open_live(FakeEngine(), change_server(max_upload_bytes=200_000, max_json_bytes=100_000)) as server:
        yield server


def test_a_declared_size_over_the_limit_is_refused_before_the_body(small) -> None:
    with raw_request(small.port, HEAD, length=10**12) as connection:
        status, body = answer_of(connection)
    assert (status, body["code"]) == (413, "audio_too_large")
    assert "200000" in str(body["message"])


def test_an_undeclared_size_is_counted_while_it_arrives(small) -> None:
    def pieces():
        yield HEAD
        for _ in range(100):
            yield bytes(10_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{small.url}/recognize", content=pieces(), headers=headers, timeout=WAIT_SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (413, "audio_too_large")


def test_json_has_a_limit_of_its_own(small) -> None:
    body = {"audio": base64.b64encode(bytes(150_000)).decode()}
    answer = httpx.post(f"{small.url}/v1/asr", json=body, timeout=WAIT_SECONDS)
    assert (answer.status_code, answer.json()["code"]) == (413, "audio_too_large")
    assert httpx.get(f"{small.url}/healthz").status_code == 200


def test_an_upload_that_stops_is_ended_and_holds_nobody_up(open_live, change_server, speech) -> None:
    with (
        open_live(FakeEngine(), change_server(upload_idle_seconds=0.5)) as server,
        raw_request(server.port, HEAD + b"RIFF", length=1_000_000) as stalled,
    ):
        quick = httpx.post(f"{server.url}/recognize", files={"file": speech}, timeout=WAIT_SECONDS)
        assert quick.status_code == 200
        status, body = answer_of(stalled)
    assert (status, body["code"]) == (408, "upload_stalled")


def test_health_answers_while_requests_fill_the_engine(open_live, speech) -> None:
    gate = Gate()
    gate.let_through()  # the warm-up
    with open_live(FakeEngine(gate=gate)) as server:

        async def crowd() -> tuple[list[int], list[int]]:
            async with httpx.AsyncClient(base_url=server.url, timeout=WAIT_SECONDS) as client:
                waiting = [asyncio.create_task(client.post("/recognize", files={"file": speech})) for _ in range(16)]
                await asyncio.to_thread(wait_until, lambda: in_hand(server) == 16)
                alive = [(await client.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")]
                gate.let_through(100)
                return alive, [answer.status_code for answer in await asyncio.gather(*waiting)]

        alive, answers = asyncio.run(crowd())
    assert alive == [200] * 3
    assert answers == [200] * 16


def test_one_request_too_many_is_told_when_to_come_back(open_live, change_server, speech) -> None:
    gate = Gate()
    gate.let_through()
    with open_live(FakeEngine(gate=gate), change_server(max_requests=1)) as server:
        first = threading.Thread(
            target=httpx.post, args=(f"{server.url}/recognize",), kwargs={"files": {"file": speech}, "timeout": 60}
        )
        first.start()
        gate.wait_for_arrival()  # the warm-up
        gate.wait_for_arrival()
        native = httpx.post(f"{server.url}/recognize", files={"file": speech}, timeout=WAIT_SECONDS)
        data = {"model": "whisper-1"}
        openai = httpx.post(f"{server.url}/v1/audio/transcriptions", files={"file": speech}, data=data)
        gate.let_through(100)
        first.join()
    assert (native.status_code, native.json()["code"], native.json()["retryable"]) == (429, "overloaded", True)
    assert int(native.headers["retry-after"]) >= 1
    assert openai.status_code == 429
    assert openai.json()["error"]["type"] == "rate_limit_exceeded"
    assert int(openai.headers["retry-after-ms"]) >= 1


WARM_UP_CLIPS = 1
ANEW = {"cache": "false"}
"""The same recording again and again is recognised again and again."""


def clips_computed(engine: FakeEngine) -> int:
    return sum(len(batch.clips) for batch in engine.computed)


def clips_of_one(server, speech: bytes, engine: FakeEngine) -> int:
    """How many clips one request for this recording costs."""
    before = clips_computed(engine)
    answer = httpx.post(f"{server.url}/recognize", files={"file": speech}, data=ANEW, timeout=WAIT_SECONDS)
    answer.raise_for_status()
    return clips_computed(engine) - before


@pytest.mark.parametrize("stream", ["false", "true"])
def test_a_caller_who_leaves_takes_the_work_along(open_live, speech, stream) -> None:
    gate = Gate()
    gate.let_through()
    engine = FakeEngine(gate=gate)
    with open_live(engine) as server:
        gate.wait_for_arrival()  # the warm-up
        asked = {"files": {"file": speech}, "data": ANEW, "timeout": 60}
        blocker = threading.Thread(target=httpx.post, args=(f"{server.url}/recognize",), kwargs=asked)
        blocker.start()
        gate.wait_for_arrival()
        data = {"model": "whisper-1", "stream": stream, **ANEW}
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{server.url}/v1/audio/transcriptions", files={"file": speech}, data=data, timeout=1.0)
        wait_until(lambda: in_hand(server) == 1)
        gate.let_through(100)
        blocker.join()
        wait_until(lambda: in_hand(server) == 0)
        assert clips_computed(engine) - WARM_UP_CLIPS == clips_of_one(server, speech, engine)


def test_a_caller_who_leaves_while_sending_is_no_error_of_ours(live) -> None:
    with raw_request(live.port, HEAD + bytes(1_000), length=1_000_000):
        wait_until(lambda: in_hand(live) == 1)
    wait_until(lambda: in_hand(live) == 0)
    text = httpx.get(f"{live.url}/metrics").text
    assert 'asr_requests_total{door="/recognize",outcome="499"} 1.0' in text


HOSTILE = dict(hostile_files())


@pytest.fixture(scope="module")
def besieged(open_live):
    """A server that takes a minute of audio, so that refusing the endless ones is quick."""
    settings = load_settings()
    decode = settings.decode.model_copy(update={"max_seconds": 60.0})
    with open_live(FakeEngine(), settings.model_copy(update={"decode": decode})) as server:
        yield server


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_one_coded_error(besieged, name) -> None:
    answer = httpx.post(f"{besieged.url}/recognize", files={"file": (name, HOSTILE[name])}, timeout=WAIT_SECONDS)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["code"] in {"audio_undecodable", "audio_too_long", "audio_too_large", "invalid_option"}


def test_the_server_works_after_all_of_them(besieged, speech) -> None:
    assert httpx.get(f"{besieged.url}/readyz").status_code == 200
    answer = httpx.post(f"{besieged.url}/recognize", files={"file": speech}, timeout=WAIT_SECONDS)
    assert "seconds of speech" in answer.json()["text"]
    assert httpx.post(f"{besieged.url}/asr", files={"audio": wav_bytes(silence(1))}).json() == {"text": ""}
