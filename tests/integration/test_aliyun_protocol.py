"""Aliyun's protocol over a real server, message by message: what no client of theirs sends, its REST and its tokens."""

import io
import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import av
import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from lingting.settings.sections import DoorSettings
from nls_clients import pcm_of

pytestmark = pytest.mark.integration

SPEECH = (Path(__file__).parents[2] / "samples" / "en-short.flac").read_bytes()
PCM = pcm_of(SPEECH)
SILENCE = bytes(32_000)
TASK = "0123456789abcdef" * 2


def said(clip) -> str:
    return f"That is {clip.audio.duration_seconds:.0f}, and more."


@pytest.fixture(scope="module")
def live(open_live):
    with open_live(
        FakeEngine(said), load_settings().model_copy(update={"doors": DoorSettings(aliyun=True)})
    ) as running:
        yield running


@pytest.fixture
def raw(live):
    with connect(url_of(live), proxy=None) as socket:
        yield Raw(socket)


def url_of(live) -> str:
    return f"ws://127.0.0.1:{live.port}/ws/v1"


class Raw:
    """A socket without a client, to say what no client says."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def ask(self, name: str, payload: dict | None = None, *, task: str, **header: object) -> None:
        namespace = "SpeechRecognizer" if "Recognition" in name else "SpeechTranscriber"
        ids = {"message_id": uuid.uuid4().hex, "task_id": task, "appkey": "any"}
        message = {"header": {"namespace": namespace, "name": name} | ids | header, "payload": payload or {}}
        self.socket.send(json.dumps(message))

    def hear(self) -> dict:
        return json.loads(self.socket.recv(timeout=30))

    def fail(self) -> tuple[str, int]:
        """How it ended; the connection is closed after that."""
        while (event := self.hear())["header"]["name"] != "TaskFailed":
            pass
        with pytest.raises(ConnectionClosed):
            self.socket.recv(timeout=30)
        return event["header"]["task_id"], event["header"]["status"]


def test_one_connection_runs_one_task_after_the_other(raw) -> None:
    for number in range(3):
        task = uuid.uuid4().hex
        raw.ask("StartRecognition" if number % 2 else "StartTranscription", task=task)
        assert raw.hear()["header"]["task_id"] == task
        raw.socket.send(PCM[:64_000])
        raw.ask("StopRecognition" if number % 2 else "StopTranscription", task=task)
        while (event := raw.hear())["header"]["name"] not in ("RecognitionCompleted", "TranscriptionCompleted"):
            assert event["header"]["task_id"] == task
        raw.socket.send(SILENCE)


@pytest.mark.parametrize(
    ("name", "header", "status"),
    [
        ("StopTranscription", {}, 40_010_005),
        ("BeginRecognition", {}, 40_010_003),
        ("StartRecognition", {"message_id": "1"}, 40_000_002),
        ("StartRecognition", {"appkey": None}, 40_000_003),
    ],
)
def test_a_mistake_fails_its_own_task_and_no_other(live, raw, name, header, status) -> None:
    with connect(url_of(live), proxy=None) as socket:
        other = Raw(socket)
        other.ask("StartTranscription", task=TASK)
        assert other.hear()["header"]["name"] == "TranscriptionStarted"
        raw.ask(name, task=uuid.uuid4().hex, **header)
        assert raw.fail()[1] == status
        other.ask("StopTranscription", task=TASK)
        assert other.hear()["header"]["name"] == "TranscriptionCompleted"


def test_audio_without_a_task_is_out_of_order(raw) -> None:
    raw.socket.send(SILENCE)
    assert raw.fail()[1] == 40_010_005


def test_a_sentence_has_a_minute(raw) -> None:
    raw.ask("StartRecognition", task=TASK)
    for _ in range(62):
        raw.socket.send(SILENCE)
    assert raw.fail() == (TASK, 41_010_104)


def test_who_says_nothing_at_first_is_let_go(raw) -> None:
    raw.ask("StartRecognition", {"enable_voice_detection": True, "max_start_silence": 2_000}, task=TASK)
    for _ in range(3):
        raw.socket.send(SILENCE)
    assert raw.fail() == (TASK, 40_270_002)


def test_a_sentence_ends_by_itself_when_its_speaker_falls_silent(raw) -> None:
    raw.ask("StartRecognition", {"enable_voice_detection": True, "max_start_silence": 5_000}, task=TASK)
    raw.socket.send(PCM)
    assert raw.hear()["header"]["name"] == "RecognitionStarted"
    completed = raw.hear()
    assert completed["header"]["name"] == "RecognitionCompleted"
    assert completed["payload"]["result"].endswith("and more")


def ask(live, body: bytes = PCM, **query: str) -> httpx.Response:
    return httpx.post(f"{live.url}/stream/v1/asr", params={"appkey": "any"} | query, content=body, timeout=30)


def test_a_short_recording_is_heard_by_rest(live) -> None:
    answer = ask(live, enable_punctuation_prediction="true").json()
    assert answer.keys() == {"task_id", "result", "status", "message"}
    assert (answer["status"], answer["message"]) == (20_000_000, "SUCCESS")
    assert len(answer["task_id"]) == 32
    assert ", and more." in answer["result"]
    assert ask(live, SPEECH, format="wav").json()["result"] == answer["result"].replace(",", "").replace(".", "")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"appkey": ""}, 40_000_003),
        ({"format": "flac"}, 41_010_101),
        ({"sample_rate": "44100"}, 41_010_101),
        ({"format": "mp3"}, 41_010_101),
        ({"enable_punctuation_prediction": "perhaps"}, 40_000_003),
    ],
)
def test_rest_refuses_in_the_clouds_numbers(live, query, status) -> None:
    answer = ask(live, b"no sound at all" * 100, **query)
    assert answer.status_code == 400
    assert (answer.json()["status"], answer.json()["result"]) == (status, "")


def test_where_no_key_is_asked_for_anybody_gets_a_token(live) -> None:
    answer = httpx.post(f"{live.url}/", params={"Action": "CreateToken"}).json()
    assert answer["Token"]["Id"].startswith("lts_")


def test_another_action_is_not_found(live) -> None:
    answer = httpx.get(f"{live.url}/", params={"Action": "DescribeRegions"})
    assert (answer.status_code, answer.json()["Code"]) == (404, "InvalidAction.NotFound")


def test_doors_that_are_shut_are_not_there(open_live) -> None:
    with open_live(FakeEngine()) as live:
        assert httpx.post(f"{live.url}/?Action=CreateToken").status_code == 405, "only the console's page is there"
        assert ask(live).status_code == 404
        assert httpx.get(f"{live.url}/ws/v1").status_code == 404


@dataclass(frozen=True)
class Encoding:
    """A format of the cloud's, and how a sound is written so."""

    muxer: str
    codec: str
    rate_hz: int = 16_000


