"""Deepgram's doors over a real server, with the official client, real speech and a scripted engine."""

import asyncio
import contextlib
import functools
import hashlib
import http.server
import json
import threading
from pathlib import Path

import httpx
import pytest
from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from access_doors import make_keys, settings_in
from lingting.engines.fake import FakeEngine
from spoken import pcm_of, pieces_of

pytestmark = [
    pytest.mark.integration,
    # The client looks for what older versions of its WebSocket library had, and speaks through the older half of it.
    pytest.mark.filterwarnings("ignore:websockets.*deprecated:DeprecationWarning"),
]

DEADLINE_SECONDS = 30.0
LIVE = {"model": "nova-3", "encoding": "linear16", "sample_rate": 16_000}
SAMPLES = Path(__file__).parents[2] / "samples"


def sentence(clip):
    return f"We heard {clip.audio.duration_seconds:.0f} second's worth." if clip.options.beam_size > 1 else "We heard"


@pytest.fixture(scope="module")
def live(open_live, tmp_path_factory):
    with open_live(FakeEngine(sentence), settings_in(tmp_path_factory.mktemp("deepgram"))) as running:
        yield running


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    """The sample at 16 kHz with two seconds of silence behind it."""
    return pcm_of(speech) + bytes(64_000)


def environment(live) -> DeepgramClientEnvironment:
    url = live.url
    return DeepgramClientEnvironment(base=url, production=f"ws://127.0.0.1:{live.port}", agent=url, agent_rest=url)


@contextlib.contextmanager
def client_of(live, *, key: str = "none"):
    """The official client; it never closes its connections itself."""
    with httpx.Client(timeout=DEADLINE_SECONDS) as transport:
        yield DeepgramClient(api_key=key, environment=environment(live), httpx_client=transport)


def media_of(live, method: str = "file", *, key: str = "none", **request):
    with client_of(live, key=key) as client:
        return getattr(client.listen.v1.media, f"transcribe_{method}")(**request)


async def talk(live, pieces, *, key: str = "none", ending: str = "close", **options) -> list:
    """Everything that the official asynchronous client is told."""
    heard: list = []
    finalized = asyncio.Event()

    def hear(message) -> None:
        heard.append(message)
        if getattr(message, "from_finalize", False):
            finalized.set()

    client = AsyncDeepgramClient(api_key=key, environment=environment(live))
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        client.listen.v1.connect(**{**LIVE, **options}) as connection,
    ):
        connection.on(EventType.MESSAGE, hear)
        listening = asyncio.create_task(connection.start_listening())
        for piece in pieces:
            await connection.send_media(piece)
        if ending == "finalize":
            await connection.send_finalize()
            await finalized.wait()
        await connection.send_close_stream()
        await listening
    return heard


def finals(heard: list) -> list:
    return [message for message in heard if message.type == "Results" and message.is_final]


def texts(heard: list) -> list[str]:
    return [message.channel.alternatives[0].transcript for message in finals(heard)]


async def test_live_speech_comes_as_results_and_ends_with_metadata(live, pcm) -> None:
    heard = await talk(live, pieces_of(pcm, 8_000), interim_results=True, vad_events=True, language="en-US")
    assert all(text.startswith("We heard") for text in texts(heard))
    assert len(texts(heard)) >= 2
    starts = [message.timestamp for message in heard if message.type == "SpeechStarted"]
    assert len(starts) == len(texts(heard))
    first = finals(heard)[0].channel.alternatives[0]
    assert [word.word for word in first.words][:2] == ["we", "heard"]
    assert first.words[-1].punctuated_word == "worth."
    assert first.words[0].start < first.words[-1].end
    assert finals(heard)[0].metadata.model_info.arch == "lingting"
    last = heard[-1]
    assert last.type == "Metadata"
    assert last.sha256 == hashlib.sha256(pcm).hexdigest()
    assert last.duration == pytest.approx(len(pcm) / 32_000, abs=0.1)


def test_the_blocking_client_hears_the_same(live, pcm) -> None:
    heard: list = []
    with client_of(live) as client, client.listen.v1.connect(**LIVE) as connection:
        connection.on(EventType.MESSAGE, heard.append)
        listening = threading.Thread(target=connection.start_listening)
        listening.start()
        for piece in pieces_of(pcm, 8_000):
            connection.send_media(piece)
        connection.send_keep_alive()
        connection.send_close_stream()
        listening.join(DEADLINE_SECONDS)
    assert len(texts(heard)) >= 2
    assert heard[-1].type == "Metadata"


