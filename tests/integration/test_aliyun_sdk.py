"""Aliyun's protocol over a real server, with the official client as it comes, real speech and a scripted engine."""

import asyncio
import uuid
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lingting.crypto import sign_rpc
from lingting.domain import Scope, SystemClock
from lingting.engines.fake import FakeEngine
from lingting.security.key_pairs import KeyPairs
from lingting.security.key_wishes import KeyWish
from lingting.server import open_kept
from lingting.server.keys import open_keys
from lingting.serving_handshake import H11Handshake, http_protocol
from lingting.settings import Settings, load_settings
from lingting.settings.sections import DoorSettings
from nls_clients import Told, nls, pcm_of, quiet, recognizer, send, sweep, transcriber

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of code that is not ours
    from aliyunsdkcore.acs_exception.exceptions import ServerException

pytestmark = pytest.mark.integration

SPEECH = (Path(__file__).parents[2] / "samples" / "en-short.flac").read_bytes()
PCM = pcm_of(SPEECH)


@pytest.fixture(autouse=True)
def _quiet():
    with quiet():
        yield


@pytest.fixture
def refused():
    """For clients that are turned away."""
    yield
    sweep()


def settings_in(folder: Path) -> Settings:
    return load_settings().model_copy(update={"data_dir": folder, "doors": DoorSettings(aliyun=True)})


@dataclass(frozen=True)
class House:
    """A server that asks for keys."""

    port: int
    key: str
    pair: tuple[str, str]
    deaf: str
    """A key that is not good for speech."""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/v1"


@pytest.fixture(scope="module")
def house(open_live, tmp_path_factory):
    settings = settings_in(tmp_path_factory.mktemp("house"))

    async def make():
        clock = SystemClock()
        async with open_kept(settings, clock) as kept, open_keys(settings, kept.database, clock) as keys:
            issued = await keys.issue(KeyWish(scopes=frozenset((Scope.STREAM, Scope.TRANSCRIBE))))
            deaf = await keys.issue(KeyWish(scopes=frozenset((Scope.JOBS,))))
            secret = await KeyPairs(kept.vault, keys, clock).secret_of(issued.record.id)
            return issued.text, (issued.record.id, secret), deaf.text

    key, pair, deaf = asyncio.run(make())
    with open_live(FakeEngine(), settings) as running:
        yield House(running.port, key, pair, deaf)


def test_the_others_run_on_httptools() -> None:
    assert issubclass(http_protocol(), HttpToolsProtocol)


def test_its_handshake_is_understood_on_h11_too(open_live, tmp_path) -> None:
    with open_live(FakeEngine(), settings_in(tmp_path), http=H11Handshake) as live:
        told = Told()
        task = recognizer(f"ws://127.0.0.1:{live.port}/ws/v1", "anything", told)
        task.start()
        send(task, PCM)
        task.stop()
        assert told.last == ("RecognitionCompleted", 20_000_000)


def test_the_recognizer_hears_one_sentence(house) -> None:
    told = Told()
    task = recognizer(house.url, house.key, told)
    task.start(aformat="pcm", enable_punctuation_prediction=True)
    assert told.names == ["RecognitionStarted"]
    send(task, PCM)
    task.stop()
    told.wait()
    (completed,) = told.payloads("RecognitionCompleted")
    assert completed["result"].count("seconds of speech") > 1
    assert completed["duration"] == pytest.approx(len(PCM) / 32, abs=2)
    assert type(completed["duration"]) is int
    assert type(completed["confidence"]) is float


def test_the_transcriber_hears_one_sentence_after_the_other(house) -> None:
    told = Told()
    task = transcriber(house.url, house.key, told)
    task.start(aformat="pcm", enable_intermediate_result=True, ex={"enable_words": True, "max_sentence_silence": 300})
    send(task, PCM)
    task.ctrl(enable_words=True)
    task.stop()
    told.wait()
    begins, ends = told.payloads("SentenceBegin"), told.payloads("SentenceEnd")
    assert [one["index"] for one in begins] == [one["index"] for one in ends] == list(range(1, len(ends) + 1))
    assert len(ends) > 1
    for begin, end in zip(begins, ends, strict=True):
        assert begin["time"] == end["begin_time"] < end["time"]
        assert {type(end[name]) for name in ("index", "time", "begin_time")} == {int}
        assert type(end["confidence"]) is float
        assert "".join(word["text"] for word in end["words"]) == end["result"].replace(" ", "")
        assert {type(word[name]) for word in end["words"] for name in ("startTime", "endTime")} == {int}
    assert told.names[0] == "TranscriptionStarted"
    assert told.last == ("TranscriptionCompleted", 20_000_000)


