"""The driver of spoken conversations: what is said, cut, remembered and left behind."""

from __future__ import annotations

import pytest

from lingting.dialogue.talk.talk_events import (
    ReplyEnded,
    ReplyKind,
    ReplyMade,
    ReplySound,
    ReplyStarted,
    ReplyText,
    TalkEnded,
    TalkProblem,
)
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.turns.turn_news import EndReason
from lingting.domain import Closed, CloseReason, SpeechStarted, SystemClock
from lingting.domain.errors import ChatUnavailable
from lingting.speech.hub import SPEECH_RATE_HZ
from lingting.speech.voices.fake import FAULT
from talk_house import TalkHouse

pytestmark = pytest.mark.unit


async def test_a_question_is_answered_in_words_and_in_sound() -> None:
    house = TalkHouse(["今天上海是晴天，", "最高气温二十八度。"])
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        ended = await client.until(ReplyEnded)
    started = client.of(ReplyStarted)[0]
    assert (started.kind, started.asked_text) == (ReplyKind.ANSWER, "今天天气怎么样？")
    assert "".join(piece.text for piece in client.of(ReplyText)) == "今天上海是晴天，最高气温二十八度。"
    assert ended.heard_text == "今天上海是晴天，最高气温二十八度。"
    assert sum(len(piece.samples) for piece in client.of(ReplySound)) > 0.5 * SPEECH_RATE_HZ
    stages = ended.stages
    assert stages.first_token_seconds <= stages.first_audio_seconds <= stages.ended_seconds


async def test_words_over_a_reply_cut_it_and_are_answered_next() -> None:
    house = TalkHouse(["今天上海是晴天，" * 20], ["好的。"])
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        await client.until(ReplySound)
        client.say(2, "不用了，帮我订机票。")
        cut = await client.until(ReplyEnded)
        assert cut.was_cut
        assert len(cut.heard_text) < 100
        answered = await client.until(ReplyEnded)
    assert answered.heard_text == "好的。"
    assert [started.asked_text for started in client.of(ReplyStarted)] == ["今天天气怎么样？", "不用了，帮我订机票。"]
    remembered = "".join(message.text for message in house.model.asked[1])
    assert remembered.endswith("不用了，帮我订机票。")
    assert remembered.count("晴天") == cut.heard_text.count("晴天")


async def test_nothing_of_a_reply_comes_after_its_end() -> None:
    house = TalkHouse(["今天上海是晴天，" * 20], ["好的。"])
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        await client.until(ReplySound)
        client.talk.stop()
        cut = await client.until(ReplyEnded)
        client.say(2, "谢谢")
        await client.until(ReplyEnded)
        after = client.heard[client.heard.index(cut) + 1 :]
    assert not [event for event in after if getattr(event, "reply", None) == cut.reply]


async def test_a_voice_that_breaks_leaves_the_text() -> None:
    house = TalkHouse([f"{FAULT}，我说不出来。"])
    async with house.talking() as client:
        client.say(1, "你好吗")
        ended = await client.until(ReplyEnded)
    assert [problem.code for problem in client.of(TalkProblem)] == ["engine_failed"]
    assert "".join(piece.text for piece in client.of(ReplyText)) == f"{FAULT}，我说不出来。"
    assert ended.heard_text == f"{FAULT}，我说不出来。"


async def test_a_model_that_is_away_is_said_in_a_sentence() -> None:
    house = TalkHouse(ChatUnavailable("away"))
    async with house.talking() as client:
        client.say(1, "你好吗")
        await client.until(ReplyEnded)
        said = await client.until(ReplyEnded)
    assert client.of(ReplyStarted)[-1].kind is ReplyKind.FIXED
    assert said.heard_text == "抱歉，我现在回答不了，请稍后再试。"


async def test_a_message_in_writing_is_answered_without_sound_where_that_is_wished() -> None:
    house = TalkHouse(["好的。"])
    async with house.talking(TalkWish(speaks=False)) as client:
        client.talk.ask("帮我订机票")
        ended = await client.until(ReplyEnded)
    assert ended.heard_text == "好的。"
    assert not client.of(ReplySound)


async def test_a_client_that_ends_turns_itself_is_answered_only_then() -> None:
    house = TalkHouse(["好的。"])
    async with house.talking(TalkWish(is_automatic=False)) as client:
        client.say(1, "帮我订机票。")
        client.say(2, "去北京。")
        assert not house.model.asked
        client.talk.ask()
        await client.until(ReplyEnded)
    assert client.of(ReplyStarted)[0].asked_text == "帮我订机票。去北京。"


async def test_the_end_of_the_session_ends_the_conversation_once() -> None:
    house = TalkHouse(["今天上海是晴天，" * 20])
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        await client.until(ReplySound)
        client.talk.hear(SpeechStarted(4, 2, 0.0))
        client.talk.hear(Closed(5, CloseReason.FINISHED, 3.0))
        ended = await client.until(TalkEnded)
    assert ended.reason is EndReason.HUNG_UP
    assert len(client.of(ReplyEnded)) == 1
    assert len(house.hub) == 0


