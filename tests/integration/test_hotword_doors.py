"""Hotwords as callers ask for them: for a file, a stream and a job, by list and by pack."""

import base64
import json
import time

import httpx
import pytest
from websockets.sync.client import connect

from lingting.domain import Hypothesis, Word
from lingting.engines.base import Clip
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

HEARD, MEANT = "患者高雪压三年", "患者高血压三年"


def doubtful(clip: Clip) -> Hypothesis:
    """What was heard, none of it surely; with words only where they are asked for, as engines do."""
    words = tuple(Word(text, i * 0.1, i * 0.1 + 0.1, 0.4) for i, text in enumerate(HEARD))
    return Hypothesis(HEARD, "zh", words=words if clip.options.word_times else ())


@pytest.fixture(scope="module")
def live(open_live):
    with open_live(FakeEngine(doubtful)) as running:
        yield running


def asr(live, speech, **fields: object) -> httpx.Response:
    body = {"audio": base64.b64encode(speech).decode(), "format": "flac", "language": "zh", "cache": False} | fields
    return httpx.post(f"{live.url}/v1/asr", json=body, timeout=30)


def openai(live, speech, **data: object) -> httpx.Response:
    data = {"model": "whisper-1", "language": "zh", "response_format": "verbose_json"} | data
    return httpx.post(f"{live.url}/v1/audio/transcriptions", files={"file": ("a.flac", speech)}, data=data, timeout=30)


@pytest.mark.parametrize(
    "fields",
    [{"hotwords": "高血压:2, stent"}, {"hotwords": ["高血压"]}, {"hotwords": [{"text": "高血压", "weight": 3}]}],
)
def test_a_list_corrects_a_file_and_the_correction_is_reported(live, speech, fields) -> None:
    answer = asr(live, speech, **fields).json()
    assert MEANT in answer["transcript"]
    made = answer["segments"][0]["corrections"][0]
    assert (made["heard"], made["written"], made["pack"]) == ("高雪压", "高血压", None)
    assert made["end"] > made["start"]
    assert "words" not in answer["segments"][0]


def test_a_pack_corrects_a_file_and_is_named(live, speech) -> None:
    segments = asr(live, speech, hotword_packs=["medical"], words=True).json()["segments"]
    assert segments[0]["corrections"][0]["pack"] == "medical"
    assert "".join(word["word"] for word in segments[0]["words"]) == segments[0]["text"]


def test_nothing_is_corrected_unasked(live, speech) -> None:
    answer = asr(live, speech).json()
    assert HEARD in answer["transcript"]
    assert "corrections" not in answer["segments"][0]


def test_the_plain_form_and_openais_keywords_do_the_same(live, speech) -> None:
    form = {"hotwords": "高血压", "language": "zh"}
    plain = httpx.post(f"{live.url}/asr", files={"audio": ("a.flac", speech)}, data=form, timeout=30)
    assert MEANT in plain.json()["text"]
    verbose = openai(live, speech, **{"keywords[]": ["高血压", "stent"]}).json()
    assert verbose["segments"][0]["corrections"][0]["written"] == "高血压"


