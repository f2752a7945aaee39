"""vosk-server's protocol over a real server: clients as its own examples are, real speech, a scripted engine."""

import asyncio
import itertools
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from access_doors import settings_in
from lingting.engines.fake import FakeEngine
from spoken import pcm_of, pieces_of

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 30.0


def sentence(clip):
    return f"We heard {clip.audio.duration_seconds:.0f} seconds." if clip.options.beam_size > 1 else "We heard"


@pytest.fixture(scope="module")
def live(open_live, tmp_path_factory):
    with open_live(FakeEngine(sentence), settings_in(tmp_path_factory.mktemp("vosk"))) as running:
        yield running


async def talk(live, pcm: bytes, rate_hz: int, *, path: str = "", pace_seconds: float = 0.0) -> tuple[list, dict]:
    """Send a fifth of a second, wait for the reply, and so on: the replies, and the one to the end."""
    replies = []
    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        connect(f"ws://127.0.0.1:{live.port}{path}", proxy=None) as socket,
    ):
        await socket.send(f'{{ "config" : {{ "sample_rate" : {rate_hz} }} }}')
        for piece in pieces_of(pcm, rate_hz * 2 // 5):
            await socket.send(piece)
            replies.append(json.loads(await socket.recv()))
            await asyncio.sleep(pace_seconds)
        await socket.send('{"eof" : 1}')
        last = json.loads(await socket.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd.code == 1000
    return replies, last


@pytest.mark.parametrize(("path", "rate_hz"), [("", 16_000), ("/", 8_000), ("/vosk", 16_000)])
async def test_each_frame_has_one_reply_and_nothing_is_lost(live, speech, path, rate_hz) -> None:
    pcm = pcm_of(speech, rate_hz)
    replies, last = await talk(live, pcm, rate_hz, path=path)
    told = [*(reply for reply in replies if "text" in reply), last]
    words = [word for reply in told for word in reply.get("result", ())]
    text = " ".join(reply["text"] for reply in told if reply["text"])
    assert text.count("We heard") >= 2
    assert " ".join(word["word"] for word in words) == text
    assert all(one["start"] <= two["start"] for one, two in itertools.pairwise(words))
    assert words[-1]["end"] <= len(pcm) / 2 / rate_hz + 0.5


async def test_partials_and_finals_come_while_somebody_speaks(live, speech) -> None:
    """Slower than as fast as possible, so that answers come between frames."""
    replies, _ = await talk(live, pcm_of(speech, 16_000), 16_000, pace_seconds=0.04)
    assert "We heard" in [reply.get("partial") for reply in replies]
    assert any(reply.get("text") for reply in replies)


async def test_a_client_that_names_a_model_is_shut_out_alone(live, speech) -> None:
    async with connect(f"ws://127.0.0.1:{live.port}/vosk", proxy=None) as socket:
        await socket.send('{"config": {"model": "/models/other"}}')
        assert json.loads(await socket.recv())["code"] == "invalid_option"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "invalid_option")
    replies, last = await talk(live, pcm_of(speech, 16_000), 16_000)
    assert any(reply.get("text") for reply in [*replies, last])
