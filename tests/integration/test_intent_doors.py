"""Commands as callers ask for them: of a text, a file, a stream and a job."""

import json
import time

import httpx
import pytest
from websockets.sync.client import connect

from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

SAID = "把空调调到二十六度"


@pytest.fixture(scope="module")
def live(open_live):
    with open_live(FakeEngine(lambda _: SAID)) as running:
        yield running


def asked(live, **body: object) -> httpx.Response:
    return httpx.post(f"{live.url}/v1/intents", json=body, timeout=30)


def transcribed(live, speech, **data: str) -> httpx.Response:
    data = {"model": "whisper-1", "language": "zh", "response_format": "verbose_json"} | data
    return httpx.post(f"{live.url}/v1/audio/transcriptions", files={"file": ("a.flac", speech)}, data=data, timeout=30)


def test_a_text_is_answered_with_its_intent_and_slots(live) -> None:
    answer = asked(live, text=SAID, pack="car").json()
    assert answer["intent"] == "climate.set_temperature"
    assert answer["slots"]["temperature"] == {"type": "temperature", "value": 26, "text": "二十六度"}


def test_a_text_that_asks_for_nothing_is_answered_with_none(live) -> None:
    assert asked(live, text="我们开会讨论一下", pack="car").json()["intent"] is None


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"pack": "car"}, "text"),
        ({"text": "hi"}, "pack"),
        ({"text": "hi", "pack": "boat"}, "pack"),
        ({"text": "x" * 301, "pack": "car"}, "text"),
        ({"text": "hi", "pack": "car", "language": "fr"}, "language"),
        ({"text": "hi", "pack": "car", "threshold": 2}, "threshold"),
    ],
)
def test_a_wrong_field_is_named(live, body, param) -> None:
    answer = asked(live, **body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param if "error" in answer.json() else param in answer.text


def test_the_packs_are_listed(live) -> None:
    packs = httpx.get(f"{live.url}/v1/intents", timeout=30).json()["packs"]
    assert [pack["pack"] for pack in packs] == ["car", "desktop", "home"]


def test_a_file_tells_what_its_segments_ask_for(live, speech) -> None:
    found = transcribed(live, speech, intents="car").json()["intents"]
    assert [each["intent"] for each in found] == ["climate.set_temperature"] * len(found)
    assert found


def test_a_pack_that_is_not_there_is_refused_before_the_work(live, speech) -> None:
    answer = transcribed(live, speech, intents="boat")
    assert answer.status_code == 400
    assert "car, desktop, home" in answer.text


def test_a_stream_tells_the_command_beside_its_final(live, speech) -> None:
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": {"encoding": "FLAC", "language": "zh", "intents": "car"}}))
        socket.send(speech)
        socket.send(json.dumps({"type": "END"}))
        messages = [json.loads(message) for message in socket]
    kinds = [message["type"] for message in messages]
    at = kinds.index("INTENT")
    assert kinds[at - 1] == "FINAL"
    assert messages[at]["segment"] == messages[at - 1]["segment"]
    assert messages[at]["slots"]["temperature"]["value"] == 26


def test_a_stream_with_an_unknown_pack_is_refused_at_once(live) -> None:
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": {"intents": "boat"}}))
        answer = json.loads(socket.recv())
    assert (answer["type"], answer["param"]) == ("ERROR", "intents")


def test_the_result_of_a_job_tells_its_commands(live, speech) -> None:
    sent = httpx.post(f"{live.url}/v1/jobs", files={"file": ("a.flac", speech)}, data={"language": "zh"}, timeout=30)
    job = sent.json()["job"]["id"]
    deadline = time.monotonic() + 30
    while httpx.get(f"{live.url}/v1/jobs/{job}").json()["job"]["state"] not in ("succeeded", "failed"):
        assert time.monotonic() < deadline, "the job did not end"
        time.sleep(0.05)
    result = httpx.get(f"{live.url}/v1/jobs/{job}/result?intents=car").json()
    assert result["intents"][0]["intent"] == "climate.set_temperature"
