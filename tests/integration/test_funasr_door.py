"""FunASR's protocol over a real server: a client as its own is, real speech, a scripted engine."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest
from websockets.asyncio.client import connect

from access_doors import settings_in
from lingting.engines.fake import FakeEngine
from spoken import pcm_of, pieces_of

pytestmark = pytest.mark.integration

DEADLINE_SECONDS = 30.0
WORDS = "一二三四五六七八九十"


def count(clip):
    """Drafts that agree on what was said before, and finals that are written otherwise."""
    heard = WORDS[: max(1, int(clip.audio.duration_seconds * 2))]
    return heard if clip.options.beam_size == 1 else f"{heard}。"


@pytest.fixture(scope="module")
def live(open_live, tmp_path_factory):
    with open_live(FakeEngine(count), settings_in(tmp_path_factory.mktemp("funasr"))) as running:
        yield running


@dataclass
class Client:
    """What FunASR's own client keeps of its results."""

    online: str = ""
    offline: str = ""
    shown: str = ""
    messages: list = field(default_factory=list)

    def hear(self, message: dict) -> None:
        self.messages.append(message)
        if message["mode"] == "online":
            self.shown += message["text"]
        elif message["mode"] == "2pass-online":
            self.online += message["text"]
            self.shown = self.offline + self.online
        else:
            self.online = ""
            self.offline += message["text"]
            self.shown = self.offline

    @property
    def modes(self) -> set[str]:
        return {message["mode"] for message in self.messages if message["text"]}


async def talk(live, data: bytes, *, path: str = "", pace_seconds: float = 0.0, **wishes: object) -> Client:
    client = Client()
    hello = {"mode": "2pass", "chunk_size": [5, 10, 5], "chunk_interval": 10, "wav_name": "demo", "is_speaking": True}
    address = f"ws://127.0.0.1:{live.port}{path}"
    async with asyncio.timeout(DEADLINE_SECONDS), connect(address, proxy=None, subprotocols=["binary"]) as socket:
        assert socket.subprotocol == "binary"

        async def send() -> None:
            await socket.send(json.dumps(hello | {"wav_format": "pcm", "audio_fs": 16_000} | wishes))
            for piece in pieces_of(data, 1_920):
                await socket.send(piece)
                await asyncio.sleep(pace_seconds)
            await socket.send(json.dumps({"is_speaking": False, "is_end": True}))

        sending = asyncio.create_task(send())
        while not client.messages or not client.messages[-1].get("is_end"):
            client.hear(json.loads(await socket.recv()))
        await sending
    return client


async def test_pieces_are_replaced_by_sentences(live, speech) -> None:
    client = await talk(live, pcm_of(speech), pace_seconds=0.01)
    assert client.modes == {"2pass-online", "2pass-offline"}
    told = [message for message in client.messages if message["mode"] == "2pass-offline"]
    assert client.shown == "".join(message["text"] for message in told)
    assert client.shown.count("。") == len(told) >= 2
    assert not any(message["is_final"] for message in told[:-1])
    times = json.loads(told[0]["timestamp"])
    assert len(times) == len(told[0]["text"].rstrip("。"))
    assert told[0]["stamp_sents"][0]["ts_list"] == times
    assert client.messages[-1]["is_final"]


async def test_pieces_alone_say_all(live, speech) -> None:
    client = await talk(live, pcm_of(speech), path="/funasr", pace_seconds=0.01, mode="online")
    assert client.modes == {"online"}
    assert client.shown.count("。") >= 2
    assert client.shown.startswith("一二")


async def test_a_recording_is_answered_once(live, speech) -> None:
    client = await talk(live, speech, mode="offline", wav_format="flac")
    (told,) = (message for message in client.messages if message["text"])
    assert told["is_final"]
    assert told["text"].count("。") >= 2


async def test_one_connection_takes_one_recording_after_the_other(live, speech) -> None:
    texts = []
    address = f"ws://127.0.0.1:{live.port}/funasr"
    async with asyncio.timeout(DEADLINE_SECONDS), connect(address, proxy=None, subprotocols=["binary"]) as socket:
        for name in ("one", "two"):
            await socket.send(json.dumps({"mode": "offline", "wav_name": name, "wav_format": "flac"}))
            await socket.send(speech)
            await socket.send('{"is_speaking": false, "is_end": true}')
            told, end = json.loads(await socket.recv()), json.loads(await socket.recv())
            assert (told["wav_name"], end["wav_name"], end["is_final"]) == (name, name, True)
            texts.append(told["text"])
    assert texts[0] == texts[1]


async def test_what_cannot_be_served_is_told_in_the_acknowledgement(live, speech) -> None:
    client = await talk(live, b"", mode="3pass")
    assert client.messages[-1]["error"].startswith("mode")
    assert not client.messages[-1]["is_final"]
    assert (await talk(live, pcm_of(speech), mode="offline")).messages[-1]["is_final"]


async def test_clients_of_both_protocols_share_the_root(live) -> None:
    async with connect(f"ws://127.0.0.1:{live.port}/", proxy=None) as vosk:
        await vosk.send('{"eof" : 1}')
        assert json.loads(await vosk.recv()) == {"text": ""}
