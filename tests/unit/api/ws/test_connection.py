"""The socket loop over a fake hub and a socket without a network."""

import asyncio
import json

import pytest
from fake_live import FakeHub, FakeSocket, serving

from lingting.api.ws.aliyun.dialect import AliyunNls
from lingting.api.ws.dialect import Handshake
from lingting.api.ws.subtitle import SubtitleDialect
from lingting.domain import CloseReason, Final, Partial
from lingting.domain.errors import Overloaded, RoomTaken
from lingting.telemetry import Telemetry

pytestmark = pytest.mark.unit

INIT = '{"type":"INIT"}'


async def told(socket) -> dict:
    return json.loads(await socket.text())


async def begun(hub, **limits):
    """A socket whose session is open, the session, and the task that serves it."""
    socket = FakeSocket()
    task = serving(socket, hub, **limits)
    socket.send(INIT)
    assert (await told(socket))["type"] == "READY"
    return socket, hub.sessions[-1], task


async def finished(task) -> None:
    async with asyncio.timeout(5):
        await task


async def test_audio_is_fed_and_answered_in_order() -> None:
    socket, session, task = await begun(FakeHub())
    session.text = "hel"
    socket.send(bytes(640))
    assert await told(socket) == {"type": "ACK", "transcript": "hel", "received_ms": 20, "is_final": False}
    session.say(Final(1, 1, 0.0, 1.0, "hello", "en"))
    assert (await told(socket))["transcript"] == "hello"
    socket.send('{"type":"END"}')
    socket.hang_up()
    await finished(task)
    assert session.calls == ["finish", "detach"]


async def test_the_end_closes_normally() -> None:
    socket, session, task = await begun(FakeHub())
    socket.send('{"type":"END"}')
    session.close()
    assert (await told(socket))["type"] == "END"
    assert await socket.closed() == (1000, "finished")
    await finished(task)
    assert "detach" not in session.calls


@pytest.mark.parametrize(
    ("reason", "code"),
    [(CloseReason.IDLE, 1008), (CloseReason.TOO_LONG, 1009), (CloseReason.SHUTTING_DOWN, 1012)],
)
async def test_a_session_that_ends_ends_its_connection(reason, code) -> None:
    socket, session, task = await begun(FakeHub())
    session.close(reason)
    assert (await told(socket))["type"] == "CLOSED"
    assert await socket.closed() == (code, reason)
    await finished(task)


async def test_a_lost_connection_leaves_the_session_for_its_client() -> None:
    hub = FakeHub()
    socket, session, task = await begun(hub)
    socket.hang_up(1006)
    await finished(task)
    assert session.calls == ["detach"]
    session.say(Final(1, 1, 0.0, 1.0, "missed", "en"))
    again = FakeSocket()
    task = serving(again, hub)
    again.send('{"type":"RESUME","session":"session-0","seq":0}')
    assert (await told(again))["resumed"]
    assert (await told(again))["transcript"] == "missed"
    again.hang_up()
    await finished(task)


async def test_a_client_that_closes_on_purpose_ends_its_session() -> None:
    socket, session, task = await begun(FakeHub())
    socket.hang_up(1000)
    await finished(task)
    assert session.calls == ["finish", "detach"]


async def test_a_dialect_without_resume_ends_its_session() -> None:
    socket, hub = FakeSocket(), FakeHub()
    task = serving(socket, hub, dialect=SubtitleDialect(Handshake()))
    socket.send(bytes(640))
    socket.hang_up(1006)
    await finished(task)
    assert hub.sessions[0].data == bytes(640)
    assert hub.sessions[0].calls == ["finish", "detach"]


async def test_the_second_connection_takes_over_from_the_first() -> None:
    hub = FakeHub()
    first, session, first_task = await begun(hub)
    second = FakeSocket()
    second_task = serving(second, hub)
    second.send('{"type":"RESUME","session":"session-0"}')
    assert (await told(second))["type"] == "READY"
    first.send(b"late")
    assert await first.closed() == (1008, "session_resumed_elsewhere")
    await finished(first_task)
    assert session.data == b""
    assert session.calls == []
    second.hang_up()
    await finished(second_task)


async def test_a_full_house_is_told_with_1013() -> None:
    socket, hub = FakeSocket(), FakeHub()
    hub.refuses_with = Overloaded("full", retry_after_seconds=2.0)
    task = serving(socket, hub)
    socket.send(INIT)
    assert (await told(socket))["retry_after_ms"] == 2_000
    assert await socket.closed() == (1013, "overloaded")
    await finished(task)


async def test_bad_messages_are_told_and_too_many_in_a_row_end_it() -> None:
    socket = FakeSocket()
    task = serving(socket, FakeHub(), max_bad_messages=3)
    for message in ("?", "?", '{"type":"PING"}', "?", "?", "?"):
        socket.send(message)
    kinds = [(await told(socket))["type"] for _ in range(6)]
    assert kinds == ["ERROR", "ERROR", "PONG", "ERROR", "ERROR", "ERROR"]
    assert await socket.closed() == (1008, "invalid_message")
    await finished(task)


