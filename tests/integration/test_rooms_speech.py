"""Speech published to a room over the native WebSocket and over plain subtitles, by a whole server."""

import asyncio
import io
import json

import av
import httpx
import pytest
from websockets.asyncio.client import connect

from room_server import said

pytestmark = pytest.mark.integration

PIECE_BYTES = 6_400
SILENCE = bytes(32_000)


@pytest.fixture(scope="module")
def pcm(speech) -> bytes:
    """16 kHz s16le, with a pause that ends the sentence."""
    with av.open(io.BytesIO(speech)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        frames = [made for frame in file.decode(audio=0) for made in resampler.resample(frame)]
        frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().tobytes() for frame in frames) + SILENCE


@pytest.fixture
def room(live):
    room = httpx.post(f"{live.url}/v1/rooms", json={"language": "en"}).json()
    yield room
    httpx.delete(f"{live.url}/v1/rooms/{room['room']}?token={room['publish_token']}")


async def until_final(viewer) -> list[dict]:
    messages = [await said(viewer)]
    while not messages[-1].get("is_final"):
        messages.append(await said(viewer))
    return messages


def rising(captions: list[dict]) -> bool:
    revisions: dict[str, list[int]] = {}
    for caption in captions:
        revisions.setdefault(caption["id"], []).append(caption["revision"])
    return all(seen == sorted(set(seen)) for seen in revisions.values())


async def test_a_native_session_is_shown_in_its_room_and_stays_there(live, room, pcm) -> None:
    config = {"language": "en", "ack": False, "room": room["room"], "room_token": room["publish_token"]}
    async with (
        connect(room["links"]["view"], proxy=None) as viewer,
        connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream", proxy=None) as speaker,
    ):
        snapshot = await said(viewer)
        await speaker.send(json.dumps({"type": "INIT", "config": config}))
        assert (await said(speaker))["type"] == "READY"
        began = await said(viewer)
        for first in range(0, len(pcm), PIECE_BYTES):
            await speaker.send(pcm[first : first + PIECE_BYTES])
        await speaker.send('{"type":"END"}')
        heard = await said(speaker)
        while heard["type"] != "END":
            heard = await said(speaker)
        shown = [await said(viewer)]
        while shown[-1] != {"type": "status", "live": False}:
            shown.append(await said(viewer))
    async with httpx.AsyncClient() as client:
        text = (await client.get(room["links"]["srt"].replace("format=srt", "format=txt"))).text
    captions = [message for message in shown if message["type"] == "caption"]
    assert (snapshot["captions"], began) == ([], {"type": "status", "live": True})
    assert rising(captions)
    assert " ".join(text.split("\n")).strip() == heard["transcript"] != ""


async def test_plain_subtitles_are_shown_in_a_room_too(live, room, pcm) -> None:
    query = f"language=en&room={room['room']}&token={room['publish_token']}"
    async with (
        connect(room["links"]["view"], proxy=None) as viewer,
        connect(f"ws://127.0.0.1:{live.port}/ws/subtitle?{query}", proxy=None) as speaker,
    ):
        for first in range(0, len(pcm), PIECE_BYTES):
            await speaker.send(pcm[first : first + PIECE_BYTES])
        await speaker.send("end")
        async with asyncio.timeout(20):
            final = (await until_final(viewer))[-1]
    assert final["text"]


async def test_a_wrong_room_token_does_not_begin_a_session(live, room) -> None:
    config = {"room": room["room"], "room_token": room["view_token"]}
    async with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream", proxy=None) as speaker:
        await speaker.send(json.dumps({"type": "INIT", "config": config}))
        answer = await said(speaker)
    assert (answer["type"], answer["code"]) == ("ERROR", "not_allowed")