async def test_finalize_is_answered_with_the_open_sentence(live, pcm) -> None:
    heard = await talk(live, pieces_of(pcm[:48_000], 8_000), ending="finalize")
    answer = next(message for message in finals(heard) if message.from_finalize)
    assert answer.speech_final
    assert answer.channel.alternatives[0].transcript.startswith("We heard")


async def test_an_utterance_ends_when_nobody_speaks_for_long_enough(live, pcm) -> None:
    heard = await talk(live, pieces_of(pcm, 8_000), utterance_end_ms="1000", interim_results="true", endpointing=300)
    ends = [message.last_word_end for message in heard if message.type == "UtteranceEnd"]
    assert ends
    words = [word.end for message in finals(heard) for word in message.channel.alternatives[0].words]
    assert ends[-1] in words


async def test_a_container_is_known_by_its_first_bytes(live, speech) -> None:
    heard = await talk(live, pieces_of(speech, 3), encoding=None, sample_rate=None)
    assert len(texts(heard)) >= 2


@pytest.mark.parametrize("model", ["nova-2-medical", "whisper-1", "enhanced"])
async def test_the_model_goes_by_many_names(live, pcm, speech, model) -> None:
    assert texts(await talk(live, pieces_of(pcm, 8_000), model=model))
    answer = await asyncio.to_thread(media_of, live, request=speech, model=model)
    assert answer.results.channels[0].alternatives[0].transcript


async def test_marks_are_left_out_where_that_is_asked_for(live, pcm) -> None:
    heard = await talk(live, pieces_of(pcm, 8_000), punctuate="false")
    assert all(text == text.lower() and "." not in text and "second's" in text for text in texts(heard))


async def test_mistakes_are_told_and_forgiven(live, pcm) -> None:
    url = f"ws://127.0.0.1:{live.port}/v1/listen?encoding=linear16&sample_rate=16000"
    async with asyncio.timeout(DEADLINE_SECONDS), connect(url, proxy=None) as socket:
        for bad in ("no json", '{"type": "Speak"}', '{"type": "Configure", "keyterms": 1}'):
            await socket.send(bad)
            assert json.loads(await socket.recv())["type"] == "Error"
        await socket.send('{"type": "Configure", "keyterms": ["Lingting"]}')
        assert json.loads(await socket.recv())["keyterms"] == ["Lingting"]
        await socket.send(pcm)
        await socket.send(b"")
        kinds = [json.loads(message)["type"] async for message in socket]
    assert kinds[-1] == "Metadata"
    assert kinds.count("Results") >= 2


async def test_what_is_no_audio_closes_with_deepgrams_reason(live) -> None:
    async with connect(f"ws://127.0.0.1:{live.port}/v1/listen", proxy=None) as socket:
        await socket.send(b"no audio at all")
        assert json.loads(await socket.recv())["code"] == "audio_undecodable"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason.startswith("DATA-0000")


REFUSED = [
    ({"model": "gpt-9"}, "model"),
    ({"diarize": "true"}, "diarize"),
    ({"multichannel": "true"}, "multichannel"),
    ({"encoding": "g729"}, "encoding"),
    ({"sample_rate": None}, "sample_rate"),
    ({"sample_rate": 96_000}, "sample_rate"),
    ({"utterance_end_ms": 5}, "utterance_end_ms"),
    ({"redact": "phi"}, "redact"),
    ({"language": "klingon"}, "language"),
]


@pytest.mark.parametrize("options", [options for options, _ in REFUSED])
async def test_what_cannot_be_kept_is_refused_at_the_handshake(live, options) -> None:
    with pytest.raises(ApiError) as refused:
        await talk(live, (), **options)
    assert refused.value.status_code == 400


@pytest.mark.parametrize(("options", "param"), REFUSED)
def test_and_says_why_in_the_body_and_in_headers(live, options, param) -> None:
    query = {name: value for name, value in {**LIVE, **options}.items() if value is not None}
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    answer = httpx.get(f"{live.url}/v1/listen", params=query, headers=headers)
    assert answer.json()["err_code"] == "Bad Request"
    assert answer.json()["param"] == param
    assert answer.headers["dg-error"].startswith(param)
    assert answer.headers["dg-request-id"] == answer.json()["request_id"]


