"""Scripted conversations: who gets the floor, when, and what each was heard to say."""

from __future__ import annotations

import pytest
from conversation import Bot, Conversation, Line, require_grammar
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.dialogue.turns.floor import TurnSettings
from lingting.dialogue.turns.turn_news import (
    Cancel,
    Duck,
    End,
    EndReason,
    Fill,
    Finished,
    Fixed,
    Resume,
    Say,
    StartReply,
)
from lingting.domain import CloseReason

pytestmark = pytest.mark.unit

QUESTION = Line(0.0, 1.2, "今天天气怎么样？")
"""Its final is there at 1.8 s; the bot speaks from 2.3 to 5.8 s."""
REPLY = "今天上海是晴天，最高气温二十八度。"


def asked(conversation: Conversation) -> list[str]:
    return [command.text for command in conversation.of(StartReply)]


def test_a_question_is_answered_once_and_heard_to_its_end() -> None:
    talk = Conversation([QUESTION]).run()
    assert talk.names == ["StartReply", "Finished"]
    assert talk.of(Finished)[0].heard_text == REPLY


def test_the_times_of_a_turn_are_all_there_and_in_order() -> None:
    times = Conversation([QUESTION]).run().of(Finished)[0].times
    in_order = [
        times.speech_ended_seconds,
        times.final_seconds,
        times.asked_seconds,
        times.first_token_seconds,
        times.first_audio_seconds,
        times.ended_seconds,
    ]
    assert None not in in_order
    assert in_order == sorted(in_order, key=lambda at: at or 0.0)


@pytest.mark.parametrize(
    ("text", "quickest", "slowest"),
    [
        ("今天天气怎么样？", 1.7, 1.9),
        ("今天天气", 2.1, 2.3),
        ("我想问一下，", 3.1, 3.3),
        ("I'd like to ask and", 3.1, 3.3),
    ],
)
def test_the_turn_ends_sooner_after_a_whole_sentence_than_after_a_comma(
    text: str, quickest: float, slowest: float
) -> None:
    talk = Conversation([Line(0.0, 1.2, text)]).run()
    assert quickest <= talk.when(StartReply) <= slowest


def test_who_pauses_at_a_comma_and_goes_on_is_asked_about_the_whole() -> None:
    talk = Conversation([Line(0.0, 1.0, "我想订一张票，"), Line(2.0, 1.0, "去北京的。")]).run()
    assert asked(talk) == ["我想订一张票，去北京的。"]


def test_who_goes_on_before_the_answer_sounds_is_asked_about_the_whole() -> None:
    talk = Conversation([QUESTION, Line(1.9, 1.0, "我是说北京。")], Bot(first_sound_seconds=1.5)).run()
    assert talk.names == ["StartReply", "Cancel", "StartReply", "Finished"]
    assert asked(talk)[1] == "今天天气怎么样？我是说北京。"
    assert talk.of(Cancel)[0].heard_text == ""


def test_words_of_the_users_own_end_the_reply_at_once_and_only_what_was_heard_is_kept() -> None:
    talk = Conversation([QUESTION, Line(4.0, 1.5, "不用了，帮我订机票。")]).run()
    assert talk.names == ["StartReply", "Duck", "Cancel", "StartReply", "Finished"]
    assert talk.when(Duck) == 4.1
    assert talk.when(Cancel) == 4.3, "with the first partial that has words"
    assert talk.of(Cancel)[0].heard_text.startswith("今天上海是晴天")
    assert "二十八度" not in talk.of(Cancel)[0].heard_text
    assert asked(talk)[1] == "不用了，帮我订机票。"


@pytest.mark.parametrize("word", ["停", "stop", "等一下"])
def test_a_word_that_says_stop_is_enough(word: str) -> None:
    talk = Conversation([QUESTION, Line(3.0, 0.4, word)]).run()
    assert talk.when(Cancel) == pytest.approx(3.3)


@pytest.mark.parametrize("text", ["", "嗯", "嗯嗯，对。", "哈哈哈", "OK", "uh-huh", "好的"])
def test_a_cough_or_a_sign_of_listening_only_makes_the_bot_quieter_for_a_moment(text: str) -> None:
    talk = Conversation([QUESTION, Line(3.0, 0.4, text)]).run()
    assert talk.names == ["StartReply", "Duck", "Unduck", "Finished"]
    assert talk.of(Finished)[0].heard_text == REPLY


def test_the_same_word_is_an_answer_when_the_bot_is_silent() -> None:
    assert asked(Conversation([Line(0.0, 0.4, "嗯")]).run()) == ["嗯"]


def test_a_yes_that_outlasts_the_question_is_an_answer() -> None:
    bot = Bot(clauses=[("要我帮您预订吗？", 1.0)])
    talk = Conversation([QUESTION, Line(3.1, 0.4, "好的。")], bot).run()
    assert asked(talk)[1:] == ["好的。"]


def test_long_noise_without_words_does_not_keep_the_bot_quiet() -> None:
    bot = Bot(clauses=[("很长的一个回答。", 12.0)])
    talk = Conversation([QUESTION, Line(3.0, 6.0, "", partials=())], bot).run()
    assert talk.names == ["StartReply", "Duck", "Unduck", "Finished"]


@pytest.mark.parametrize("echo", ["今天上海是晴天", "今天上海是青天", "上海是晴天最高气温"])
def test_the_bots_own_voice_never_counts_as_the_users(echo: str) -> None:
    talk = Conversation([QUESTION, Line(2.6, 1.6, echo)]).run()
    assert asked(talk) == ["今天天气怎么样？"]
    assert talk.of(Cancel) == []


