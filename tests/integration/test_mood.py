"""Moods as callers ask for them: of a file, of split channels, of a stream, of a job, of text of their own."""

import base64
import json
import time

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from lingting.audio.decode import AudioSource, Decoder
from lingting.domain import SAMPLE_RATE_HZ
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

SAID = "太差了，我要投诉"


@pytest.fixture(scope="module")
def live(open_live):
    with open_live(FakeEngine(lambda _: SAID)) as running:
        yield running


def test_a_file_says_how_it_sounds(live, speech) -> None:
    files, data = {"file": ("a.flac", speech)}, {"language": "zh", "mood": "true"}
    data |= {"model": "whisper-1", "response_format": "verbose_json"}
    answer = httpx.post(f"{live.url}/v1/audio/transcriptions", files=files, data=data, timeout=30).json()
    assert answer["segments"][0]["mood"]["label"] == "negative"
    assert answer["mood"]["lowest"]["segment"] == 0


def test_nothing_is_said_of_moods_that_nobody_asked_for(live, speech) -> None:
    data = {"model": "whisper-1", "language": "zh", "response_format": "verbose_json"}
    answer = httpx.post(
        f"{live.url}/v1/audio/transcriptions", files={"file": ("a.flac", speech)}, data=data, timeout=30
    ).json()
    assert "mood" not in answer
    assert all("mood" not in segment for segment in answer["segments"])


def test_the_finals_of_a_stream_say_how_they_sound(live, speech) -> None:
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": {"encoding": "FLAC", "language": "zh", "mood": True}}))
        socket.send(speech)
        socket.send(json.dumps({"type": "END"}))
        messages = [json.loads(message) for message in socket]
    finals = [message for message in messages if message["type"] == "FINAL"]
    assert finals
    assert all(final["mood"]["label"] == "negative" for final in finals)
    assert messages[-1]["type"] == "END"
    course = messages[-1]["mood"]
    assert (course["label"], course["counts"]["negative"]) == ("negative", len(finals))
    assert course["lowest"]["segment"] in [final["segment"] for final in finals]


def test_the_result_of_a_job_says_how_it_sounds(live, speech) -> None:
    sent = httpx.post(
        f"{live.url}/v1/jobs", files={"file": ("a.flac", speech)}, data={"language": "zh", "mood": "true"}, timeout=30
    )
    job = sent.json()["job"]["id"]
    deadline = time.monotonic() + 30
    while httpx.get(f"{live.url}/v1/jobs/{job}").json()["job"]["state"] not in ("succeeded", "failed"):
        assert time.monotonic() < deadline, "the job did not end"
        time.sleep(0.05)
    result = httpx.get(f"{live.url}/v1/jobs/{job}/result?format=verbose_json").json()
    assert result["mood"]["label"] == "negative"


def test_a_conversation_in_text_says_how_each_voice_went(live) -> None:
    said = [("customer", "我等了三天还没有发货"), ("agent", "您好，请稍等"), ("customer", "thank you, that was quick")]
    body = {"segments": [{"speaker": speaker, "text": text} for speaker, text in said]}
    answer = httpx.post(f"{live.url}/v1/mood", json=body).json()
    assert [segment["mood"]["label"] for segment in answer["segments"]] == ["negative", "neutral", "positive"]
    assert [segment["language"] for segment in answer["segments"]] == ["zh", "zh", "en"]
    assert answer["mood"]["voices"]["customer"]["trend"] == "rising"
    assert answer["mood"]["turning_points"][0]["voice"] == "customer"


def test_the_lines_of_a_text_are_its_segments(live) -> None:
    answer = httpx.post(f"{live.url}/v1/mood", json={"text": "很满意\n\n太差了\n", "language": "zh"}).json()
    assert [segment["text"] for segment in answer["segments"]] == ["很满意", "太差了"]
    assert answer["mood"]["trend"] == "falling"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "segments"),
        ({"text": "a", "segments": []}, "segments"),
        ({"segments": []}, "segments"),
        ({"segments": "all"}, "segments"),
        ({"segments": [5]}, "segments[0]"),
        ({"segments": [{"text": 5}]}, "segments[0].text"),
        ({"segments": [{"text": "a", "speaker": "x" * 41}]}, "segments[0].speaker"),
        ({"segments": [{"text": "a", "start_seconds": -1}]}, "segments[0].start_seconds"),
        ({"segments": [{"text": "a"}] * 5_001}, "segments"),
        ({"text": "a" * 200_001}, "segments"),
        ({"text": "a", "language": "klingon"}, "language"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_wrong_conversation_is_refused_by_its_field(live, body, param) -> None:
    answer = httpx.post(f"{live.url}/v1/mood", json=body)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


def test_a_text_is_told_by_its_language(live) -> None:
    body = {"text": "请帮我 check 一下 email", "candidates": ["zh", "en"]}
    answer = httpx.post(f"{live.url}/v1/language", json=body).json()
    assert answer == {"status": "SUCCESS", "language": "zh", "probability": 0.625, "han_ratio": 0.625}


@pytest.mark.parametrize(("body", "param"), [({}, "text"), ({"text": "a", "candidates": "zh"}, "candidates")])
def test_a_wrong_question_of_language_is_refused_by_its_field(live, body, param) -> None:
    answer = httpx.post(f"{live.url}/v1/language", json=body)
    assert (answer.status_code, answer.json()["param"]) == (400, param)


def test_named_channels_are_the_voices_of_the_conversation(live, speech) -> None:
    with Decoder() as decoder, decoder.open(AudioSource(data=speech)) as opened:
        mono = np.concatenate([block[0] for block in opened])
    silent = np.zeros(len(mono), dtype=np.float32)
    stereo = np.stack([np.concatenate([mono, silent]), np.concatenate([silent, mono])], axis=1)
    body = {
        "audio": base64.b64encode(stereo.astype("<f4").tobytes()).decode(),
        "format": "f32le",
        "sample_rate": SAMPLE_RATE_HZ,
        "channels": 2,
        "language": "zh",
        "channel": "split",
        "channel_names": "agent, customer",
        "mood": True,
    }
    answer = httpx.post(f"{live.url}/v1/asr", json=body, timeout=30).json()
    assert list(answer["mood"]["voices"]) == ["agent", "customer"]
    assert {segment["speaker"] for segment in answer["segments"]} == {"agent", "customer"}


def test_names_without_split_channels_are_refused(live, speech) -> None:
    answer = httpx.post(f"{live.url}/asr", files={"audio": speech}, data={"channel_names": "agent"}, timeout=30)
    assert (answer.status_code, answer.json()["param"]) == (400, "channel_names")
