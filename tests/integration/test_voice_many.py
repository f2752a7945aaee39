"""Ten conversations at once: none disturbs another."""

from __future__ import annotations

import asyncio

import pytest

from lingting.engines.fake import FakeEngine
from model_server import model_in_a_thread, talking_settings
from spoken import pcm_of
from voice_client import VoiceClient, voice_client

pytestmark = pytest.mark.integration

TALKS = 10
SILENCE = bytes(48_000)


async def conversation(port: int, number: int, speech: bytes) -> VoiceClient:
    """One speaks for a time of their own, then writes their name."""
    async with voice_client(port) as client:
        await client.begin(language="en")
        await client.speak(speech[: int((1.2 + 0.3 * number) * 16_000) * 2] + SILENCE)
        await client.until("REPLY_ENDED", which=lambda _: bool(client.of("FINAL")))
        await client.send("TEXT", text=f"My name is {number}.")
        await client.until("REPLY_ENDED", which=lambda _: client.of("REPLY_STARTED")[-1]["asked"].startswith("My name"))
        await client.send("END")
        await client.until("END")
        await client.socket.wait_closed()
        assert client.socket.close_code == 1000
    return client


async def test_ten_conversations_at_once_get_their_own_answers_only(open_live, speech) -> None:
    pcm = pcm_of(speech)
    with (
        model_in_a_thread(lambda asked: ["You said: ", asked]) as model,
        open_live(FakeEngine(), talking_settings(model.port)) as live,
    ):
        clients = await asyncio.gather(*(conversation(live.port, number, pcm) for number in range(TALKS)))
    for number, client in enumerate(clients):
        started = client.of("REPLY_STARTED")
        heard = " ".join(message["transcript"] for message in client.of("FINAL") if message["transcript"])
        assert " ".join(message["asked"] for message in started[:-1]) == heard
        assert started[-1]["asked"] == f"My name is {number}."
        for message in started:
            assert client.reply_text(message["reply"]) == f"You said: {message['asked']}"
            assert len(client.reply_samples(message["reply"]))
        assert [message["reply"] for message in client.of("REPLY_ENDED")] == [message["reply"] for message in started]
        assert [message["reason"] for message in client.of("TALK_ENDED")] == ["hung_up"]
    assert len({client.of("READY")[0]["conversation"] for client in clients}) == TALKS