def test_an_echo_that_is_recognised_after_the_reply_is_not_answered_either() -> None:
    talk = Conversation([QUESTION, Line(4.6, 1.8, "最高气温二十八度")]).run()
    assert asked(talk) == ["今天天气怎么样？"]


def test_an_english_echo_with_a_wrong_word_is_an_echo() -> None:
    bot = Bot(clauses=[("The meeting starts at nine tomorrow morning.", 3.0)])
    talk = Conversation([QUESTION, Line(2.6, 1.8, "meeting start at nine tomorrow", language="en")], bot).run()
    assert asked(talk) == ["今天天气怎么样？"]


def test_what_the_user_says_on_top_of_an_echo_is_heard() -> None:
    talk = Conversation([QUESTION, Line(2.6, 3.0, "今天上海是晴天请帮我打开客厅的灯")]).run()
    assert len(talk.of(Cancel)) == 1


def test_an_interruption_that_turns_out_to_be_none_lets_the_bot_go_on() -> None:
    talk = Conversation([QUESTION, Line(4.2, 0.6, "", partials=("我要", "我要"))]).run()
    assert talk.names == ["StartReply", "Duck", "Cancel", "Resume", "Finished"]
    assert talk.of(Resume)[0].text == "最高气温二十八度。"


def test_speech_that_could_not_be_recognised_is_asked_for_again() -> None:
    talk = Conversation([Line(0.0, 1.0, "", partials=(), fails=True)]).run()
    assert [say.what for say in talk.of(Say)] == [Fixed.NOT_HEARD]


@pytest.mark.parametrize(
    ("code", "said"),
    [("chat_unavailable", Fixed.MODEL_AWAY), ("quota_exceeded", Fixed.QUOTA_USED_UP)],
)
def test_a_model_that_is_away_is_said_aloud(code: str, said: Fixed) -> None:
    talk = Conversation([QUESTION], Bot(fails_with=code)).run()
    assert talk.names == ["StartReply", "Finished", "Say", "Finished"]
    assert talk.of(Say)[0].what is said


def test_a_slow_model_is_covered_and_then_given_up() -> None:
    talk = Conversation([QUESTION], Bot(is_silent=True)).run()
    assert talk.names == ["StartReply", "Fill", "Cancel", "Say", "Finished"]
    assert talk.when(Fill) == pytest.approx(talk.when(StartReply) + 2.0)
    assert talk.when(Cancel) == pytest.approx(talk.when(StartReply) + 15.0)
    assert talk.of(Say)[0].what is Fixed.MODEL_SLOW


def test_a_missing_voice_does_not_make_the_bot_apologise_for_ever() -> None:
    talk = Conversation([QUESTION], Bot(has_voice=False)).run()
    assert talk.names == ["StartReply", "Finished", "Say", "Finished"]


def test_who_says_nothing_is_asked_twice_and_then_left() -> None:
    talk = Conversation([], settings=TurnSettings(no_input_seconds=5.0), until=60.0).run()
    assert [say.what for say in talk.of(Say)] == [Fixed.STILL_THERE, Fixed.STILL_THERE, Fixed.GOODBYE]
    assert talk.log[-1][1] == End(EndReason.NO_INPUT)


def test_a_conversation_has_a_last_turn() -> None:
    lines = [Line(at, 1.0, "再说一遍。") for at in (0.0, 8.0, 16.0)]
    talk = Conversation(lines, settings=TurnSettings(no_input_seconds=0.0, max_turns=2)).run()
    assert len(asked(talk)) == 2
    assert talk.of(Say)[0].what is Fixed.TURNS_USED_UP
    assert talk.log[-1][1] == End(EndReason.MAX_TURNS)


@pytest.mark.parametrize(
    ("reason", "told"),
    [(CloseReason.FINISHED, EndReason.HUNG_UP), (CloseReason.ABANDONED, EndReason.LOST)],
)
def test_a_connection_that_ends_takes_the_reply_along(reason: CloseReason, told: EndReason) -> None:
    talk = Conversation([QUESTION], closes=(3.0, reason)).run()
    assert talk.names == ["StartReply", "Cancel", "End"]
    assert talk.log[-1] == (3.0, End(told))


TEXTS = st.sampled_from(["", "嗯", "停", "今天上海是晴天", "帮我订机票。", "我想，", "ok", "what about tomorrow", "不"])
LINES = st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.1, 3.0), TEXTS, st.booleans()), max_size=8)
BOTS = st.builds(
    Bot,
    first_sound_seconds=st.sampled_from([0.3, 1.0, 4.0]),
    fails_with=st.sampled_from(["", "", "chat_unavailable"]),
    is_silent=st.booleans(),
    has_voice=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(LINES, BOTS, st.none() | st.floats(0.0, 20.0), st.integers(0, 4))
def test_whatever_happens_replies_never_overlap_and_each_ends_once(
    spoken: list[tuple[float, float, str, bool]], bot: Bot, closes_at: float | None, max_turns: int
) -> None:
    at, lines = 0.0, []
    for gap, seconds, text, fails in spoken:
        lines.append(Line(at + gap, seconds, text, fails=fails))
        at += gap + seconds + 0.5
    closes = None if closes_at is None else (closes_at, CloseReason.FINISHED)
    patient = TurnSettings(no_input_seconds=4.0, max_turns=max_turns)
    talk = Conversation(lines, bot, patient, closes=closes, until=200.0).run()
    require_grammar([command for _, command in talk.log])
    assert isinstance(talk.log[-1][1], End), "it always comes to an end"
