"""A reply is made while the pause after the user's words is waited out, and seen only if it is asked for."""

from __future__ import annotations

import re

import pytest
from conversation import Line
from talk_stage import SlowModel, SlowVoice, Stage

from lingting.dialogue.talk.talk_events import ReplyEnded, ReplySound, ReplyStarted, ReplyText, TalkProblem
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.dialogue.turns.floor import TurnSettings
from lingting.dialogue.turns.turn_news import StartReply
from lingting.dialogue.turns.turns import Turns
from lingting.domain import Final, SpeechEnded, SpeechStarted
from lingting.domain.errors import ChatUnavailable
from lingting.live.asks import Foreseen

pytestmark = pytest.mark.unit

PLAIN = Line(0.0, 1.2, "今天天气怎么样")
"""Without a mark: its final is there at 1.8 s, and the turn is over at 2.1 s."""
DUE_SECONDS = 2.1
FORESEEN = (1.6, Foreseen(1, PLAIN.text, "zh"))
REPLY = "今天上海是晴天，最高气温二十八度。"


def outcomes(talk: Stage) -> tuple[int, int]:
    """Replies that were begun early: used, dropped."""
    told = re.findall(r'^asr_talk_foreseen_total\{outcome="(\w+)"\} (\d+)', talk.telemetry.exposition().decode(), re.M)
    counts = {outcome: int(count) for outcome, count in told}
    return counts["used"], counts["dropped"]


def test_the_first_sound_comes_with_the_end_of_the_turn() -> None:
    early, late = Stage([PLAIN], foreseen=[FORESEEN]).run(), Stage([PLAIN]).run()
    assert early.when(ReplySound) == pytest.approx(DUE_SECONDS, abs=0.001)
    assert late.when(ReplySound) == pytest.approx(DUE_SECONDS + 0.45, abs=0.01)
    assert early.names == late.names
    assert early.of(ReplyEnded)[0].heard_text == late.of(ReplyEnded)[0].heard_text == REPLY
    assert (len(early.model.asked), outcomes(early), outcomes(late)) == (1, (1, 0), (0, 0))


def test_nothing_of_it_is_seen_before_the_turn_is_over() -> None:
    talk = Stage([PLAIN], foreseen=[FORESEEN]).run()
    assert talk.when(ReplyStarted) == pytest.approx(DUE_SECONDS, abs=0.001)
    assert next(type(event) for _, event in talk.log if isinstance(event, ReplyStarted | ReplyText)) is ReplyStarted
    stages = talk.of(ReplyEnded)[0].stages
    assert stages.asked_seconds == stages.first_token_seconds == stages.first_audio_seconds


def test_a_model_that_is_slower_than_the_pause_is_waited_for() -> None:
    talk = Stage([PLAIN], SlowModel(first_seconds=1.0), foreseen=[FORESEEN]).run()
    assert talk.when(ReplyStarted) == pytest.approx(DUE_SECONDS, abs=0.001)
    assert talk.when(ReplySound) == pytest.approx(1.6 + 1.0 + 0.15, abs=0.01)
    stages = talk.of(ReplyEnded)[0].stages
    assert stages.asked_seconds < stages.first_token_seconds < stages.first_audio_seconds


def test_who_goes_on_is_asked_about_all_of_it_and_the_reply_is_forgotten() -> None:
    line = Line(0.0, 2.4, "今天天气怎么样我想去公园")
    went_on = [(1.0, Foreseen(1, "今天天气怎么样", "zh")), (1.6, Foreseen(1, ""))]
    talk = Stage([line], foreseen=went_on).run()
    assert [message.text for message in talk.model.asked[1]][1:] == [line.text]
    assert [started.asked_text for started in talk.of(ReplyStarted)] == [line.text]
    assert outcomes(talk) == (0, 1)


def test_what_was_said_before_stays_remembered_when_a_reply_is_dropped() -> None:
    """Also one that was dropped before the model had said a word."""
    second = Line(10.0, 2.4, "明天呢我想去公园")
    went_on = [(11.0, Foreseen(2, "明天呢", "zh")), (11.3, Foreseen(2, ""))]
    talk = Stage([PLAIN, second], SlowModel(first_seconds=1.0), foreseen=went_on).run()
    assert [message.text for message in talk.model.asked[-1]][1:] == [PLAIN.text, REPLY, second.text]
    assert outcomes(talk) == (0, 1)


