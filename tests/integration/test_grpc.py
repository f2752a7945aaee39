"""The gRPC door on a real server, with the library's own client: recordings, live speech, and what is refused."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from grpc_client import PATIENCE_SECONDS, Running, Talk, eventually, recognize, refused, running, with_grpc
from lingting.engines.base import Clip
from lingting.engines.fake import Answer, FakeEngine, seconds_heard
from lingting.grpc import RecognizeConfig, RecognizeRequest, SpeechStub, StreamConfig
from lingting.settings import load_settings
from spoken import pcm_of

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
LIVE = 'door="/lingting.v1.Speech/StreamRecognize"'
SILENCE = bytes(32_000)
MAX_BYTES = 1_000_000


@pytest.fixture(scope="module")
def door(open_live) -> Iterator[Running]:
    """It hears a command in Chinese, and how long it heard in other languages."""

    def script(clip: Clip) -> Answer:
        return "打开车窗" if clip.options.language == "zh" else seconds_heard(clip)

    with running(open_live, load_settings(), FakeEngine(script)) as opened:
        yield opened


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    return pcm_of(speech) + SILENCE


def test_a_recording_gives_what_rest_gives(door, speech) -> None:
    config = RecognizeConfig(words=True, language="en", cache=False)
    answer, call = door.stub.Recognize.with_call(
        RecognizeRequest(audio=speech, config=config), metadata=(("x-request-id", "from-the-caller"),)
    )
    assert dict(call.initial_metadata())["x-request-id"] == "from-the-caller"
    form = {"file": ("a.flac", speech)}
    rest = door.http.post("/recognize", files=form, data={"language": "en"}).json()
    assert answer.transcript == rest["text"]
    assert answer.transcript
    assert answer.language == "en"
    assert 8 < answer.duration_seconds < 9
    assert [segment.id for segment in answer.segments] == list(range(len(answer.segments)))
    assert all(segment.words[0].start >= segment.start for segment in answer.segments)


def test_headerless_samples_are_taken_as_declared(door, pcm, speech) -> None:
    config = RecognizeConfig(format="pcm", sample_rate=16_000)
    as_pcm = recognize(door, b"", request=RecognizeRequest(audio=pcm, config=config))
    assert len(as_pcm.segments) == len(recognize(door, speech).segments)


def test_a_file_tells_how_far_it_is(door, speech) -> None:
    request = RecognizeRequest(audio=speech, config=RecognizeConfig(cache=False))
    messages = list(door.stub.RecognizeFile(request, timeout=PATIENCE_SECONDS))
    kinds = [message.WhichOneof("event") for message in messages]
    assert (kinds[-1], kinds.count("result")) == ("result", 1)
    result = messages[-1].result
    early = [segment.text for message in messages for segment in message.segments.segments]
    assert early == [segment.text for segment in result.segments]
    done = [message.progress.done_seconds for message in messages if message.HasField("progress")]
    assert done == sorted(done)
    assert done


def test_what_is_known_is_said_again(door, speech) -> None:
    request = RecognizeRequest(audio=speech, config=RecognizeConfig(language="de"))
    assert [recognize(door, b"", request=request).cached for _ in range(2)] == [False, True]


def test_commands_come_with_what_is_said(door, speech, pcm) -> None:
    config = RecognizeConfig(intents="car", language="zh")
    answer = recognize(door, b"", request=RecognizeRequest(audio=speech, config=config))
    assert answer.intents[0].intent
    assert answer.intents[0].pack == "car"
    talk = Talk(door.stub)
    talk.begin(intents="car", language="zh")
    talk.speak(pcm)
    talk.say(end={})
    assert talk.next("intent").intent == answer.intents[0].intent
    talk.rest()


@pytest.mark.parametrize("how", ["end", "half close"])
def test_live_speech_becomes_partials_and_finals(door, pcm, how) -> None:
    talk = Talk(door.stub)
    assert talk.begin(language="en").session
    talk.speak(pcm)
    if how == "end":
        talk.say(end={})
    else:
        talk.close_side()
    events = talk.rest()
    kinds = [kind for kind, _ in events]
    assert "speech_started" in kinds
    assert kinds[-1] == "ended"
    seqs = [event.seq for kind, event in events]
    assert seqs == sorted(set(seqs))
    finals = [event for kind, event in events if kind == "final"]
    assert finals
    assert finals[0].words
    assert events[-1][1].transcript == " ".join(final.transcript for final in finals)
    assert (events[-1][1].reason, events[-1][1].audio_ms) == ("finished", len(pcm) // 32)
    assert talk.call.code() is grpc.StatusCode.OK


def test_the_example_of_the_page_runs(door, capsys, monkeypatch) -> None:
    code = (ROOT / "docs" / "grpc.md").read_text(encoding="utf-8").split("```python")[1].split("```")[0]
    monkeypatch.setattr(sys, "argv", ["example", door.address, str(ROOT / "samples" / "en-short.flac")])
    exec(compile(code, "docs/grpc.md", "exec"), {"__name__": "__main__"})
    recording, *live = capsys.readouterr().out.splitlines()
    assert "seconds of speech" in recording
    assert len(live) >= 2


def test_a_commit_ends_the_segment_and_config_changes_the_next(door, pcm) -> None:
    talk = Talk(door.stub)
    talk.begin()
    talk.speak(pcm[:64_000])
    talk.say(commit={})
    committed = talk.next("committed")
    assert (committed.number, committed.start_ms, committed.end_ms) == (1, 0, 1_984)  # whole frames of 32 ms
    talk.say(config=StreamConfig(language="fr", words=False))
    talk.next("configured")
    talk.say(clear={})
    talk.speak(pcm[64_000:])
    talk.say(end={})
    finals = [event for kind, event in talk.rest() if kind == "final"]
    assert {final.language for final in finals} == {"fr"}
    assert not any(final.words for final in finals)


def test_a_lost_call_is_resumed_where_that_was_wished(door, pcm) -> None:
    talk = Talk(door.stub)
    session = talk.begin(resumable=True).session
    talk.speak(pcm)
    seen = talk.next("final")
    talk.call.cancel()
    again = Talk(door.stub)
    ready = again.begin(session=session, seq=seen.seq)
    assert (ready.session, ready.resumed) == (session, True)
    eventually(lambda: door.metric(f"asr_sockets_open{{{LIVE}") == 1)
    again.say(end={})
    events = again.rest()
    assert all(event.seq > seen.seq for _, event in events)
    assert events[-1][1].transcript.startswith(seen.transcript)
    assert again.call.code() is grpc.StatusCode.OK


def test_another_call_takes_a_session_over(door) -> None:
    first, second = Talk(door.stub), Talk(door.stub)
    session = first.begin(resumable=True).session
    second.begin(session=session)
    status, told = refused(first.rest)
    assert (status, told["lingting-code"]) == ("ABORTED", "session_resumed_elsewhere")
    second.say(end={})
    second.rest()


@pytest.mark.parametrize(
    ("messages", "status", "code"),
    [
        ([{"audio": b"\0\0"}], "INVALID_ARGUMENT", "invalid_message"),
        ([{}], "INVALID_ARGUMENT", "invalid_message"),
        ([{"end": {}}], "INVALID_ARGUMENT", "invalid_message"),
        ([], "INVALID_ARGUMENT", "invalid_message"),
        ([{"config": {"encoding": "speex"}}], "INVALID_ARGUMENT", "unsupported_format"),
        ([{"config": {"language": "klingon"}}], "INVALID_ARGUMENT", "unsupported_language"),
        ([{"config": {"silence_ms": 5}}], "INVALID_ARGUMENT", "invalid_option"),
        ([{"config": {"session": "gone"}}], "NOT_FOUND", "session_not_found"),
        ([{"config": {"room": "hall", "room_token": "no"}}], "NOT_FOUND", "room_not_found"),
        ([{"config": {}}, {"config": {"sample_rate": 8_000}}], "INVALID_ARGUMENT", "invalid_option"),
        ([{"config": {}}, {"config": {"resumable": True}}], "INVALID_ARGUMENT", "invalid_option"),
        ([{"config": {}}, {"end": {}}, {"audio": b"\0\0"}], "INVALID_ARGUMENT", "invalid_message"),
        ([{"config": {}}, {"audio": bytes(4 * 2**20 + 1)}], "INVALID_ARGUMENT", "limit_exceeded"),
        (
            [{"config": {"encoding": "mp3"}}, {"audio": b"no sound" * 999}, {"end": {}}],
            "INVALID_ARGUMENT",
            "undecodable",
        ),
    ],
)
def test_what_makes_no_sense_ends_the_call_with_its_code(door, messages, status, code) -> None:
    talk = Talk(door.stub)
    for message in messages:
        talk.say(**message)
    if not messages:
        talk.close_side()
    ended, told = refused(talk.rest)
    assert (ended, told["lingting-code"]) == (status, code)
    assert told["x-request-id"]


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (RecognizeRequest(), "INVALID_ARGUMENT", "invalid_option"),
        (RecognizeRequest(audio=b"no sound"), "INVALID_ARGUMENT", "audio_undecodable"),
        (RecognizeRequest(audio=b"x", config={"format": "mp5"}), "INVALID_ARGUMENT", "unsupported_format"),
        (RecognizeRequest(audio=b"x", config={"channel_names": ["a", "a"]}), "INVALID_ARGUMENT", "invalid_option"),
        (RecognizeRequest(audio=b"x", config={"user": "x" * 201}), "INVALID_ARGUMENT", "invalid_option"),
        (RecognizeRequest(audio=b"x", config={"intents": "no such pack"}), "INVALID_ARGUMENT", "invalid_option"),
    ],
)
def test_a_recording_that_cannot_be_served_is_refused(door, request_, status, code) -> None:
    for method in (door.stub.Recognize, lambda *args, **rest: list(door.stub.RecognizeFile(*args, **rest))):
        ended, told = refused(lambda method=method: method(request_, timeout=PATIENCE_SECONDS))
        assert (ended, told["lingting-code"], told["lingting-retryable"]) == (status, code, "false")


def test_garbage_and_nothing_are_no_message(door) -> None:
    raw = door.channel.unary_unary("/lingting.v1.Speech/Recognize")
    status, told = refused(lambda: raw(b"\xff\xff\xff", timeout=PATIENCE_SECONDS))
    assert (status, told["lingting-code"]) == ("INVALID_ARGUMENT", "invalid_message")
    silent = door.channel.stream_unary("/lingting.v1.Speech/Recognize")
    status, told = refused(lambda: silent(iter(()), timeout=PATIENCE_SECONDS))
    assert (status, told["lingting-code"]) == ("INVALID_ARGUMENT", "invalid_message")


def test_a_method_that_is_none_is_unimplemented(door) -> None:
    raw = door.channel.unary_unary("/lingting.v1.Speech/Sing")
    assert refused(lambda: raw(b"", timeout=PATIENCE_SECONDS))[0] == "UNIMPLEMENTED"


def test_a_hundred_streams_share_one_connection_and_leave_nothing(open_live, pcm) -> None:
    settings = load_settings()
    live = settings.live.model_copy(update={"max_sessions": 200})
    data = pcm[:80_000] + SILENCE
    with running(open_live, settings.model_copy(update={"live": live})) as door:
        recognize(door, pcm, request=RecognizeRequest(audio=pcm, config=RecognizeConfig(format="pcm")))
        before = door.metric("asr_threads")
        talks = [Talk(door.stub) for _ in range(100)]
        sessions = {talk.begin(language="en").session for talk in talks}
        assert len(sessions) == 100
        assert door.metric("asr_live_sessions ") == 100
        assert door.metric("asr_stream_places ") == 100
        for talk in talks:
            talk.say(audio=data)
            talk.say(end={})
        said = [talk.rest()[-1][1] for talk in talks]
        assert {(ended.transcript, ended.audio_ms, ended.reason) for ended in said} == {
            (said[0].transcript, len(data) // 32, "finished")
        }
        assert "seconds of speech" in said[0].transcript
        for gauge in ("asr_live_sessions ", "asr_stream_places ", f"asr_sockets_open{{{LIVE}", "asr_queue_clips"):
            eventually(lambda gauge=gauge: door.metric(gauge) == 0)
        eventually(lambda: door.metric("asr_threads") <= before + 100 + 8)  # the client's own are in this process


class Hold:
    """An engine's script that answers when a test lets it."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_open.set()
        self.arrivals = threading.Semaphore(0)

    def __call__(self, clip: Clip) -> Answer:
        self.arrivals.release()
        assert self.is_open.wait(PATIENCE_SECONDS)
        return seconds_heard(clip)

    def wait_for_arrival(self) -> None:
        assert self.arrivals.acquire(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def holding(open_live) -> Iterator[tuple[Running, Hold]]:
    hold = Hold()
    with running(open_live, with_grpc(load_settings(), max_message_bytes=MAX_BYTES), FakeEngine(hold)) as door:
        yield door, hold


@pytest.fixture
def held(holding) -> Iterator[tuple[Running, Hold]]:
    """A server whose engine hangs until the test is over."""
    door, hold = holding
    while hold.arrivals.acquire(blocking=False):
        pass
    hold.is_open.clear()
    yield door, hold
    hold.is_open.set()
    nothing_is_left(door)


def test_a_message_over_the_bound_is_not_taken(holding) -> None:
    door, _ = holding
    assert refused(lambda: recognize(door, bytes(MAX_BYTES)))[0] == "RESOURCE_EXHAUSTED"
    assert refused(lambda: recognize(door, bytes(MAX_BYTES - 100)))[0] == "INVALID_ARGUMENT"


def ended(door: Running, status: str, method: str = "") -> float:
    """How many live calls, or calls of a method, ended so."""
    metric = f'asr_requests_total{{door="/lingting.v1.Speech/{method}"' if method else f"asr_sockets_total{{{LIVE}"
    return door.metric(f'{metric},outcome="{status}"')


def nothing_is_left(door: Running) -> None:
    for gauge in ("asr_live_sessions ", "asr_stream_places ", "asr_sockets_open", "asr_queue_clips"):
        eventually(lambda gauge=gauge: door.metric(gauge) == 0)
    eventually(lambda: door.metric("asr_requests_in_hand ") == 1)  # the question itself


@pytest.mark.parametrize("phase", ["opened", "ready", "speaking", "waiting for the last final"])
def test_a_cancelled_live_call_leaves_nothing(held, pcm, phase) -> None:
    door, hold = held
    talk = Talk(door.stub)
    if phase == "opened":
        next(iter(talk.call.initial_metadata()))
    else:
        session = talk.begin().session
    if phase in ("speaking", "waiting for the last final"):
        talk.speak(pcm)
        hold.wait_for_arrival()
    if phase == "waiting for the last final":
        talk.close_side()
        talk.next("speech_stopped")
    before = ended(door, "CANCELLED")
    assert door.metric(f"asr_sockets_open{{{LIVE}") == 1
    talk.call.cancel()
    nothing_is_left(door)
    eventually(lambda: ended(door, "CANCELLED") == before + 1)
    if phase != "opened":
        status, told = refused(lambda: Talk(door.stub).begin(session=session))
        assert (status, told["lingting-code"]) == ("NOT_FOUND", "session_not_found")


@pytest.mark.parametrize("method", ["Recognize", "RecognizeFile"])
def test_a_cancelled_recording_is_dropped(held, speech, method) -> None:
    door, hold = held
    request = RecognizeRequest(audio=speech, config=RecognizeConfig(cache=False))
    send = getattr(door.stub, method)
    call = send.future(request) if method == "Recognize" else send(request)
    hold.wait_for_arrival()
    call.cancel()
    eventually(lambda: ended(door, "CANCELLED", method) == 1)
    nothing_is_left(door)


@pytest.mark.parametrize("method", ["Recognize", "RecognizeFile"])
def test_a_deadline_ends_the_work_on_a_recording(held, speech, method) -> None:
    door, _ = held
    request = RecognizeRequest(audio=speech, config=RecognizeConfig(cache=False))
    send = getattr(door.stub, method)
    ask = (lambda: send(request, timeout=1.0)) if method == "Recognize" else (lambda: list(send(request, timeout=1.0)))
    assert refused(ask)[0] == "DEADLINE_EXCEEDED"
    eventually(lambda: ended(door, "DEADLINE_EXCEEDED", method) == 1)
    nothing_is_left(door)


def test_a_deadline_ends_a_live_call(held, pcm) -> None:
    door, _ = held
    talk = Talk(door.stub, timeout=4.0)
    talk.begin()
    talk.speak(pcm)
    assert refused(talk.rest)[0] == "DEADLINE_EXCEEDED"
    eventually(lambda: ended(door, "DEADLINE_EXCEEDED") == 1)
    nothing_is_left(door)


def test_a_connection_that_breaks_leaves_nothing(held, pcm) -> None:
    door, hold = held
    with grpc.insecure_channel(door.address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        talk = Talk(SpeechStub(channel))
        talk.begin()
        talk.speak(pcm)
        hold.wait_for_arrival()
    nothing_is_left(door)


def test_a_server_that_stops_says_so(open_live, pcm) -> None:
    settings = with_grpc(load_settings())
    with grpc.insecure_channel(f"127.0.0.1:{settings.grpc.port}") as channel:
        with running(open_live, settings):
            talk = Talk(SpeechStub(channel))
            talk.begin()
            talk.speak(pcm[:64_000])
            talk.next("speech_started")
        assert talk.next("ended").reason == "shutting_down"
        status, told = refused(talk.rest)
    assert (status, told["lingting-code"]) == ("UNAVAILABLE", "shutting_down")