async def test_a_message_over_the_limit_ends_it_with_1009() -> None:
    socket, session, task = await begun(FakeHub(), max_message_bytes=1_000)
    socket.send(bytes(1_001))
    assert (await told(socket))["code"] == "limit_exceeded"
    assert (await socket.closed())[0] == 1009
    await finished(task)
    assert session.calls == ["detach"]


async def test_a_silent_stranger_is_shown_out() -> None:
    socket = FakeSocket()
    task = serving(socket, FakeHub(), hello_seconds=0.01)
    assert (await told(socket))["code"] == "session_idle"
    assert await socket.closed() == (1008, "session_idle")
    await finished(task)


async def test_a_client_that_never_reads_is_let_go_and_may_come_back() -> None:
    hub, telemetry = FakeHub(), Telemetry()
    socket, session, task = await begun(hub, send_seconds=0.01, max_outbox_messages=2, telemetry=telemetry)
    socket.reads.clear()
    for _ in range(100):
        socket.send(b"\0\0")
    socket.send('{"type":"PING"}')
    for seq in range(1, 50):
        session.say(Partial(seq, 1, 0.0, 1.0, "so", " far", "en"))
    async with asyncio.timeout(5):
        await asyncio.wait([task])
    await task
    assert session.calls == ["detach"]
    assert len(session.data) < 20
    exposition = telemetry.exposition().decode()
    assert 'asr_sockets_total{door="/test",outcome="1008"} 1.0' in exposition
    assert 'asr_sockets_open{door="/test"} 0.0' in exposition
    assert 'asr_errors_total{code="client_too_slow"} 1.0' in exposition


async def test_events_that_pile_up_end_the_connection() -> None:
    socket, session, task = await begun(FakeHub())
    session.subscription._capacity = 2
    for seq in range(1, 10):
        session.say(Final(seq, seq, 0.0, 1.0, "x", "en"))
    assert (await told(socket))["code"] == "client_too_slow"
    assert await socket.closed() == (1008, "client_too_slow")
    await finished(task)
    assert session.calls == ["detach"]


async def test_what_breaks_is_told_without_a_trace() -> None:
    socket, session, task = await begun(FakeHub())
    session.fails_with = ZeroDivisionError("secret")
    socket.send(bytes(2))
    error = await told(socket)
    assert error["code"] == "internal_error"
    assert "secret" not in json.dumps(error)
    assert await socket.closed() == (1011, "internal_error")
    await finished(task)


class _Rooms:
    def __init__(self, refusal=None) -> None:
        self.published: list[tuple] = []
        self.refusal = refusal

    async def publish(self, room, token, session) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.published.append((room, token, session))


async def test_a_room_gets_the_session_before_its_first_event() -> None:
    rooms, hub, socket = _Rooms(), FakeHub(), FakeSocket()
    task = serving(socket, hub, rooms=rooms)
    socket.send('{"type":"INIT","config":{"room":"talk","room_token":"t"}}')
    assert (await told(socket))["type"] == "READY"
    assert rooms.published == [("talk", "t", hub.sessions[0])]
    socket.hang_up()
    await finished(task)


async def test_a_room_that_refuses_leaves_no_session_behind() -> None:
    hub, socket = FakeHub(), FakeSocket()
    task = serving(socket, hub, rooms=_Rooms(RoomTaken("somebody else publishes there")))
    socket.send('{"type":"INIT","config":{"room":"talk"}}')
    assert (await told(socket))["code"] == "room_taken"
    assert hub.sessions[0].calls == ["aclose"]
    socket.send(INIT)
    assert (await told(socket))["type"] == "READY"
    socket.hang_up()
    await finished(task)


IDS = {"message_id": "0" * 32, "task_id": "1" * 32, "appkey": "any"}
START = json.dumps({"header": {"namespace": "SpeechRecognizer", "name": "StartRecognition"} | IDS})


async def started(hub, socket) -> None:
    socket.send(START)
    assert (await told(socket))["header"]["name"] == "RecognitionStarted"


async def test_a_dialect_may_keep_the_connection_for_another_session() -> None:
    hub, socket = FakeHub(), FakeSocket()
    task = serving(socket, hub, dialect=AliyunNls(Handshake()))
    for number in range(2):
        await started(hub, socket)
        hub.sessions[number].close()
        assert (await told(socket))["header"]["name"] == "RecognitionCompleted"
    socket.hang_up()
    await finished(task)
    assert [session.calls for session in hub.sessions] == [[], []]


async def test_a_kept_connection_is_not_waited_for_longer_than_a_fresh_one() -> None:
    hub, socket = FakeHub(), FakeSocket()
    task = serving(socket, hub, dialect=AliyunNls(Handshake()), hello_seconds=0.05)
    await started(hub, socket)
    hub.sessions[0].close()
    assert (await told(socket))["header"]["name"] == "RecognitionCompleted"
    assert (await told(socket))["header"]["status"] == 40_000_004
    assert await socket.closed() == (1008, "session_idle")
    await finished(task)