async def test_a_client_is_told_when_all_of_a_reply_was_made_and_what_it_took() -> None:
    house = TalkHouse(["好的。"])
    async with house.talking() as client:
        client.say(1, "你好吗？")
        made = await client.until(ReplyMade)
        assert client.of(ReplySound)
        assert not client.of(ReplyEnded)
    assert made.tokens is not None
    assert not made.is_cut


async def test_what_was_noted_goes_with_the_question_after_it() -> None:
    house = TalkHouse(["好的。"])
    async with house.talking(TalkWish(speaks=False)) as client:
        client.talk.note("我在北京。")
        client.talk.ask("天气怎么样？")
        await client.until(ReplyEnded)
    assert client.of(ReplyStarted)[0].asked_text == "我在北京。天气怎么样？"


async def test_a_turn_without_words_is_said_to_be_none() -> None:
    house = TalkHouse(["好的。"])
    async with house.talking(TalkWish(is_automatic=False)) as client:
        client.talk.ask()
        problem = await client.until(TalkProblem)
    assert (problem.reply, problem.code) == (0, "invalid_message")


async def test_another_wish_holds_from_the_next_reply_on() -> None:
    house = TalkHouse(["好的。"])
    async with house.talking() as client:
        await client.talk.configure(TalkWish(speaks=False, instructions="Be a pirate."))
        client.say(1, "你好吗？")
        await client.until(ReplyEnded)
    assert not client.of(ReplySound)
    assert "Be a pirate." in house.model.asked[0][0].text


async def test_words_over_a_reply_that_may_not_be_interrupted_are_answered_after_it() -> None:
    house = TalkHouse(["今天上海是晴天。"], ["好的。"])
    async with house.talking(TalkWish(may_interrupt=False)) as client:
        client.say(1, "今天天气怎么样？")
        await client.until(ReplySound)
        client.say(2, "帮我订机票。")
        first = await client.until(ReplyEnded)
        second = await client.until(ReplyEnded)
    assert not first.was_cut
    assert second.heard_text == "好的。"
    assert client.of(ReplyStarted)[1].asked_text == "帮我订机票。"


async def test_a_client_that_has_played_it_all_ends_the_reply() -> None:
    house = TalkHouse(["今天上海是晴天，最高气温二十八度。" * 10])
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        made = await client.until(ReplyMade)
        client.talk.played(made.reply, 1_000.0)
        ended = await client.until(ReplyEnded)
    assert not ended.was_cut
    assert ended.heard_text == "今天上海是晴天，最高气温二十八度。" * 10


async def test_a_model_that_goes_on_no_more_is_said_to_have_failed() -> None:
    house = TalkHouse(["好的。"], model_seconds=0.0)
    async with house.talking(TalkWish(speaks=False)) as client:
        client.talk.ask("你好吗")
        ended = await client.until(ReplyEnded)
    assert (ended.was_cut, ended.failure) == (True, "model_slow")


async def test_times_count_from_when_the_user_fell_silent() -> None:
    house = TalkHouse(["好的。"])
    now_seconds = SystemClock().monotonic()
    async with house.talking(TalkWish(moment_of=lambda place_seconds: now_seconds - 10.0 + place_seconds)) as client:
        client.say(1, "你好吗？")
        ended = await client.until(ReplyEnded)
    assert 9.0 <= ended.stages.final_seconds < ended.stages.ended_seconds


async def test_turns_are_counted_by_how_they_ended() -> None:
    house = TalkHouse(["今天上海是晴天，" * 20], ["好的。"], ChatUnavailable("away"))
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        await client.until(ReplySound)
        client.say(2, "不用了，帮我订机票。")
        for _ in range(2):
            await client.until(ReplyEnded)
        client.say(3, "你还在吗？")
        await client.until(ReplyEnded)
        assert b"asr_talks_open 1.0" in house.telemetry.exposition()
    told = house.telemetry.exposition().decode()
    for outcome, count in (("interrupted", 1), ("heard", 1), ("failed", 1), ("stopped", 0), ("left", 0)):
        assert f'asr_talk_turns_total{{outcome="{outcome}"}} {count}.0' in told
    assert 'asr_talk_stage_seconds_count{stage="first_audio"} 2.0' in told
    assert "asr_talks_open 0.0" in told


async def test_a_client_says_after_a_cut_how_much_it_had_played() -> None:
    house = TalkHouse(["今天上海是晴天，最高气温二十八度，明天有雨。" * 5], ["好的。"])
    async with house.talking() as client:
        client.say(1, "今天天气怎么样？")
        made = await client.until(ReplyMade)
        client.talk.stop()
        cut = await client.until(ReplyEnded)
        client.talk.played(made.reply, 0.42)
        client.say(2, "谢谢你。")
        await client.until(ReplyEnded)
    assert len(cut.heard_text) < 8
    assert house.model.asked[1][2].text == "今天上海是晴天，"