@pytest.mark.parametrize(
    ("fields", "param", "reason"),
    [
        ({"hotword_packs": "boat"}, "hotword_packs", "use some of car, customer_service, medical"),
        ({"hotword_packs": 3}, "hotword_packs", "neither a text nor a list"),
        ({"hotwords": ["ok", "血压:99"]}, "hotwords", "entry 2: weight 99.0 is outside 0.1 to 10"),
        ({"hotwords": ["w"] * 1_001}, "hotwords", "more than 1000 words"),
        ({"hotwords": 3}, "hotwords", "neither a text nor a list"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(live, speech, fields, param, reason) -> None:
    answer = asr(live, speech, **fields)
    assert answer.status_code == 400
    assert reason in answer.text
    assert param in answer.text


def test_what_is_hidden_shows_in_no_correction(live, speech) -> None:
    answer = asr(live, speech, hotwords="高血压", redact="mask")
    assert answer.json()["segments"][0]["corrections"]
    assert "高雪压" not in answer.text


def test_the_packs_are_listed(live) -> None:
    packs = httpx.get(f"{live.url}/v1/hotwords", timeout=30).json()["packs"]
    assert [pack["pack"] for pack in packs] == ["car", "customer_service", "medical"]
    assert all(pack["words"] > 100 for pack in packs)


def streamed(live, speech, **config: object) -> list[dict]:
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": {"encoding": "FLAC", "language": "zh"} | config}))
        socket.send(speech)
        socket.send(json.dumps({"type": "END"}))
        return [json.loads(message) for message in socket]


def test_a_streams_finals_are_corrected_and_say_so(live, speech) -> None:
    finals = [each for each in streamed(live, speech, hotword_packs="medical") if each["type"] == "FINAL"]
    assert finals
    for final in finals:
        assert final["transcript"].startswith(MEANT)
        assert final["corrections"][0]["written"] == "高血压"
        assert final["start_ms"] <= final["corrections"][0]["start_ms"] < final["corrections"][0]["end_ms"]


def test_a_stream_with_an_unknown_pack_is_refused_at_once(live) -> None:
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": {"hotword_packs": ["boat"]}}))
        answer = json.loads(socket.recv())
    assert (answer["type"], answer["param"]) == ("ERROR", "hotword_packs")


def test_a_running_stream_takes_another_list(live, speech) -> None:
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": {"encoding": "FLAC", "language": "zh"}}))
        socket.send(json.dumps({"type": "CONFIG", "config": {"hotwords": {"高血压": 2}}}))
        socket.send(speech)
        socket.send(json.dumps({"type": "END"}))
        messages = [json.loads(message) for message in socket]
    assert any(each["type"] == "CONFIGURED" for each in messages)
    assert all(each["transcript"].startswith(MEANT) for each in messages if each["type"] == "FINAL")


def test_a_job_keeps_its_hotwords_and_reports_its_corrections(live, speech) -> None:
    data = {"language": "zh", "hotwords": "高血压", "hotword_packs": "medical"}
    sent = httpx.post(f"{live.url}/v1/jobs", files={"file": ("a.flac", speech)}, data=data, timeout=30)
    job = sent.json()["job"]["id"]
    deadline = time.monotonic() + 30
    while httpx.get(f"{live.url}/v1/jobs/{job}").json()["job"]["state"] not in ("succeeded", "failed"):
        assert time.monotonic() < deadline, "the job did not end"
        time.sleep(0.05)
    segments = httpx.get(f"{live.url}/v1/jobs/{job}/result").json()["segments"]
    assert segments[0]["corrections"][0]["written"] == "高血压"


def test_an_answer_with_hotwords_is_no_answer_without(live, speech) -> None:
    corrected = asr(live, speech, cache=True, hotwords="高血压").json()
    plain = asr(live, speech, cache=True).json()
    again = asr(live, speech, cache=True, hotwords="高血压").json()
    assert (plain["cached"], again["cached"]) == (False, True)
    assert plain["transcript"] != corrected["transcript"]
    assert again["segments"] == corrected["segments"]


def test_a_key_has_packs_of_its_own_until_a_request_names_others(open_live, speech) -> None:
    with open_live(FakeEngine(doubtful)) as own:
        admin = httpx.post(f"{own.url}/v1/admin/keys", json={"scopes": ["admin"]}, timeout=30).json()["key"]
        headers = {"Authorization": f"Bearer {admin}"}
        wish = {"hotword_packs": ["medical"]}
        made = httpx.post(f"{own.url}/v1/admin/keys", json=wish, headers=headers, timeout=30).json()
        assert made["hotword_packs"] == ["medical"]
        headers = {"Authorization": f"Bearer {made['key']}"}
        body = {"audio": base64.b64encode(speech).decode(), "format": "flac", "language": "zh"}
        usual = httpx.post(f"{own.url}/v1/asr", json=body, headers=headers, timeout=30).json()
        other = httpx.post(
            f"{own.url}/v1/asr", json=body | {"hotword_packs": "none"}, headers=headers, timeout=30
        ).json()
    assert usual["segments"][0]["corrections"][0]["pack"] == "medical"
    assert HEARD in other["transcript"]
