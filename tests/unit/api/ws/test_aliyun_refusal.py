"""Callers of Aliyun's door that are turned away on the socket."""

import json
from types import SimpleNamespace

import pytest
from fake_live import FakeSocket

from lingting.api.http.doors import MAX_TURNED_AWAY, Doors, HttpLimits
from lingting.api.ws.aliyun.refusal import turn_away
from lingting.domain import RecognizeOptions
from lingting.domain.errors import InvalidKey, MissingScope

pytestmark = pytest.mark.unit

IDS = {"message_id": "0" * 32, "task_id": "1" * 32, "appkey": "any"}
START = json.dumps({"header": {"namespace": "SpeechRecognizer", "name": "StartRecognition"} | IDS})


@pytest.fixture
def doors() -> Doors:
    return Doors(HttpLimits(), RecognizeOptions())


@pytest.fixture
def socket(doors) -> FakeSocket:
    made = FakeSocket()
    made.websocket.scope["app"] = SimpleNamespace(state=SimpleNamespace(doors=doors))
    return made


@pytest.mark.parametrize("error", [InvalidKey("unknown"), MissingScope("not for this")])
async def test_the_task_that_is_asked_for_fails(socket, error) -> None:
    socket.send(START)
    await turn_away(socket.websocket, error)
    header = json.loads(await socket.text())["header"]
    assert (header["status"], header["task_id"]) == (40_000_001, "1" * 32)
    assert await socket.closed() == (1008, error.code)


@pytest.mark.parametrize("message", ["{", b"sound", "{}"])
async def test_whatever_it_says_it_is_turned_away(socket, message) -> None:
    socket.send(message)
    await turn_away(socket.websocket, InvalidKey("unknown"))
    header = json.loads(await socket.text())["header"]
    assert (header["status"], header["namespace"], len(header["task_id"])) == (40_000_001, "Default", 32)


async def test_who_hangs_up_first_is_told_nothing(socket, doors) -> None:
    socket.hang_up()
    await turn_away(socket.websocket, InvalidKey("unknown"))
    assert socket.sent.empty()
    assert doors.turned_away.open == 0


async def test_when_many_are_being_turned_away_the_next_is_not_even_accepted(socket, doors) -> None:
    doors.turned_away.open = MAX_TURNED_AWAY
    await turn_away(socket.websocket, InvalidKey("unknown"))
    assert (await socket.receive())["type"] == "websocket.close"
    assert socket.sent.empty()
