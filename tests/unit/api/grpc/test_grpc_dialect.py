"""`StreamRecognize` without a network: messages in, commands out; events in, messages out."""

import pytest

from lingting.api.grpc.live_dialect import END, GrpcDialect
from lingting.api.ws.dialect import (
    Append,
    Clear,
    Commit,
    Configure,
    Finish,
    Handshake,
    Open,
    Opened,
    Resume,
    RoomClaim,
)
from lingting.domain import (
    Closed,
    CloseReason,
    Committed,
    Final,
    Notice,
    NoticeKind,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
    Word,
)
from lingting.domain.errors import InvalidMessage, InvalidOption, LingtingError
from lingting.grpc import StreamRequest, StreamResponse

pytestmark = pytest.mark.unit


def request(**message: object) -> bytes:
    return StreamRequest(**message).SerializeToString()


def begun(**config: object) -> GrpcDialect:
    dialect = GrpcDialect(Handshake())
    dialect.receive(request(config=config))
    dialect.opened(Opened("s1", resumed=False, received_seconds=0.0, last_seq=0))
    return dialect


def said(dialect: GrpcDialect, event) -> StreamResponse:
    (message,) = dialect.render(event)
    return StreamResponse.FromString(message)


def test_the_first_config_opens_a_session() -> None:
    config = {"language": "zh-CN", "silence_ms": 800, "words": False, "room": "hall", "room_token": "t"}
    (command,) = GrpcDialect(Handshake()).receive(request(config=config))
    assert isinstance(command, Open)
    assert command.options.recognize.language == "zh"
    assert command.options.recognize.word_times is False
    assert command.options.silence_seconds == 0.8
    assert command.room == RoomClaim("hall", "t")


def test_what_is_not_set_is_as_the_server_says() -> None:
    (command,) = GrpcDialect(Handshake()).receive(request(config={}))
    assert command == Open(Handshake().defaults, command.format, None)


def test_several_kinds_are_hidden() -> None:
    (command,) = GrpcDialect(Handshake()).receive(request(config={"redact": "mask", "redact_kinds": ["phone", "name"]}))
    assert isinstance(command, Open)
    assert [str(kind) for kind in command.options.recognize.redaction.kinds] == ["phone", "name"]


def test_orders_become_commands() -> None:
    dialect = begun()
    assert dialect.receive(request(audio=b"\0\0")) == (Append(b"\0\0"),)
    assert dialect.receive(request(commit={})) == (Commit(),)
    assert dialect.receive(request(clear={})) == (Clear(),)
    assert isinstance(dialect.receive(request(config={"language": "fr"}))[0], Configure)
    assert dialect.receive(END) == (Finish(),)
    assert dialect.receive(END) == ()


@pytest.mark.parametrize("config", [{"resumable": True}, {"session": "s1"}, {"session": "s1", "seq": 4}])
def test_a_session_is_waited_for_only_where_that_was_wished(config) -> None:
    assert not begun().resumes
    assert begun(**config).resumes


def test_a_resumed_session_says_again_what_was_not_seen() -> None:
    dialect = GrpcDialect(Handshake())
    assert dialect.receive(request(config={"session": "s1", "seq": 4})) == (Resume("s1", last_seq=0),)
    (ready,) = dialect.opened(Opened("s1", resumed=True, received_seconds=1.24, last_seq=7, text="how"))
    assert StreamResponse.FromString(ready).ready.received_ms == 1_240
    assert not dialect.render(Final(4, 1, 0.0, 1.0, "How.", "en"))
    assert said(dialect, Final(7, 2, 1.0, 2.0, "Now.", "en")).final.transcript == "Now."
    assert said(dialect, Closed(8, CloseReason.FINISHED, 2.0)).ended.transcript == "How. Now."


@pytest.mark.parametrize("message", [b"\xff", request(), request(audio=b"x"), request(commit={}), END])
def test_what_comes_before_config_is_no_message(message) -> None:
    with pytest.raises(InvalidMessage):
        GrpcDialect(Handshake()).receive(message)


def test_the_format_stays() -> None:
    dialect = begun(sample_rate=8_000)
    with pytest.raises(InvalidOption, match="sample_rate"):
        dialect.receive(request(config={"sample_rate": 16_000}))


def test_an_error_is_kept_for_the_status() -> None:
    dialect, error = begun(), LingtingError("broke")
    assert dialect.is_fatal(error)
    assert dialect.refuse(error, fatal=True) == ()
    assert dialect.failure is error


def test_every_event_is_a_message() -> None:
    dialect = begun()
    word = Word(" How", 0.31, 0.42, 0.95)
    events = [
        SpeechStarted(1, 1, 0.31),
        Partial(2, 1, 0.31, 1.2, "how", " the", "en"),
        SpeechEnded(3, 1, 0.31, 2.048),
        Final(4, 1, 0.31, 2.048, "How.", "en", words=(word,), avg_logprob=-0.1, suppressed=None, lag_seconds=0.18),
        SegmentFailed(5, 2, 2.1, 3.0, "engine_failed", "broke", retryable=True),
        Committed(6, 1, 0.0, 3.0),
        Notice(7, NoticeKind.LAGGING, 2.5, "late"),
        Closed(8, CloseReason.IDLE, 4.0, "idle"),
    ]
    messages = [said(dialect, event) for event in events]
    assert [message.WhichOneof("event") for message in messages] == [
        *("speech_started", "partial", "speech_stopped", "final", "segment_error", "committed", "notice", "ended")
    ]
    assert [getattr(message, message.WhichOneof("event")).seq for message in messages] == list(range(1, 9))
    assert (messages[1].partial.transcript, messages[1].partial.stable) == ("how the", "how")
    final = messages[3].final
    assert (final.words[0].word, final.words[0].start_ms, final.lag_ms) == ("How", 310, 180)
    assert final.confidence == pytest.approx(0.905)
    assert not final.HasField("suppressed")
    assert (messages[7].ended.transcript, messages[7].ended.reason) == ("How.", "idle")
    assert dialect.closed is CloseReason.IDLE
