"""Conversations played through the driver under a virtual clock: what the client is told, and when."""

from __future__ import annotations

import itertools

import pytest
from conversation import Line
from talk_stage import SlowModel, SlowVoice, Stage

from lingting.dialogue.talk.talk_events import (
    ReplyDucked,
    ReplyEnded,
    ReplyKind,
    ReplySound,
    ReplyStarted,
    ReplyText,
    TalkEnded,
    TalkProblem,
)
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.dialogue.turns.turn_news import EndReason
from lingting.domain.errors import ChatUnavailable, VoiceNotFound

pytestmark = pytest.mark.unit

QUESTION = Line(0.0, 1.2, "今天天气怎么样？")
"""Its final is there at 1.8 s; the first sound of the reply at about 2.2 s."""
LONG = SlowModel(pieces=["今天上海是晴天，最高气温二十八度，"] * 6)
REPLY = "今天上海是晴天，最高气温二十八度。"


def test_a_question_is_answered_and_its_stages_are_in_order() -> None:
    talk = Stage([QUESTION]).run()
    assert talk.names == [
        "ReplyStarted",
        "ReplyText",
        "ReplySound",
        "ReplyText",
        "ReplySound",
        "ReplyMade",
        "ReplyEnded",
        "TalkEnded",
    ]
    ended = talk.of(ReplyEnded)[0]
    assert (ended.heard_text, ended.was_cut, ended.failure) == (REPLY, False, None)
    stages = ended.stages
    assert stages.first_token_seconds == pytest.approx(stages.asked_seconds + 0.3, abs=0.01)
    assert stages.first_audio_seconds == pytest.approx(stages.first_token_seconds + 0.15, abs=0.01)
    assert stages.ended_seconds == pytest.approx(stages.first_audio_seconds + len(REPLY) * 0.2, abs=0.2)


def test_the_first_clause_sounds_while_the_model_goes_on() -> None:
    talk = Stage([QUESTION], SlowModel(["今天上海是晴天，", "最高气温", "二十八度。"], between_seconds=1.0)).run()
    assert talk.when(ReplySound) < talk.when(ReplyText, 1)
    assert talk.of(ReplyEnded)[0].heard_text == REPLY


@pytest.mark.parametrize("words", ["不用了，帮我订机票。", "停"])
def test_an_interruption_silences_the_bot_with_the_first_words(words: str) -> None:
    talk = Stage([QUESTION, Line(4.0, 1.5, words)], LONG).run()
    cut = talk.of(ReplyEnded)[0]
    assert cut.was_cut
    assert talk.when(ReplyDucked) == pytest.approx(4.1)
    first_words_at = 4.3 if len(words) > 1 else 4.3 + 1.2
    assert talk.when(ReplyEnded) <= first_words_at + 0.2
    assert "今天上海是晴天" in cut.heard_text
    assert len(cut.heard_text) < 0.5 * len("".join(LONG.pieces))
    assert talk.of(ReplyStarted)[1].asked_text == words


def test_nothing_of_a_cut_reply_is_made_or_given_any_more() -> None:
    talk = Stage([QUESTION, Line(4.0, 1.5, "不用了，帮我订机票。")], LONG).run()
    cut_at = talk.when(ReplyEnded)
    assert not [at for at, event in talk.log if at > cut_at and getattr(event, "reply", 0) == 1]


@pytest.mark.parametrize("words", ["", "嗯", "好的", "今天上海是晴天"])
def test_a_cough_a_sign_of_listening_or_an_echo_only_makes_the_bot_quieter(words: str) -> None:
    talk = Stage([QUESTION, Line(3.0, 0.5, words)]).run()
    assert [event.is_ducked for event in talk.of(ReplyDucked)] == [True, False]
    assert [event.heard_text for event in talk.of(ReplyEnded)] == [REPLY]
    assert len(talk.of(ReplyStarted)) == 1


def test_a_false_interruption_lets_the_bot_say_the_rest() -> None:
    talk = Stage([QUESTION, Line(3.0, 0.8, "", partials=["不是那个"])]).run()
    kinds = [event.kind for event in talk.of(ReplyStarted)]
    assert kinds == [ReplyKind.ANSWER, ReplyKind.RESUMED]
    cut, rest = talk.of(ReplyEnded)
    assert cut.was_cut
    assert rest.heard_text.endswith("最高气温二十八度。")


def test_who_goes_on_while_the_model_thinks_is_asked_about_the_whole() -> None:
    talk = Stage([QUESTION, Line(1.9, 1.0, "我是说北京。")], SlowModel(first_seconds=1.5)).run()
    assert [event.asked_text for event in talk.of(ReplyStarted)][-1] == "今天天气怎么样？我是说北京。"
    assert talk.of(ReplyEnded)[-1].heard_text == REPLY


def test_who_says_nothing_is_asked_twice_and_then_left() -> None:
    talk = Stage([], settings=TalkSettings(no_input_seconds=5.0), until=60.0).run()
    said = ["您还在吗？", "您还在吗？", "那我先挂了，再见。"]
    assert [event.heard_text for event in talk.of(ReplyEnded)] == said
    assert talk.of(TalkEnded)[0].reason is EndReason.NO_INPUT
    assert talk.names[-1] == "TalkEnded"


def test_a_lost_connection_stops_the_model_and_the_voice() -> None:
    talk = Stage([QUESTION], LONG, closes_at=3.0).run()
    assert talk.of(TalkEnded)[0].reason is EndReason.LOST
    assert [event.was_cut for event in talk.of(ReplyEnded)] == [True]
    assert talk.when(TalkEnded) == pytest.approx(3.0)


