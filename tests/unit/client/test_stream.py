"""The driver with a scripted transport and virtual time: what it does when connections fail."""

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager

import pytest

from lingting.client.errors import ConnectionLost, EventsUnread, ServerError, ServerUnreachable
from lingting.client.events import Disconnected, Ended, Final, Partial, Ready, SessionRestarted
from lingting.client.mailbox import Mailbox
from lingting.client.protocol import StreamConfig
from lingting.client.retry import Refusal, RetryPolicy
from lingting.client.stream import Timing, open_stream
from lingting.client.transport import TransportClosed, TransportRefused, Unreachable
from lingting.domain.errors import InvalidMessage

pytestmark = pytest.mark.unit

SECOND = 32_000
POLICY = RetryPolicy(first_seconds=1.0, max_seconds=4.0, give_up_seconds=20.0)
READY = {"type": "READY", "session": "s1", "transcript": "", "received_ms": 0, "seq": 0}
END = {"type": "END", "seq": 99, "transcript": "", "audio_ms": 1_000}


def final(seq: int, segment: int, text: str) -> dict:
    span = {"segment": segment, "start_ms": (segment - 1) * 1_000, "end_ms": segment * 1_000}
    return {"type": "FINAL", "seq": seq, "transcript": text, **span}


class Line:
    """One connection; the script answers each message of the client with messages, or ends it with a code."""

    def __init__(self, answer: Callable[[str | bytes], list[dict | int]]) -> None:
        self._answer = answer
        self._waiting: asyncio.Queue[dict | int] = asyncio.Queue()
        self.sent: list[str | bytes] = []
        self.closed_with: int | None = None

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)
        for said in self._answer(message):
            self._waiting.put_nowait(said)

    async def receive(self) -> str:
        said = await self._waiting.get()
        if isinstance(said, int):
            raise TransportClosed(said, "")
        return json.dumps(said)

    async def close(self, code: int) -> None:
        self.closed_with = code
        self._waiting.put_nowait(1006)

    @property
    def kinds(self) -> list[str]:
        return ["audio" if isinstance(message, bytes) else json.loads(message)["type"] for message in self.sent]


