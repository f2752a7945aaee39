"""A spoken conversation with a bot that sleeps until it is called, and with one that listens while a key is down."""

from __future__ import annotations

import pytest

from lingting.dialogue.talk.talk_events import BotCalled, BotSlept, ReplyEnded, ReplyStarted
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.dialogue.wake.wake import SleepReason, Wake
from lingting.dialogue.wake.wake_settings import WakeSettings
from lingting.domain import Final, SpeechStarted, SystemClock
from lingting.domain.events import Committed
from talk_house import TalkHouse

pytestmark = pytest.mark.unit


def sleeping(settings: WakeSettings) -> TalkWish:
    return TalkWish(wake=Wake(settings, now_seconds=SystemClock().monotonic()))


async def test_only_what_follows_the_call_is_asked_and_who_takes_leave_is_not_heard_after() -> None:
    house = TalkHouse(["晴天。"], ["再见。"])
    async with house.talking(sleeping(WakeSettings(phrases=("小听小听",)))) as client:
        client.say(1, "他说今天不来了。")
        client.say(2, "小听小听，今天天气怎么样？")
        await client.until(ReplyEnded)
        client.say(3, "再见。")
        client.say(4, "我们走吧。")
        await client.until(ReplyEnded)
    assert [started.asked_text for started in client.of(ReplyStarted)] == ["今天天气怎么样？", "再见。"]
    assert client.of(BotCalled) == [BotCalled("小听小听")]
    assert client.of(BotSlept) == [BotSlept(SleepReason.SAID)]


async def test_a_silence_after_the_reply_sends_it_to_sleep() -> None:
    house = TalkHouse(["晴天。"], no_input_seconds=0.01)
    settings = WakeSettings(phrases=("小听小听",), sleep_seconds=0.05)
    async with house.talking(sleeping(settings)) as client:
        client.say(1, "小听小听，今天天气怎么样？")
        assert await client.until(BotSlept) == BotSlept(SleepReason.QUIET)
    assert [type(event) for event in client.heard].index(ReplyEnded) < len(client.heard) - 1, "not over its own words"
    assert len(client.of(ReplyStarted)) == 1, "nobody is asked whether they are still there"


async def test_a_word_heard_in_the_sound_wakes_it() -> None:
    house = TalkHouse(["Nine."])
    async with house.talking(sleeping(WakeSettings(words=("okay_nabu",)))) as client:
        client.talk.hear(SpeechStarted(1, 1, 0.0))
        client.talk.spotted("okay_nabu", 0.9)
        client.talk.hear(Final(2, 1, 0.0, 2.0, "Okay Nabu, what time is it?", "en"))
        await client.until(ReplyEnded)
    assert [started.asked_text for started in client.of(ReplyStarted)] == ["what time is it?"]


async def test_what_was_said_under_the_key_is_asked_at_its_release() -> None:
    house = TalkHouse(["好的。"])
    key = PushToTalk()
    async with house.talking(TalkWish(key=key)) as client:
        client.say(1, "他说今天不来了。")
        key.pressed()
        client.say(2, "我想订一张票，")
        client.say(3, "去北京的，因为")
        key.released()
        client.talk.hear(Committed(9, 1, 0.0, 5.0))
        await client.until(ReplyEnded)
    assert [started.asked_text for started in client.of(ReplyStarted)] == ["我想订一张票，去北京的，因为"]