def test_a_final_that_says_otherwise_is_answered_instead() -> None:
    talk = Stage([PLAIN], foreseen=[(1.6, Foreseen(1, "今天天气怎么", "zh"))]).run()
    assert [started.asked_text for started in talk.of(ReplyStarted)] == [PLAIN.text]
    assert [message.text for message in talk.model.asked[-1]][1:] == [PLAIN.text]
    assert outcomes(talk) == (0, 1)


def test_a_better_guess_takes_the_place_of_the_one_before() -> None:
    talk = Stage([PLAIN], foreseen=[(1.5, Foreseen(1, "今天天气", "zh")), FORESEEN]).run()
    assert (len(talk.model.asked), outcomes(talk)) == (2, (1, 1))
    assert talk.of(ReplyEnded)[0].heard_text == REPLY


def test_words_that_come_to_nothing_leave_nothing_behind() -> None:
    talk = Stage([Line(0.0, 1.2, "", partials=[])], foreseen=[FORESEEN]).run()
    assert (talk.of(ReplyStarted), outcomes(talk)) == ([], (0, 1))


def test_a_connection_that_is_lost_ends_it() -> None:
    talk = Stage([PLAIN], SlowModel(first_seconds=5.0), foreseen=[FORESEEN], closes_at=1.7).run()
    assert (talk.of(ReplyStarted), outcomes(talk)) == ([], (0, 1))


@pytest.mark.parametrize("text", ["今天天气，", "因为", "我想"])
def test_words_after_which_something_is_missing_are_not_answered_early(text: str) -> None:
    talk = Stage([PLAIN], foreseen=[(1.6, Foreseen(1, text, "zh"))]).run()
    assert outcomes(talk) == (0, 0)


def test_a_model_that_is_away_is_told_when_the_turn_is_over() -> None:
    talk = Stage([PLAIN], SlowModel(problem=ChatUnavailable("away")), foreseen=[FORESEEN]).run()
    assert talk.when(TalkProblem) == pytest.approx(DUE_SECONDS, abs=0.001)
    assert talk.of(ReplyEnded)[0].failure == ChatUnavailable.code


def test_a_voice_that_is_missing_leaves_the_text() -> None:
    talk = Stage([PLAIN], voice=SlowVoice(problem=ChatUnavailable("away")), foreseen=[FORESEEN]).run()
    assert "".join(piece.text for piece in talk.of(ReplyText)) == REPLY
    assert talk.when(ReplyText) == pytest.approx(DUE_SECONDS, abs=0.001)


def test_it_can_be_switched_off() -> None:
    talk = Stage([PLAIN], settings=TalkSettings(no_input_seconds=0.0, preemptive=False), foreseen=[FORESEEN]).run()
    assert (len(talk.model.asked), outcomes(talk)) == (1, (0, 0))


async def _understood(_text: str, _language: str) -> tuple[None, bool]:
    return None, False


def test_a_reply_that_may_act_is_not_begun_early() -> None:
    talk = Stage([PLAIN], wish=TalkWish(understand=_understood), foreseen=[FORESEEN]).run()
    assert (talk.of(ReplyEnded)[0].heard_text, outcomes(talk)) == (REPLY, (0, 0))


def test_what_is_foreseen_is_what_is_asked() -> None:
    turns = Turns(TurnSettings(), now_seconds=0.0)
    turns.note("请简短。", now_seconds=0.0)
    turns.hear(SpeechStarted(0, 1, 0.0), now_seconds=0.2)
    expected = turns.foresee(1, "今天天气怎么样？", "zh", now_seconds=1.4)
    assert turns.foresee(2, "今天天气怎么样？", "zh", now_seconds=1.4) is None
    turns.hear(SpeechEnded(0, 1, 0.0, 1.0), now_seconds=1.5, silent_seconds=1.0)
    assert turns.hear(Final(0, 1, 0.0, 1.0, "今天天气怎么样？", "zh"), now_seconds=1.6) == [expected]
    assert expected == StartReply(1, "请简短。今天天气怎么样？", "zh")
    assert turns.foresee(1, "今天天气怎么样？", "zh", now_seconds=1.7) is None, "a reply is in hand"
