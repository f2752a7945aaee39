"""Conversations with real sound: a sentence spoken into a reply, noise, the bot's own echo, a lost connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from loudspeaker import Loudspeaker
from model_server import messages_of, model_in_a_thread
from raw_server import RawServer
from serve_process import talking
from spoken import pcm_of
from voice_client import PIECE_SECONDS, VoiceClient, voice_client

pytestmark = [pytest.mark.model, pytest.mark.timeout(300), pytest.mark.usefixtures("whisper_base")]

SPEECH = Path(__file__).parents[3] / "shared" / "speech"
SILENCE = bytes(32_000)
SHORT = "The weather is fine today, and it will stay warm until the evening."
LONG = " ".join([SHORT, "Tomorrow brings some clouds from the west, and a little rain in the afternoon."] * 4)
PIECE_SAMPLES = int(PIECE_SECONDS * 16_000)


@dataclass
class House:
    port: int
    model: RawServer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Whisper base, a voice for English, and a model that says one of two things."""
    with (
        model_in_a_thread(lambda asked: [LONG if "long" in asked else SHORT]) as model,
        talking(tmp_path_factory.mktemp("talk"), f"http://127.0.0.1:{model.port}/v1", "hibari") as url,
    ):
        yield House(int(url.rpartition(":")[2]), model)


async def ask(client: VoiceClient, text: str, **config: object) -> dict:
    """Until the reply can be heard."""
    ready = await client.begin(language="en", **config)
    await client.send("TEXT", text=text)
    await client.until("REPLY_AUDIO")
    return ready


async def speaking_on(client: VoiceClient, pcm: bytes) -> None:
    """In real time, and silence after it until cancelled."""
    await client.speak(pcm, pace=1.0)
    while True:
        await client.speak(SILENCE, pace=1.0)


async def until_its_end(client: VoiceClient, reply: int, pcm: bytes) -> dict:
    """How the reply ends for a user who says this."""
    speaking = asyncio.create_task(speaking_on(client, pcm))
    try:
        return await client.until("REPLY_ENDED", which=lambda message: message["reply"] == reply)
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


async def test_a_sentence_spoken_into_a_reply_ends_it_and_is_answered(house) -> None:
    sentence = pcm_of((SPEECH / "en" / "en_sb_spk1_snt1.wav").read_bytes())
    async with voice_client(house.port) as client:
        await ask(client, "Tell me the long forecast.")
        speaking = asyncio.create_task(speaking_on(client, sentence))
        cut = await client.until("REPLY_ENDED")
        started = await client.until("REPLY_STARTED")
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
    assert cut["cut"]
    assert len(cut["heard"]) < 0.5 * len(LONG)
    assert client.of("REPLY_DUCKED")[0]["ducked"]
    assert "small dog" in started["asked"].lower()


async def test_noise_does_not_end_a_reply(house) -> None:
    noise = pcm_of((SPEECH / "noise" / "noise_sb_1.flac").read_bytes())[: 3 * 32_000]
    async with voice_client(house.port) as client:
        await ask(client, "Tell me the weather.")
        ended = await until_its_end(client, 1, noise)
    assert not ended["cut"]
    assert ended["heard"] == SHORT


@pytest.mark.parametrize("echo", [True, False], ids=["cancelled", "known by its words"])
async def test_the_bot_does_not_answer_its_own_voice(house, echo) -> None:
    room = Loudspeaker(delay_seconds=0.1, level=0.5)
    async with voice_client(house.port) as client:
        await client.begin(language="en", echo=echo)
        await client.send("TEXT", text="Tell me the weather.")
        replying = asyncio.create_task(client.until("REPLY_ENDED"))
        await played_aloud(client, room, replying)
        ended = await replying
        await client.send("END")
        await client.until("END")
    assert not ended["cut"]
    assert [message["asked"] for message in client.of("REPLY_STARTED")] == ["Tell me the weather."]
    assert bool("".join(message["transcript"] for message in client.of("FINAL"))) is not echo


async def played_aloud(client: VoiceClient, room: Loudspeaker, replying: asyncio.Task[dict]) -> None:
    """What comes of the reply is played at once, and the microphone is in the room, until two seconds after its end."""
    loop, played, quiet_seconds = asyncio.get_running_loop(), 0, 0.0
    next_at = loop.time()
    while quiet_seconds < 2.0:
        pieces = client.sounds.get(1, [])
        for piece in pieces[played:]:
            room.play(piece)
        played = len(pieces)
        quiet_seconds = quiet_seconds + PIECE_SECONDS if replying.done() and room.is_quiet else 0.0
        await client.socket.send(room.heard(PIECE_SAMPLES))
        next_at += PIECE_SECONDS
        await asyncio.sleep(max(0.0, next_at - loop.time()))


async def test_what_was_heard_before_a_connection_was_lost_is_remembered(house) -> None:
    async with voice_client(house.port) as client:
        ready = await ask(client, "Tell me the long forecast.")
        await asyncio.sleep(2.0)
        client.socket.transport.abort()
    house.model.requests.clear()
    async with voice_client(house.port) as client:
        await client.begin(language="en", speak=False, conversation=ready["conversation"])
        await client.send("TEXT", text="Go on.")
        await client.until("REPLY_ENDED")
    said = [message["content"] for message in messages_of(house.model.requests[-1])[1:]]
    assert (said[0], said[-1]) == ("Tell me the long forecast.", "Go on.")
    assert len(said) == 3
    assert LONG.startswith(said[1])
    assert 0 < len(said[1]) < 0.5 * len(LONG)