def test_the_same_client_begins_again(house) -> None:
    for _ in range(2):
        told = Told()
        task = transcriber(house.url, house.key, told)
        task.start()
        send(task, PCM[:64_000])
        task.stop()
        assert told.last == ("TranscriptionCompleted", 20_000_000)


@pytest.mark.usefixtures("refused")
def test_what_cannot_be_is_an_error_at_the_client(house) -> None:
    told = Told()
    task = recognizer(house.url, house.key, told)
    task.start(ex={"format": "flac"})
    assert told.last == ("TaskFailed", 41_010_101)


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize("kind", ["wrong", "deaf"])
def test_a_token_that_is_not_good_is_an_error_at_the_client(house, kind) -> None:
    told = Told()
    task = recognizer(house.url, house.deaf if kind == "deaf" else "nobody", told)
    task.start()
    assert told.last == ("TaskFailed", 40_000_001)
    assert told.events[0]["header"]["namespace"] == "SpeechRecognizer"


def test_a_key_is_a_token(house) -> None:
    told = Told()
    task = transcriber(house.url, house.key, told)
    task.start()
    task.stop()
    assert told.last == ("TranscriptionCompleted", 20_000_000)


def test_a_pair_makes_a_token_that_opens_speech_and_nothing_else(house) -> None:
    token = nls.token.getToken(*house.pair, url=f"127.0.0.1:{house.port}")
    told = Told()
    task = recognizer(house.url, token, told)
    task.start()
    send(task, PCM)
    task.stop()
    assert told.last == ("RecognitionCompleted", 20_000_000)
    answer = httpx.get(f"http://127.0.0.1:{house.port}/v1/me", headers={"X-API-Key": token}).json()
    assert (answer["key_id"], answer["scopes"]) == (house.pair[0], ["stream", "transcribe"])


def asked(house, **changed: str) -> httpx.Response:
    """A CreateToken that is right but for what is changed before it is signed."""
    fields = {
        "Action": "CreateToken",
        "Version": "2019-02-28",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "AccessKeyId": house.pair[0],
    } | changed
    signature = sign_rpc("GET", fields, secret=house.pair[1])
    return httpx.get(f"http://127.0.0.1:{house.port}/", params=fields | {"Signature": signature})


def test_a_request_that_was_signed_is_good_once(house) -> None:
    assert asked(house, SignatureNonce="once").json()["Token"]["UserId"] == house.pair[0]
    assert asked(house, SignatureNonce="once").json()["Code"] == "SignatureNonceUsed"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"AccessKeyId": "LTAI5tNobody"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"AccessKeyId": "0123456789ab"}, 400, "SignatureDoesNotMatch"),
        ({"Timestamp": "2020-01-01T00:00:00Z"}, 400, "InvalidTimeStamp.Expired"),
        ({"Timestamp": "now"}, 400, "InvalidTimeStamp.Expired"),
        ({"SignatureNonce": ""}, 400, "MissingParameter"),
        ({"SignatureMethod": "HMAC-MD5"}, 400, "InvalidSignatureMethod"),
        ({"Version": "2018-05-18"}, 400, "InvalidVersion"),
        ({"Action": "DeleteToken"}, 404, "InvalidAction.NotFound"),
    ],
)
def test_a_request_for_a_token_is_refused_in_the_clouds_words(house, changed, status, code) -> None:
    answer = asked(house, **changed)
    assert (answer.status_code, answer.json()["Code"]) == (status, code)
    assert answer.json().keys() == {"RequestId", "HostId", "Code", "Message"}


def test_a_wrong_secret_is_an_error_at_the_client(house) -> None:
    with pytest.raises(ServerException) as refused:
        nls.token.getToken(house.pair[0], "guess", url=f"127.0.0.1:{house.port}")
    assert refused.value.get_error_code() == "SignatureDoesNotMatch"


def test_the_rest_takes_a_token_in_its_header_and_in_its_address(house) -> None:
    url, query = f"http://127.0.0.1:{house.port}/stream/v1/asr", {"appkey": "any"}
    for headers, token in (({"X-NLS-Token": house.key}, {}), ({}, {"token": house.key})):
        answer = httpx.post(url, params=query | token, headers=headers, content=PCM, timeout=30).json()
        assert answer["status"] == 20_000_000
    answer = httpx.post(url, params=query, headers={"X-NLS-Token": "nobody"}, content=PCM)
    assert (answer.status_code, answer.json()["status"]) == (401, 40_000_001)
    assert answer.json()["code"] == "invalid_api_key"
