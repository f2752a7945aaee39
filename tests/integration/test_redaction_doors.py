"""Hiding personal data on a real server with a scripted engine: every door, and all that is kept."""

import base64
import io
import json
import tempfile
import time
from pathlib import Path

import av
import httpx
import pytest
from websockets.sync.client import connect

from lingting.engines.fake import FakeEngine
from lingting.settings import Settings, load_settings

pytestmark = pytest.mark.integration

NEEDLE = "13800138000"
SAID = f"我叫王小明，电话{NEEDLE}。"
TAGGED = "我叫[姓名]，电话[电话]。"
BYTES_PER_SECOND = 32_000


@pytest.fixture(scope="module")
def settings() -> Settings:
    settings = load_settings()
    return settings.model_copy(update={"data_dir": Path(tempfile.mkdtemp(dir=settings.data_dir))})


@pytest.fixture(scope="module")
def http(open_live, settings):
    with (
        open_live(FakeEngine(lambda clip: SAID), settings) as live,
        httpx.Client(base_url=live.url, timeout=30.0) as client,
    ):
        yield client


def ask(http: httpx.Client, speech: bytes, **fields: object) -> dict:
    body = {"audio": base64.b64encode(speech).decode(), "format": "flac", "language": "zh", **fields}
    return http.post("/v1/asr", json=body).raise_for_status().json()


def test_an_answer_is_hidden_and_says_what_kinds(http, speech) -> None:
    answer = ask(http, speech, redact="tag", words=True)
    assert TAGGED in answer["transcript"]
    assert {gone["kind"] for gone in answer["redactions"]} == {"name", "phone"}
    assert NEEDLE not in json.dumps(answer, ensure_ascii=False)
    assert "王小明" not in json.dumps(answer, ensure_ascii=False)


def test_only_the_named_kinds_are_hidden(http, speech) -> None:
    answer = ask(http, speech, redact="mask", redact_kinds="phone")
    assert "我叫王小明，电话***********。" in answer["transcript"]


def test_the_cache_does_not_answer_with_what_was_hidden_otherwise(http, speech) -> None:
    assert NEEDLE in ask(http, speech)["transcript"]
    assert NEEDLE not in ask(http, speech, redact="tag")["transcript"]
    assert NEEDLE in ask(http, speech)["transcript"]


def test_history_keeps_what_was_answered(http, speech) -> None:
    answer = ask(http, speech, redact="tag", user="needle", cache=False)
    record = http.get(f"/v1/history/{answer['id']}").json()
    assert TAGGED in json.dumps(record, ensure_ascii=False)
    assert NEEDLE not in json.dumps(record, ensure_ascii=False)
    assert http.get("/v1/history", params={"q": NEEDLE, "user": "needle"}).json()["records"] == []


def test_tokens_open_again(http, speech) -> None:
    text = ask(http, speech, redact="token", redact_kinds="phone")["transcript"]
    token = text[text.index("⟦") : text.index("⟧") + 1]
    assert NEEDLE not in text
    opened = http.post("/v1/redaction/reveal", json={"tokens": [token]})
    assert opened.json() == {"texts": [NEEDLE]}
    acts = http.get("/v1/admin/audit").text
    assert "redaction.revealed" in acts
    assert NEEDLE not in acts


@pytest.mark.parametrize("tokens", [[], "x", [1], ["⟦PHONE:AAAAAAAAAAAAAAAAAAAAAAAAAAAA⟧"], ["⟦⟧"], ["x"] * 1_001])
def test_what_is_no_token_is_refused(http, tokens) -> None:
    answer = http.post("/v1/redaction/reveal", json={"tokens": tokens})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_option")


@pytest.mark.parametrize(
    ("field", "value"), [("redact", "some"), ("redact_kinds", "phone,shoe"), ("redact_kinds", ",")]
)
def test_unknown_wishes_are_refused(http, speech, field, value) -> None:
    fields = {"redact": "mask", field: value}
    body = {"audio": base64.b64encode(speech).decode(), "format": "flac", **fields}
    answer = http.post("/v1/asr", json=body)
    assert (answer.status_code, answer.json()["param"]) == (400, field)


def test_streamed_text_is_hidden(http, speech) -> None:
    files = {"file": ("a.flac", speech)}
    data = {"model": "whisper-1", "stream": "true", "language": "zh", "redact": "mask", "cache": "false"}
    answer = http.post("/v1/audio/transcriptions", data=data, files=files)
    assert "transcript.text.done" in answer.text
    assert NEEDLE not in answer.text
    assert "王小明" not in answer.text


def test_verbose_json_lists_what_was_hidden(http, speech) -> None:
    data = {"model": "whisper-1", "response_format": "verbose_json", "language": "zh", "redact": "tag"}
    answer = http.post("/v1/audio/transcriptions", data=data, files={"file": ("a.flac", speech)}).json()
    assert "phone" in [gone["kind"] for gone in answer["redactions"]]
    assert NEEDLE not in json.dumps(answer, ensure_ascii=False)


