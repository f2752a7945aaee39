"""Between press and release is one turn; nothing else counts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lingting.dialogue.turns.floor import TurnSettings
from lingting.dialogue.turns.patience import PatienceSettings
from lingting.dialogue.turns.turn_news import Likely, StartReply
from lingting.dialogue.turns.turns import Turns
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.domain import Closed, CloseReason, Event, Final, Partial, SpeechEnded, SpeechStarted
from lingting.domain.events import Committed, SegmentFailed

pytestmark = pytest.mark.unit

COMMITTED = Committed(9, 1, 0.0, 8.0)


def said(segment: int, text: str, at: float = 0.0) -> list[Event]:
    return [
        SpeechStarted(0, segment, at),
        Partial(0, segment, at, at + 1.0, text, "", "zh"),
        SpeechEnded(0, segment, at, at + 1.0),
        Final(0, segment, at, at + 1.0, text, "zh"),
    ]


def heard(key: PushToTalk, events: Sequence[Event]) -> list[Event | Likely]:
    return [passed for event in events for passed in key.filter(event)]


def finals(passed: Sequence[Event | Likely]) -> list[str]:
    return [each.text for each in passed if isinstance(each, Final)]


def test_what_is_said_without_the_key_does_not_pass() -> None:
    assert heard(PushToTalk(), said(1, "今天天气怎么样")) == []


def test_pauses_under_the_key_are_part_of_one_turn_that_ends_with_its_release() -> None:
    key = PushToTalk()
    key.pressed()
    assert finals(heard(key, said(1, "我想订一张票。") + said(2, "去北京的。", 3.0))) == []
    assert key.released()
    passed = heard(key, [COMMITTED])
    assert [type(each) for each in passed] == [SpeechEnded, Likely, Final, Committed]
    assert finals(passed) == ["我想订一张票。去北京的。"]
    assert passed[1] == Likely(1, 1.0), "the turn is over whatever was said last"


def test_partials_tell_all_that_was_said_under_the_key() -> None:
    key = PushToTalk()
    key.pressed()
    passed = heard(key, said(1, "turn on the light") + said(2, "in the kitchen", 3.0))
    assert [each.text for each in passed if isinstance(each, Partial)] == [
        "turn on the light",
        "turn on the light in the kitchen",
    ]
    assert sum(isinstance(each, SpeechStarted) for each in passed) == 1


def test_finals_that_come_after_the_release_still_belong_to_it() -> None:
    key = PushToTalk()
    key.pressed()
    events = said(1, "几点了")
    heard(key, events[:2])
    key.released()
    key.pressed()
    assert finals(heard(key, [*events[2:], COMMITTED])) == ["几点了"]
    assert key.is_pressed


def test_what_began_before_the_press_is_not_in_it() -> None:
    key = PushToTalk()
    before = said(1, "别的人在说话")
    heard(key, before[:1])
    key.pressed()
    heard(key, before[1:] + said(2, "开灯", 2.0))
    key.released()
    assert finals(heard(key, [COMMITTED])) == ["开灯"]


def test_a_press_in_which_nothing_was_said_is_no_turn() -> None:
    key = PushToTalk()
    key.pressed()
    key.released()
    assert heard(key, [COMMITTED]) == [COMMITTED]


def test_a_press_that_was_opened_for_turn_taking_is_closed_for_it() -> None:
    key = PushToTalk()
    key.pressed()
    heard(key, said(1, "")[:1])
    key.released()
    assert finals(heard(key, [COMMITTED])) == [""]


def test_a_press_of_which_nothing_could_be_recognised_says_so() -> None:
    key = PushToTalk()
    key.pressed()
    heard(key, [SpeechStarted(0, 1, 0.0), SegmentFailed(0, 1, 0.0, 1.0, "engine_failed", "it broke", retryable=True)])
    key.released()
    assert [type(each) for each in heard(key, [COMMITTED])] == [SpeechEnded, Likely, SegmentFailed, Committed]


def test_a_key_that_repeats_or_is_up_already_changes_nothing() -> None:
    key = PushToTalk()
    assert not key.released()
    key.pressed()
    key.pressed()
    assert key.released()
    assert not key.is_pressed
    assert not key.released()


def test_the_end_of_the_session_passes() -> None:
    closed = Closed(0, CloseReason.FINISHED, 1.0)
    assert PushToTalk().filter(closed) == [closed]


def test_turn_taking_answers_soon_after_the_release_even_where_the_words_might_go_on() -> None:
    key, turns = PushToTalk(), Turns(TurnSettings(no_input_seconds=0.0))
    key.pressed()
    given = []
    for event in [*said(1, "我想订一张票，因为"), COMMITTED]:
        if isinstance(event, Committed):
            key.released()
        for passed in key.filter(event):
            if isinstance(passed, Likely):
                given += turns.tell(passed, now_seconds=5.0)
            else:
                given += turns.hear(passed, now_seconds=5.0)
    given += turns.tick(now_seconds=5.0 + PatienceSettings().finished_seconds)
    assert [command.text for command in given if isinstance(command, StartReply)] == ["我想订一张票，因为"]
