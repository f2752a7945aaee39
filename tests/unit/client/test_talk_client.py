"""A conversation with a scripted server: what is sent, what is told, and what ends it."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest

from lingting.client.conversation import talking
from lingting.client.errors import ConnectionLost, ServerError
from lingting.client.events import Final
from lingting.client.sound import StreamFormat
from lingting.client.talk_events import (
    FloorTaken,
    ReplyDucked,
    ReplyEnded,
    ReplySound,
    ReplyStarted,
    ReplyText,
    TalkEnded,
    TalkProblem,
)
from lingting.client.transport import Address, TransportClosed

pytestmark = pytest.mark.unit

READY = {"type": "READY", "session": "s", "conversation": "c1"}


class Line:
    """One connection, on which all that the server will say is known."""

    def __init__(self, *said: dict | bytes) -> None:
        self._said = list(said)
        self.sent: list[str | bytes] = []
        self.closed_with: int | None = None

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)

    async def receive(self) -> str | bytes:
        if not self._said:
            raise TransportClosed(1012, "shutting_down")
        said = self._said.pop(0)
        return said if isinstance(said, bytes) else json.dumps(said)

    async def close(self, code: int) -> None:
        self.closed_with = code


def over(line: Line, **config: object):
    return talking(line, StreamFormat(), config)


async def test_what_is_wished_is_sent_and_what_comes_is_told() -> None:
    span = {"segment": 1, "start_ms": 0, "end_ms": 900}
    line = Line(
        READY,
        {"type": "FINAL", "seq": 1, "transcript": "Hello?", **span},
        {"type": "FLOOR", "floor": "thinking"},
        {"type": "REPLY_STARTED", "reply": 1, "kind": "answer", "asked": "Hello?", "language": "en"},
        {"type": "REPLY_TEXT", "reply": 1, "text": "Hi."},
        {"type": "REPLY_AUDIO", "reply": 1, "audio_ms": 1},
        np.array([0, 16_384, -32_768], "<i2").tobytes(),
        {"type": "REPLY_DUCKED", "reply": 1, "ducked": True},
        {"type": "PROBLEM", "reply": 1, "code": "engine_failed", "message": "broke"},
        {
            "type": "REPLY_ENDED",
            "reply": 1,
            "heard": "Hi.",
            "cut": True,
            "conversation": "c1",
            "timings": {"final_ms": 250},
        },
        {"type": "SOMETHING_NEW"},
        {"type": "TALK_ENDED", "reason": "hung_up"},
        {"type": "END", "transcript": "Hello?", "audio_ms": 900},
    )
    async with over(line, voice="x") as talk:
        assert talk.conversation == "c1"
        events = [event async for event in talk]
    assert [type(event) for event in events] == [
        *(Final, FloorTaken, ReplyStarted, ReplyText, ReplySound, ReplyDucked, TalkProblem, ReplyEnded, TalkEnded)
    ]
    assert events[4].samples.tolist() == [0.0, 0.5, -1.0]
    assert (events[7].heard, events[7].is_cut, events[7].stages) == ("Hi.", True, {"final": 0.25})
    hello = json.loads(line.sent[0])
    assert hello["config"] == {"encoding": "LINEAR16", "sample_rate": 16_000, "channels": 1, "voice": "x"}
    assert line.closed_with == 1000


async def test_each_wish_is_one_message() -> None:
    line = Line(READY)
    async with over(line) as talk:
        await talk.send(np.zeros(100, np.float32))
        await talk.send(bytes(70_000))
        await talk.say("Hello?")
        await talk.played(2, 1.25)
        for wish in (talk.end_turn, talk.stop, talk.finish):
            await wish()
    assert [len(message) for message in line.sent if isinstance(message, bytes)] == [200, 65_536, 4_464]
    assert [json.loads(message) for message in line.sent[4:]] == [
        {"type": "TEXT", "text": "Hello?"},
        {"type": "PLAYED", "reply": 2, "ms": 1250},
        {"type": "TURN_END"},
        {"type": "STOP"},
        {"type": "END"},
    ]


async def test_a_refusal_is_raised_with_its_code() -> None:
    refused = {"type": "ERROR", "code": "voice_not_found", "message": "no such voice", "param": "voice"}
    with pytest.raises(ServerError) as told:
        async with over(Line(refused)):
            raise AssertionError("it did not begin")
    assert (told.value.code, told.value.param) == ("voice_not_found", "voice")


async def test_a_lost_connection_ends_the_conversation() -> None:
    async with over(Line(READY)) as talk, asyncio.timeout(5):
        with pytest.raises(ConnectionLost):
            await anext(talk)


def test_the_address_has_its_own_path() -> None:
    address = Address.of("http://localhost:8000", key=None, ssl=None, proxy=None, path="/v1/chat/voice")
    assert address.url == "ws://localhost:8000/v1/chat/voice"