def obliging(**extra: list[dict | int]) -> Line:
    """Answers INIT and RESUME with READY, and END with END; `extra` has other answers, by type."""
    received = 0

    def answer(message: str | bytes) -> list[dict | int]:
        nonlocal received
        kind = "AUDIO" if isinstance(message, bytes) else json.loads(message)["type"]
        if kind in extra:
            return extra[kind]
        if isinstance(message, bytes):
            received += len(message)
            return [{"type": "ACK", "transcript": "", "received_ms": received * 1_000 // SECOND}]
        return {"INIT": [READY], "RESUME": [READY], "END": [END]}.get(kind, [])

    return Line(answer)


class World:
    """The connections that can be had, in order, and a clock that only sleeping moves."""

    def __init__(self, *tries: Line | Exception) -> None:
        self._tries = list(tries)
        self.now = 0.0
        self.waits: list[float] = []

    async def open(self) -> Line:
        attempt = self._tries.pop(0) if len(self._tries) > 1 else self._tries[0]
        if isinstance(attempt, Exception):
            raise attempt
        return attempt

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    @asynccontextmanager
    async def stream(self, **config):
        timing = Timing(lambda: self.now, self._sleep, lambda: 0.0)
        async with open_stream(StreamConfig(**config), self.open, retry=POLICY, timing=timing) as stream:
            yield stream


async def everything(stream) -> list:
    return [event async for event in stream]


async def send_for_ever(stream) -> None:
    while True:
        await stream.send(bytes(2))
        await asyncio.sleep(0)


async def until(stream, kind: type) -> list:
    events = [await anext(stream)]
    while not isinstance(events[-1], kind):
        events.append(await anext(stream))
    return events


async def test_sound_goes_out_and_events_come_in() -> None:
    line = obliging(END=[final(1, 1, "Hello."), END])
    async with World(line).stream() as stream:
        await stream.send(bytes(SECOND))
        await stream.finish()
        events = await everything(stream)
    hello = Final(1, 0.0, 1.0, "Hello.", language_probability=0, confidence=0)
    assert events == [Ready("s1"), hello, Ended("Hello.", 1.0)]
    assert line.kinds == ["INIT", "audio", "END"]
    assert line.closed_with == 1000


async def test_long_sound_goes_in_several_messages() -> None:
    line = obliging()
    async with World(line).stream() as stream:
        await stream.send(bytes(200_000))
        await stream.finish()
        await everything(stream)
    assert [len(message) for message in line.sent if isinstance(message, bytes)] == [65_536, 65_536, 65_536, 3_392]


async def test_a_lost_connection_is_made_again_and_the_session_resumed() -> None:
    first, second = (
        obliging(AUDIO=[final(4, 1, "One"), 1006]),
        obliging(END=[final(4, 1, "One"), final(5, 2, "two"), END]),
    )
    world = World(first, second)
    async with world.stream() as stream:
        await stream.send(bytes(SECOND))
        events = await until(stream, Disconnected)
        await stream.finish()
        events += await everything(stream)
    assert [event.text for event in events if isinstance(event, Final)] == ["One", "two"]
    assert events[-1] == Ended("One two", 1.0)
    assert json.loads(second.sent[0]) == {"type": "RESUME", "session": "s1", "seq": 4, "ack": True}
    assert first.closed_with == 4000, "not 1000, which would end the session"
    assert world.waits == [1.0]


async def test_each_further_attempt_waits_longer() -> None:
    world = World(obliging(AUDIO=[1011]), Unreachable("no"), Unreachable("no"), obliging())
    async with world.stream() as stream:
        await stream.send(bytes(2))
        await stream.finish()
        events = await everything(stream)
    assert world.waits == [1.0, 2.0, 4.0]
    assert [event.retry_seconds for event in events if isinstance(event, Disconnected)] == [1.0, 2.0, 4.0]


async def test_it_gives_up_in_the_end() -> None:
    world = World(obliging(AUDIO=[1006]), Unreachable("nobody there"))
    async with world.stream() as stream:
        await stream.send(bytes(2))
        with pytest.raises(ConnectionLost, match=r"within 20 seconds: .*nobody there"):
            await everything(stream)
        with pytest.raises(ConnectionLost):
            await stream.send(bytes(2))
    assert world.now <= POLICY.give_up_seconds


async def test_a_server_that_breaks_each_connection_at_once_is_given_up_too() -> None:
    def line() -> Line:
        return obliging(INIT=[READY, 1011], RESUME=[READY, 1011])

    async with World(*(line() for _ in range(100))).stream() as stream:
        with pytest.raises(ConnectionLost):
            await everything(stream)


async def test_a_server_that_is_not_there_is_told_at_once() -> None:
    world = World(Unreachable("connection refused"))
    async with world.stream() as stream:
        with pytest.raises(ServerUnreachable, match="connection refused"):
            await everything(stream)
    assert world.waits == []


async def test_a_server_that_is_starting_is_waited_for() -> None:
    world = World(TransportRefused(Refusal(503, "starting", "loading", 5.0)), obliging())
    async with world.stream() as stream:
        await stream.finish()
        assert (await everything(stream))[0] == Disconnected("loading", 5.0)
    assert world.waits == [5.0]


async def test_one_that_is_full_is_asked_again_when_it_says() -> None:
    busy = {"type": "ERROR", "code": "overloaded", "message": "full", "retryable": True, "retry_after_ms": 3_000}
    world = World(obliging(INIT=[busy, 1013]), obliging())
    async with world.stream() as stream:
        await stream.finish()
        assert isinstance((await everything(stream))[-1], Ended)
    assert world.waits == [3.0]


async def test_a_wrong_key_is_an_error_at_once() -> None:
    async with World(TransportRefused(Refusal(401, "invalid_api_key", "unknown key"))).stream() as stream:
        with pytest.raises(ServerError) as caught:
            await everything(stream)
    assert (caught.value.code, caught.value.message) == ("invalid_api_key", "unknown key")


async def test_a_session_that_is_gone_is_replaced() -> None:
    gone = {"type": "ERROR", "code": "session_not_found", "message": "gone", "retryable": False}
    world = World(obliging(AUDIO=[final(1, 1, "One"), 1006]), obliging(RESUME=[gone, 1008]), obliging())
    async with world.stream() as stream:
        await stream.send(bytes(2 * SECOND))
        await stream.finish()
        events = await everything(stream)
    assert [event for event in events if isinstance(event, SessionRestarted)] == [
        SessionRestarted("session_not_found", 1.0)
    ]
    assert events[-1] == Ended("One", 2.0)


async def test_a_full_buffer_makes_the_sender_wait_until_the_server_has_taken_in() -> None:
    line = obliging(AUDIO=[])
    async with World(line).stream(buffer_seconds=1.0) as stream:
        await until(stream, Ready)
        await stream.send(bytes(SECOND))
        waiting = asyncio.create_task(stream.send(bytes(2)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        line._waiting.put_nowait({"type": "ACK", "transcript": "", "received_ms": 1_000})
        await waiting
        assert stream.received_seconds == 1.0


async def test_a_sender_that_waits_hears_of_the_end() -> None:
    world = World(obliging(AUDIO=[1006]), Unreachable("no"))
    async with world.stream(buffer_seconds=1.0) as stream:
        with pytest.raises(ConnectionLost):
            await stream.send(bytes(5 * SECOND))


async def test_nobody_waits_for_a_stream_that_was_closed() -> None:
    async with World(obliging(AUDIO=[])).stream(buffer_seconds=1.0) as stream:
        waiting = asyncio.create_task(stream.send(bytes(4 * SECOND)))
        await until(stream, Ready)
    with pytest.raises(InvalidMessage, match="closed"):
        await waiting
    assert await everything(stream) == []


async def test_a_program_that_does_not_read_is_told() -> None:
    flood = [final(number, number, "x") for number in range(1, 10_050)]
    async with World(obliging(AUDIO=flood)).stream() as stream:
        with pytest.raises(EventsUnread):
            await send_for_ever(stream)


async def test_leaving_early_ends_the_session_for_good() -> None:
    line = obliging()
    async with World(line).stream() as stream:
        await until(stream, Ready)
    assert line.closed_with == 1000
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("lingting")] == []


async def test_a_mistake_in_the_client_is_not_swallowed() -> None:
    async with World(
        obliging(INIT=[{"type": "READY", "session": "s", "received_ms": "0"}, final(1, 1, "x")])
    ).stream() as stream:
        assert isinstance(await anext(stream), Ready)
    broken = Line(lambda _: (_ for _ in ()).throw(ZeroDivisionError))
    async with World(broken).stream() as stream:
        with pytest.raises(Exception, match="ZeroDivisionError"):
            await everything(stream)


def partial(text: str) -> Partial:
    return Partial(1, 0.0, 1.0, text, "")


async def test_a_waiting_partial_gives_way_to_a_newer_one() -> None:
    mailbox = Mailbox(10)
    for event in (Ready("s"), partial("a"), partial("b")):
        mailbox.put(event)
    mailbox.close()
    assert [await mailbox.get() for _ in range(3)] == [Ready("s"), partial("b"), None]