def test_a_model_that_is_away_is_said_and_the_talk_goes_on() -> None:
    away = SlowModel(problem=ChatUnavailable("away"))
    talk = Stage([QUESTION, Line(10.0, 1.0, "喂喂？")], away).run()
    assert [event.code for event in talk.of(TalkProblem)] == ["chat_unavailable"] * 2
    fixed = [event.heard_text for event in talk.of(ReplyEnded) if event.failure is None]
    assert fixed == ["抱歉，我现在回答不了，请稍后再试。"] * 2


def test_a_slow_model_is_covered_by_a_word_and_then_given_up() -> None:
    talk = Stage([QUESTION], SlowModel(first_seconds=60.0), until=60.0).run()
    fillers = [at for at, event in talk.log if isinstance(event, ReplySound) and event.is_filler]
    assert fillers[0] == pytest.approx(talk.when(ReplyStarted) + 2.1, abs=0.01)
    assert talk.when(ReplyEnded) == pytest.approx(talk.when(ReplyStarted) + 15.0, abs=0.01)
    assert talk.of(ReplyEnded)[1].heard_text == "抱歉，我想得太久了，请再问一次。"


@pytest.mark.parametrize(
    ("first_word_seconds", "first_sound_seconds"),
    [(0.3, 4.0), (2.5, 1.0)],
    ids=["voice late", "words before"],
)
def test_a_voice_that_is_late_has_no_filler_to_say_first(first_word_seconds, first_sound_seconds) -> None:
    model, voice = SlowModel(first_seconds=first_word_seconds), SlowVoice(first_seconds=first_sound_seconds)
    talk = Stage([QUESTION], model, voice).run()
    assert not [event for event in talk.of(ReplySound) if event.is_filler]
    assert talk.of(ReplyEnded)[0].heard_text == REPLY


def test_a_model_that_stalls_midway_is_given_up_and_what_was_said_stays() -> None:
    talk = Stage(
        [QUESTION], SlowModel(["今天上海是晴天，", "最高气温", "二十八度。"], stalls_after=2), until=60.0
    ).run()
    ended = talk.of(ReplyEnded)
    assert [event.was_cut for event in ended] == [True]
    assert ended[0].heard_text == "今天上海是晴天，"


def test_a_missing_voice_leaves_the_text_and_is_told_once_a_reply() -> None:
    talk = Stage([QUESTION], voice=SlowVoice(problem=VoiceNotFound("no voice is on this machine"))).run()
    assert [event.code for event in talk.of(TalkProblem)] == ["voice_not_found"]
    assert "".join(event.text for event in talk.of(ReplyText)) == REPLY
    assert not talk.of(ReplySound)
    assert talk.of(ReplyEnded)[0].heard_text == REPLY


def test_a_quota_that_is_gone_is_said_in_a_sentence() -> None:
    talk = Stage([QUESTION, Line(12.0, 1.0, "那明天呢？")], tokens_per_day=1).run()
    assert [event.code for event in talk.of(TalkProblem)] == ["quota_exceeded"]
    assert talk.of(ReplyEnded)[-1].heard_text == "今天的对话额度已经用完，明天再聊吧。"


def test_a_conversation_has_a_last_turn() -> None:
    talk = Stage(
        [QUESTION, Line(12.0, 1.0, "那明天呢？")], settings=TalkSettings(no_input_seconds=0.0, max_turns=1)
    ).run()
    assert talk.of(ReplyEnded)[-1].heard_text == "我们聊得够久了，下次再说吧，再见。"
    assert talk.of(TalkEnded)[0].reason is EndReason.MAX_TURNS


def test_no_more_of_a_reply_is_made_than_is_soon_played() -> None:
    settings = TalkSettings(no_input_seconds=0.0, ahead_seconds=2.0)
    talk = Stage([QUESTION], LONG, settings=settings, until=60.0).run()
    began = talk.when(ReplySound)
    sounds = [(at, len(event.samples) / 24_000) for at, event in talk.log if isinstance(event, ReplySound)]
    given = list(itertools.accumulate(seconds for _, seconds in sounds))
    for (at, seconds), so_far in zip(sounds, given, strict=True):
        assert so_far - seconds - (at - began) <= 2.0 + 0.01
    assert talk.of(ReplyEnded)[0].heard_text == "".join(LONG.pieces)


def test_a_client_that_says_how_far_it_plays_is_believed() -> None:
    behind = Stage([QUESTION, Line(5.0, 1.0, "停一下吧")], plays_from=4.5).run().of(ReplyEnded)[0]
    usual = Stage([QUESTION, Line(5.0, 1.0, "停一下吧")]).run().of(ReplyEnded)[0]
    assert len(behind.heard_text) < len(usual.heard_text)


def test_a_client_that_stops_the_reply_is_listened_to() -> None:
    talk = Stage([QUESTION, Line(5.0, 1.0, "那明天呢？")], LONG, stops_at=3.0).run()
    assert talk.when(ReplyEnded) == pytest.approx(3.0)
    assert talk.of(ReplyStarted)[1].asked_text == "那明天呢？"


def test_two_who_speak_one_over_the_other_are_heard_as_one_turn() -> None:
    talk = Stage([Line(0.0, 2.0, "我想订一张票，"), Line(1.5, 1.5, "去北京的。")]).run()
    assert [event.asked_text for event in talk.of(ReplyStarted)] == ["我想订一张票，去北京的。"]


def test_replies_in_writing_need_no_voice() -> None:
    talk = Stage([QUESTION], voice=SlowVoice(problem=VoiceNotFound("none")), wish=TalkWish(speaks=False)).run()
    assert not talk.of(TalkProblem)
    assert talk.of(ReplyEnded)[0].heard_text == REPLY
