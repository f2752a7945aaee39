"""What a report says of a conversation."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lingting.dialogue.chat.conversation_report import StageReport, report_of
from lingting.domain import MoodLabel, MoodTrend, mood_from
from lingting.domain.conversation import ConversationTurn, TurnStages

pytestmark = pytest.mark.unit
BEGAN = datetime(2000, 1, 1, tzinfo=UTC)


def turn(i: int, score: float | None = None, **more: object) -> ConversationTurn:
    mood = None if score is None else mood_from(score)
    began = BEGAN + timedelta(seconds=10.0 * i)
    made = ConversationTurn(f"ct_{i}", began, "asked", "heard", "en", mood)
    return replace(made, **more)


def test_a_conversation_is_summed_up() -> None:
    report = report_of(
        [
            turn(0, -0.8, intent="refund", read_tokens=90, written_tokens=10),
            turn(1, 0.0, language="zh", is_cached=True),
            turn(2, 0.9, intent="refund", heard="", is_interrupted=True, stages=TurnStages(ended_seconds=2.5)),
            turn(3, None, intent="thanks"),
        ]
    )
    assert (report.turns, report.seconds) == (4, 30.0)
    assert (report.languages, report.intents) == ({"en": 3, "zh": 1}, {"refund": 2, "thanks": 1})
    assert (report.interruptions, report.unheard, report.cached_ratio) == (1, 1, 0.25)
    assert (report.read_tokens, report.written_tokens) == (90, 10)
    assert report.mood is not None
    assert (report.mood.whole.start.label, report.mood.whole.trend) == (MoodLabel.NEGATIVE, MoodTrend.RISING)
    assert [point.segment for point in report.mood.turning_points] == [2]


def test_stages_are_ranked_over_the_turns_that_have_them() -> None:
    times = [TurnStages(first_token_seconds=i / 10, ended_seconds=1.0) for i in range(1, 21)]
    report = report_of([turn(i, stages=each) for i, each in enumerate([*times, TurnStages()])])
    assert report.stages == {"first_token": StageReport(20, 1.0, 1.9), "ended": StageReport(20, 1.0, 1.0)}


def test_one_turn_lasts_as_long_as_its_reply() -> None:
    assert report_of([turn(0, stages=TurnStages(ended_seconds=2.5))]).seconds == 2.5


def test_a_conversation_without_turns_is_reported_as_one() -> None:
    report = report_of([])
    assert (report.turns, report.seconds, report.mood, report.stages, report.cached_ratio) == (0, 0.0, None, {}, 0.0)