def test_a_recording_is_answered_with_words_paragraphs_and_utterances(live, speech) -> None:
    wishes = {"model": "nova-3", "smart_format": True, "utterances": True, "keyterm": ["Lingting"]}
    answer = media_of(live, request=speech, detect_language=True, **wishes)
    (channel,) = answer.results.channels
    told = channel.alternatives[0]
    assert told.transcript.startswith("We heard")
    assert told.words[0].word == "we"
    assert told.paragraphs.paragraphs[0].sentences[0].text.startswith("We heard")
    assert channel.detected_language == "en"
    assert " ".join(each.transcript for each in answer.results.utterances) == told.transcript
    assert answer.metadata.sha256 == hashlib.sha256(speech).hexdigest()
    assert answer.metadata.duration == pytest.approx(8.0, abs=1.0)


async def test_the_asynchronous_client_sends_headerless_audio(live, pcm) -> None:
    more = {"additional_query_parameters": {"sample_rate": 16_000}}
    async with httpx.AsyncClient() as transport:
        client = AsyncDeepgramClient(api_key="none", environment=environment(live), httpx_client=transport)
        answer = await client.listen.v1.media.transcribe_file(request=pcm, encoding="linear16", request_options=more)
    assert answer.results.channels[0].alternatives[0].transcript.startswith("We heard")


def test_each_channel_is_answered_by_itself(live, pcm) -> None:
    stereo = b"".join(pcm[i : i + 2] * 2 for i in range(0, len(pcm), 2))
    params = {"encoding": "linear16", "sample_rate": 16_000, "channels": 2, "multichannel": "true"}
    answer = httpx.post(f"{live.url}/v1/listen", params=params, content=stereo).json()
    assert answer["metadata"]["channels"] == 2
    assert len(answer["results"]["channels"]) == 2


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_recording_is_fetched_from_where_it_may_be(open_live, live, tmp_path) -> None:
    settings = settings_in(tmp_path)
    with served(SAMPLES) as origin:
        opened_to = {"allowed_networks": ("127.0.0.0/8",), "ports": (int(origin.rpartition(":")[2]),)}
        outbound = settings.outbound.model_copy(update=opened_to)
        with pytest.raises(ApiError) as refused:
            media_of(live, "url", url=f"{origin}/en-short.flac")
        assert refused.value.body["code"] == "url_not_allowed"
        with open_live(FakeEngine(sentence), settings.model_copy(update={"outbound": outbound})) as opened:
            answer = media_of(opened, "url", url=f"{origin}/en-short.flac")
    assert answer.results.channels[0].alternatives[0].transcript.startswith("We heard")
    assert answer.metadata.sha256 == hashlib.sha256((SAMPLES / "en-short.flac").read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("body", "params", "code"),
    [
        (b"", {}, "audio_undecodable"),
        (b"no audio", {}, "audio_undecodable"),
        (b"RIFF", {"callback": "https://example.com"}, "invalid_option"),
        (b"RIFF", {"summarize": "v2"}, "invalid_option"),
    ],
)
def test_a_bad_recording_or_wish_is_a_bad_request(live, body, params, code) -> None:
    answer = httpx.post(f"{live.url}/v1/listen", content=body, params=params, headers={"Content-Type": "audio/wav"})
    assert (answer.status_code, answer.json()["err_code"], answer.json()["code"]) == (400, "Bad Request", code)


def test_json_without_a_url_is_a_bad_request(live) -> None:
    answer = httpx.post(f"{live.url}/v1/listen", json={"uri": "https://example.com/a.wav"})
    assert (answer.status_code, answer.json()["param"]) == (400, "url")


def test_keys_are_shown_as_deepgrams_clients_show_them(open_live, tmp_path, speech) -> None:
    settings = settings_in(tmp_path)
    keys, _ = asyncio.run(make_keys(settings))
    with open_live(FakeEngine(sentence), settings) as live:
        assert media_of(live, key=keys["transcribe"], request=speech).results.channels
        with pytest.raises(ApiError) as refused:
            media_of(live, key="ltk_wrong", request=speech)
        assert (refused.value.status_code, refused.value.body["err_code"]) == (401, "INVALID_AUTH")
        with pytest.raises(ApiError) as shut:
            asyncio.run(talk(live, (), key="ltk_wrong"))
        assert shut.value.status_code == 401
        asyncio.run(_browser(live, keys["stream"]))


async def _browser(live, key: str) -> None:
    url = f"ws://127.0.0.1:{live.port}/v1/listen?encoding=linear16&sample_rate=16000"
    async with connect(url, proxy=None, subprotocols=["token", key]) as socket:
        assert socket.subprotocol == "token"
        await socket.send('{"type": "CloseStream"}')
        assert json.loads(await socket.recv())["type"] == "Metadata"
