"""The text steps as callers ask for them: fields of a request, of a stream and of the settings, over a real server."""

import json

import httpx
import pytest
from websockets.sync.client import connect

from lingting.api.ws.native.native_config import Config, read_config
from lingting.domain.errors import InvalidOption
from lingting.engines.fake import FakeEngine
from lingting.testing import silence, wav_bytes

pytestmark = pytest.mark.integration

SAID = "今天一共来了二十三个人你们知道吗用了iPhone"
ANSWERS = [
    ({}, "今天一共来了二十三个人你们知道吗？用了iPhone。"),
    ({"punctuation": "off"}, SAID),
    ({"punctuation": "off", "itn": "true"}, SAID.replace("二十三", "23")),
    ({"itn": "true", "spacing": "spaced"}, "今天一共来了 23 个人你们知道吗？用了 iPhone。"),
]


@pytest.fixture(scope="module")
def live(open_live):
    with open_live(FakeEngine(lambda _: SAID)) as running:
        yield running


@pytest.mark.parametrize(("fields", "text"), ANSWERS, ids=lambda value: str(value)[:24])
def test_a_request_chooses_its_steps(live, speech, fields, text) -> None:
    data = {"language": "zh", **fields}
    answer = httpx.post(f"{live.url}/asr", files={"audio": speech}, data=data, timeout=30).json()
    assert text in answer["text"]


@pytest.mark.parametrize("door", ["/v1/audio/transcriptions", "/recognize"])
def test_every_door_takes_the_same_fields(live, speech, door) -> None:
    data = {"model": "whisper-1", "language": "zh", "itn": "true", "punctuation": "off"}
    answer = httpx.post(f"{live.url}{door}", files={"file": ("a.flac", speech)}, data=data, timeout=30).json()
    assert "来了23个人" in answer["text"]


@pytest.mark.parametrize("field", ["itn", "spacing", "punctuation"])
def test_a_wrong_wish_is_refused_by_its_name(live, field) -> None:
    files = {"audio": wav_bytes(silence(1))}
    answer = httpx.post(f"{live.url}/asr", files=files, data={field: "perhaps"}, timeout=30)
    assert answer.status_code == 400
    assert (answer.json()["code"], answer.json()["param"]) == ("invalid_option", field)


def test_a_stream_chooses_its_steps(live, speech) -> None:
    config = {"encoding": "FLAC", "language": "zh", "itn": True, "punctuation": "off"}
    with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        socket.send(json.dumps({"type": "INIT", "config": config}))
        socket.send(speech)
        socket.send(json.dumps({"type": "END"}))
        messages = [json.loads(message) for message in socket]
    finals = {message["transcript"] for message in messages if message["type"] == "FINAL"}
    assert finals == {SAID.replace("二十三", "23")}


def test_settings_decide_for_those_who_do_not_say(open_live, change_server, speech) -> None:
    settings = change_server()
    recognition = settings.recognition.model_copy(update={"itn": True})
    with open_live(FakeEngine(lambda _: SAID), settings.model_copy(update={"recognition": recognition})) as running:
        for data, number in (({}, "23"), ({"itn": "false"}, "二十三")):
            fields = {"language": "zh", **data}
            answer = httpx.post(f"{running.url}/asr", files={"audio": speech}, data=fields, timeout=30).json()
            assert f"来了{number}个人" in answer["text"]


def test_a_recording_may_be_in_two_languages(live, speech) -> None:
    answer = httpx.post(f"{live.url}/asr", files={"audio": speech}, data={"language": "zh-en"}, timeout=30)
    assert answer.status_code == 200


def test_a_stream_goes_from_two_languages_to_one_and_to_any() -> None:
    both = read_config({"language": "zh-en"}, Config(), is_first=True)
    one = read_config({"language": "en"}, both, is_first=False)
    anything = read_config({"language": "auto"}, both, is_first=False)
    assert both.options.recognize.languages == ("zh", "en")
    assert (one.options.recognize.language, one.options.recognize.languages) == ("en", ())
    assert (anything.options.recognize.language, anything.options.recognize.languages) == (None, ())


def test_a_running_stream_may_change_its_steps() -> None:
    before = Config()
    after = read_config({"itn": True, "spacing": "tight"}, before, is_first=False)
    assert (after.options.recognize.itn, after.options.recognize.spacing.value) == (True, "tight")
    with pytest.raises(InvalidOption, match="spacing"):
        read_config({"spacing": "wide"}, before, is_first=False)
