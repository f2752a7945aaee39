"""Text to speech through the door, by OpenAI's client, with voices that need nothing installed."""

import base64
import io
import json

import av
import httpx
import numpy as np
import pytest
from openai import BadRequestError, OpenAI

from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from lingting.speech.voices.fake import FAULT

pytestmark = pytest.mark.integration

TEXT = "Hello there, this is a test of a voice. It says two sentences."
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")


def settings_with(**voices: object):
    settings = load_settings()
    wanted = {"engines": ("fake",), **voices}
    return settings.model_copy(update={"speech": settings.speech.model_copy(update=wanted)})


@pytest.fixture(scope="module")
def server(open_live):
    with open_live(FakeEngine(), settings_with()) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def seconds_of(data: bytes, form: str) -> float:
    if form == "pcm":
        return len(data) / 2 / 24_000
    with av.open(io.BytesIO(data)) as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


def spoken(server, **fields: object) -> httpx.Response:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, **fields}
    return httpx.post(f"{server.url}/v1/audio/speech", json=body, timeout=30)


@pytest.mark.parametrize("form", FORMATS)
def test_the_client_streams_a_text_in_every_format(client, form) -> None:
    asking = client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format=form
    )
    with asking as answer:
        data = b"".join(answer.iter_bytes())
    assert seconds_of(data, form) == pytest.approx(len(TEXT) * 0.05, abs=0.3)


def test_without_a_format_the_answer_is_mp3(client) -> None:
    answer = client.audio.speech.create(model="tts-1", voice="nova", input="Hello.")
    assert answer.response.headers["content-type"] == "audio/mpeg"
    assert answer.response.headers["x-lingting-voice"] == "tone-en"
    assert seconds_of(answer.content, "mp3") > 0.2


def test_the_first_bytes_come_before_the_rest_is_made(client) -> None:
    asking = client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm"
    )
    with asking as answer:
        assert len([piece for piece in answer.iter_bytes() if piece]) > 1


def test_twice_the_speed_takes_half_the_time(server) -> None:
    slow, fast = (spoken(server, speed=speed, response_format="pcm").content for speed in (1, 2))
    assert len(slow) / len(fast) == pytest.approx(2.0, rel=0.02)


def test_the_language_of_the_text_picks_the_voice(server) -> None:
    answer = spoken(server, input="你好，世界。")
    assert (answer.headers["x-lingting-voice"], answer.headers["content-language"]) == ("tone-zh", "zh")


def test_events_carry_the_sound_and_then_the_usage(server) -> None:
    answer = spoken(server, stream_format="sse", response_format="pcm")
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert {event["type"] for event in events[:-1]} == {"speech.audio.delta"}
    assert events[-1] == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": len(TEXT), "output_tokens": 0, "total_tokens": len(TEXT)},
    }
    sound = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
    assert sound == spoken(server, response_format="pcm").content


def test_all_voices_are_as_loud(server) -> None:
    steps = np.frombuffer(spoken(server, response_format="pcm").content, "<i2") / 32_768
    assert np.sqrt(np.mean(np.square(steps))) == pytest.approx(0.1, rel=0.1)


def test_a_voice_that_fails_at_once_is_an_error_with_a_code(server) -> None:
    answer = spoken(server, input=FAULT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "engine_failed")


def test_a_voice_that_fails_later_ends_the_events_with_an_error(server) -> None:
    answer = spoken(server, input=f"This is a good sentence. This one is {FAULT}.", stream_format="sse")
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
    assert events[-1]["error"]["code"] == "engine_failed"


def test_a_voice_that_fails_later_leaves_the_file_without_its_end(server) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        spoken(server, input=f"This is a good sentence. This one is {FAULT}.", response_format="pcm")


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"voice": "nobody"}, "voice_not_found", "voice"),
        ({"voice": "tone-en", "input": "你好"}, "voice_not_found", "voice"),
        ({"input": "これはペンです"}, "voice_not_found", "voice"),
        ({"model": "whisper-1"}, "model_not_found", "model"),
        ({"model": None}, "invalid_option", "model"),
        ({"input": ""}, "invalid_option", "input"),
        ({"input": "…!?🙂"}, "invalid_option", "input"),
        ({"input": "a" * 4_097}, "invalid_option", "input"),
        ({"speed": 0.1}, "invalid_option", "speed"),
        ({"speed": 5}, "invalid_option", "speed"),
        ({"response_format": "wma"}, "unsupported_format", "response_format"),
        ({"stream_format": "smoke"}, "unsupported_format", "stream_format"),
        ({"language": "tlh"}, "unsupported_language", "language"),
    ],
)
def test_what_cannot_be_said_is_refused_in_words(server, fields, code, param) -> None:
    answer = spoken(server, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert answer.json()["error"]["param"] == param


def test_the_client_turns_a_refusal_into_its_own_exception(client) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.audio.speech.create(model="tts-1", voice="nobody", input="Hello.")
    assert refused.value.code == "voice_not_found"


def test_the_voices_are_listed(server) -> None:
    listed = httpx.get(f"{server.url}/v1/audio/voices").json()
    assert [voice["id"] for voice in listed["voices"]] == ["tone-en", "tone-zh"]
    assert "fake" in listed["models"]


def test_what_was_spoken_is_counted_and_what_was_known_is_not_made_again(server) -> None:
    for _ in range(2):
        spoken(server, input="Once more, with feeling.")
    metrics = httpx.get(f"{server.url}/metrics").text
    assert 'asr_speech_texts_total{engine="fake",outcome="said"}' in metrics
    assert float(metrics.split('asr_speech_phrases_total{outcome="hit"} ')[1].split()[0]) >= 1


def test_without_a_voice_the_answer_says_what_to_install(open_live) -> None:
    with open_live(FakeEngine(), settings_with(engines=())) as bare:
        answer = spoken(bare)
        assert httpx.get(f"{bare.url}/v1/audio/voices").json()["voices"] == []
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "voice_not_found")
    assert "pip install 'lingting[voices]'" in answer.json()["error"]["message"]


def test_the_voices_of_another_server_speak_here(server, open_live) -> None:
    remote = {"remote_url": f"{server.url}/v1", "remote_voices": ("tone-en",)}
    with open_live(FakeEngine(), settings_with(engines=("remote",), **remote)) as front:
        answer = spoken(front, voice="remote-tone-en", response_format="pcm")
        refused = spoken(front, voice="remote-tone-en", language="zh", input="你好")
    assert seconds_of(answer.content, "pcm") == pytest.approx(len(TEXT) * 0.05, abs=0.3)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "engine_failed")