ENCODINGS = {
    "pcm": Encoding("s16le", "pcm_s16le", 8_000),
    "wav": Encoding("wav", "pcm_s16le"),
    "opus": Encoding("ogg", "libopus"),
    "mp3": Encoding("mp3", "libmp3lame"),
    "aac": Encoding("adts", "aac"),
    "amr": Encoding("amr", "libopencore_amrnb", 8_000),
}


def written(encoding: Encoding) -> bytes:
    made = io.BytesIO()
    with av.open(io.BytesIO(SPEECH)) as source, av.open(made, "w", format=encoding.muxer) as target:
        stream = target.add_stream(encoding.codec, rate=encoding.rate_hz, layout="mono")
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return made.getvalue()


@pytest.mark.parametrize("name", ENCODINGS)
def test_every_format_is_heard_live_and_by_rest(live, raw, name) -> None:
    data, rate_hz = written(ENCODINGS[name]), ENCODINGS[name].rate_hz
    raw.ask("StartRecognition", {"format": name, "sample_rate": rate_hz}, task=TASK)
    assert raw.hear()["header"]["name"] == "RecognitionStarted"
    for first in range(0, len(data), 8_000):
        raw.socket.send(data[first : first + 8_000])
    raw.ask("StopRecognition", task=TASK)
    completed = raw.hear()
    assert completed["payload"]["duration"] == pytest.approx(8_400, abs=300)
    assert completed["payload"]["result"].count("That is") > 1
    answer = ask(live, data, format=name, sample_rate=str(rate_hz)).json()
    assert answer["result"].startswith("That is")
