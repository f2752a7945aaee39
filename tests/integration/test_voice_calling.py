"""Calling the bot over a real server: wake phrases, sleep and push-to-talk, with a scripted engine and model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from lingting.client import BotCalled, FloorTaken, ReplyStarted, talk
from lingting.domain import SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.engines.fake import FakeEngine
from lingting.server.chat import ChatNeeds, open_chat
from lingting.telemetry import Telemetry
from model_server import messages_of, model_in_a_thread, talking_settings
from spoken import pcm_of
from voice_client import to_its_end, voice_client

pytestmark = pytest.mark.integration

HEARD_SECONDS = 2.0
"""For a sentence that was sent all at once: in real time it is heard before a key can go down."""

SILENCE = bytes(48_000)


class Recognizer:
    """An engine that hears what a test says next, over the silence as well."""

    def __init__(self) -> None:
        self.hears = ""
        self.engine = FakeEngine(lambda _: self.hears)


@pytest.fixture(scope="module")
def sentence(speech: bytes) -> bytes:
    return pcm_of(speech)[: 2 * 32_000] + SILENCE


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer()


@pytest.fixture(scope="module")
def house(open_live, recognizer) -> Iterator[tuple[int, object]]:
    """Its port, and its model's server; the settings name a phrase."""
    with (
        model_in_a_thread(lambda _: ("It is five.",)) as model,
        open_live(recognizer.engine, talking_settings(model.port, wake_phrases=("hello computer",))) as live,
    ):
        yield live.port, model


async def test_a_bot_is_called_answers_and_sleeps(house, recognizer, sentence) -> None:
    port, model = house
    model.requests.clear()
    async with voice_client(port) as client:
        await client.begin(language="zh", speak=False, wake=["小听小听"], sleep_words=["再见"])
        recognizer.hears = "今天天气怎么样？"
        await client.speak(sentence)
        await client.until("FINAL")
        recognizer.hears = "小听小听，几点了？"
        await client.speak(sentence)
        await client.until("REPLY_ENDED")
        recognizer.hears = "再见。"
        await client.speak(sentence)
        slept = await client.until("SLEPT")
        recognizer.hears = "还有别的事吗？"
        await client.speak(sentence)
        await client.send("END")
        await client.until("END")
    assert [message["phrase"] for message in client.of("CALLED")] == ["小听小听"]
    assert client.of("REPLY_STARTED")[0]["asked"] == "几点了？"
    assert slept["reason"] == "said"
    assert not any("天气" in message["asked"] or "还有" in message["asked"] for message in client.of("REPLY_STARTED"))
    assert messages_of(model.requests[0])[-1]["content"] == "几点了？"


async def test_the_phrase_of_the_settings_wakes_the_bot_of_a_client_that_names_none(
    house, recognizer, sentence
) -> None:
    port, _ = house
    async with talk(f"ws://127.0.0.1:{port}", language="en", speak=False) as bot:
        recognizer.hears = "Hello computer, what time is it?"
        await bot.send(sentence)
        events = await to_its_end(bot)
    assert BotCalled("hello computer") in events
    assert [event.asked for event in events if isinstance(event, ReplyStarted)] == ["what time is it?"]


async def test_a_client_may_want_a_bot_that_is_always_awake(house, recognizer, sentence) -> None:
    port, _ = house
    async with voice_client(port) as client:
        await client.begin(language="en", speak=False, wake=[])
        recognizer.hears = "What time is it?"
        await client.speak(sentence)
        await client.until("REPLY_ENDED")
    assert not client.of("CALLED")


async def test_what_is_said_while_the_key_is_down_is_the_turn(house, recognizer, sentence) -> None:
    port, _ = house
    recognizer.hears = "What time is it?"
    async with talk(f"ws://127.0.0.1:{port}", language="en", speak=False, push_to_talk=True) as bot:
        await bot.send(sentence)
        await asyncio.sleep(HEARD_SECONDS)
        await bot.press()
        await bot.send(sentence + sentence)
        await bot.release()
        await bot.send(sentence)
        events = await to_its_end(bot)
    assert FloorTaken("thinking") in events
    twice = "What time is it? What time is it?"
    assert [event.asked for event in events if isinstance(event, ReplyStarted)] == [twice]


@pytest.mark.parametrize(
    ("config", "param", "word"),
    [
        ({"wake": ["嘿"]}, "wake", "too short"),
        ({"wake": ["привет"]}, "wake", "neither Chinese"),
        ({"wake_words": ["hey_bot"]}, "wake_words", "hey_jarvis"),
        ({"wake": ["hey lingting"], "sleep_words": ["…"]}, "sleep_words", "neither Chinese"),
    ],
)
async def test_what_cannot_wake_a_bot_is_refused_by_its_field(house, config, param, word) -> None:
    port, _ = house
    async with voice_client(port) as client:
        refused = await client.begin(speak=False, **config)
        assert (refused["code"], refused["param"]) == ("invalid_option", param)
        assert word in refused["message"]
        assert "talk." not in refused["message"]
        assert (await client.begin(speak=False))["type"] == "READY"


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ({"wake_phrases": ("嘿",)}, "talk.wake_phrases"),
        ({"wake_words": ("hey_bot",)}, "talk.wake_words"),
        ({"sleep_words": ("…",)}, "talk.sleep_words"),
    ],
)
async def test_settings_that_cannot_wake_a_bot_stop_the_start(setting, name) -> None:
    needs = ChatNeeds(kept=None, limiter=None, usage=None, intents=None, commands=None)
    opening = open_chat(talking_settings(1, **setting), needs, clock=SystemClock(), telemetry=Telemetry())
    with pytest.raises(SettingsInvalid, match=name):
        async with opening:
            pass