def pcm_of(speech: bytes) -> bytes:
    with av.open(io.BytesIO(speech)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
    return b"".join(frame.to_ndarray().tobytes() for frame in frames) + bytes(BYTES_PER_SECOND)


def stream(http: httpx.Client, speech: bytes, **config: object) -> list[dict]:
    """Everything that a native session says."""
    said = []
    with connect(f"ws://{http.base_url.host}:{http.base_url.port}/v1/asr/stream", proxy=None) as client:
        client.send(json.dumps({"type": "INIT", "config": {"language": "zh", "sample_rate": 16_000, **config}}))
        sound = pcm_of(speech)
        for start in range(0, len(sound), BYTES_PER_SECOND):
            client.send(sound[start : start + BYTES_PER_SECOND])
        client.send(json.dumps({"type": "END"}))
        for message in client:
            said.append(json.loads(message))
            if said[-1]["type"] in ("END", "CLOSED"):
                return said
    return said


def test_no_message_of_a_stream_shows_what_is_hidden(http, speech) -> None:
    said = stream(http, speech, redact="tag")
    finals = [message for message in said if message["type"] == "FINAL"]
    assert finals
    assert all(TAGGED in message["transcript"] for message in finals)
    assert {gone["kind"] for gone in finals[0]["redactions"]} == {"name", "phone"}
    assert NEEDLE not in json.dumps(said, ensure_ascii=False)
    assert "王小明" not in json.dumps(said, ensure_ascii=False)


def test_nothing_that_was_hidden_is_in_the_files_of_the_server(http, speech, settings) -> None:
    ask(http, speech, redact="mask", cache=False)
    stream(http, speech, redact="mask")
    for file in settings.data_dir.rglob("*"):
        if file.is_file():
            assert NEEDLE.encode() not in file.read_bytes()


def test_a_job_answers_with_what_is_hidden(http, speech) -> None:
    fields = {"language": "zh", "redact": "tag"}
    job = http.post("/v1/jobs", files={"file": ("a.flac", speech)}, data=fields).json()["job"]
    give_up = time.monotonic() + 20.0
    while http.get(f"/v1/jobs/{job['id']}").json()["job"]["state"] != "succeeded":
        assert time.monotonic() < give_up
        time.sleep(0.02)
    text = http.get(f"/v1/jobs/{job['id']}/result").text
    assert {each["kind"] for each in json.loads(text)["redactions"]}
    assert "[电话]" in text
    assert NEEDLE not in text


def test_a_room_shows_what_is_hidden(http, speech) -> None:
    room = http.post("/v1/rooms", json={"language": "zh"}).json()
    with connect(room["links"]["view"], proxy=None) as viewer:
        stream(http, speech, redact="tag", room=room["room"], room_token=room["publish_token"])
        shown = [viewer.recv(timeout=10.0)]
        while json.loads(shown[-1]) != {"type": "status", "live": False}:
            shown.append(viewer.recv(timeout=10.0))
    whole = "".join(shown)
    assert "[电话]" in whole
    assert NEEDLE not in whole


def test_openai_realtime_says_what_is_hidden(http, speech) -> None:
    wanted = {"language": "zh", "redact": "tag", "redact_kinds": ["phone", "name"]}
    sound = {"format": {"type": "audio/pcm", "rate": 16_000}, "transcription": wanted}
    said = []
    address = f"ws://{http.base_url.host}:{http.base_url.port}/v1/realtime?intent=transcription"
    with connect(address, proxy=None) as client:
        update = {"type": "session.update", "session": {"type": "transcription", "audio": {"input": sound}}}
        client.send(json.dumps(update))
        whole = pcm_of(speech)
        for start in range(0, len(whole), BYTES_PER_SECOND):
            audio = base64.b64encode(whole[start : start + BYTES_PER_SECOND]).decode()
            client.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
        while not said or not said[-1]["type"].endswith(("completed", "error", "failed")):
            said.append(json.loads(client.recv(timeout=20.0)))
    assert TAGGED in said[-1]["transcript"]
    assert NEEDLE not in json.dumps(said, ensure_ascii=False)


def test_a_server_that_insists_takes_no_less(open_live, speech) -> None:
    settings = load_settings()
    insisting = settings.redaction.model_copy(update={"mode": "mask", "required": True})
    with (
        open_live(FakeEngine(lambda clip: SAID), settings.model_copy(update={"redaction": insisting})) as live,
        httpx.Client(base_url=live.url, timeout=30.0) as http,
    ):
        assert NEEDLE not in ask(http, speech)["transcript"]
        body = {"audio": base64.b64encode(speech).decode(), "format": "flac"}
        for less in ({"redact": "off"}, {"redact": "token"}, {"redact_kinds": "name"}):
            assert http.post("/v1/asr", json={**body, **less}).status_code == 400
        assert NEEDLE not in json.dumps(stream(http, speech))


def test_a_correction_is_searched_as_the_settings_say(open_live, speech) -> None:
    settings = load_settings()
    tagging = settings.model_copy(update={"redaction": settings.redaction.model_copy(update={"mode": "tag"})})
    with (
        open_live(FakeEngine(lambda clip: "你好。"), tagging) as live,
        httpx.Client(base_url=live.url, timeout=30.0) as http,
    ):
        room = http.post("/v1/rooms", json={"language": "zh"}).json()
        stream(http, speech, room=room["room"], room_token=room["publish_token"])
        with connect(room["links"]["view"], proxy=None) as viewer:
            caption = json.loads(viewer.recv(timeout=10.0))["captions"][0]["id"]
        path = f"/v1/rooms/{room['room']}/captions/{caption}"
        http.put(path, params={"token": room["publish_token"]}, json={"text": SAID}).raise_for_status()
        with connect(room["links"]["view"], proxy=None) as viewer:
            assert json.loads(viewer.recv(timeout=10.0))["captions"][0]["text"] == TAGGED
