"""The course of a conversation: beginning, lowest point, end, and where each voice turned."""

import json

import pytest

from lingting.domain import MoodLabel, MoodTrend, Segment, Transcript, mood_from
from lingting.storage.transcripts.transcript_records import transcript_from, transcript_to
from lingting.text.mood.mood_course import course_of
from lingting.text.mood.mood_fields import course_fields
from lingting.text.subtitles import TranscriptFormat, render

pytestmark = pytest.mark.unit


def conversation(*scores: float | None, voices: str = "", text: str = "word word") -> tuple[Segment, ...]:
    return tuple(
        Segment(
            i,
            float(i),
            float(i + 1),
            text,
            "en",
            speaker=voices[i] if voices else None,
            mood=None if score is None else mood_from(score),
        )
        for i, score in enumerate(scores)
    )


def test_a_call_that_is_saved_rises_from_its_lowest_point() -> None:
    course = course_of(conversation(-0.5, -0.6, -0.9, 0.0, 0.4, 0.8))
    assert course.whole.start.label is MoodLabel.NEGATIVE
    assert (course.whole.lowest.score, course.whole.lowest_segment, course.whole.lowest_seconds) == (-0.9, 2, 2.0)
    assert course.whole.end.label is MoodLabel.POSITIVE
    assert course.whole.trend is MoodTrend.RISING
    assert (course.whole.positive, course.whole.neutral, course.whole.negative) == (2, 1, 3)


@pytest.mark.parametrize(
    ("scores", "trend"),
    [((0.5,), MoodTrend.STEADY), ((0.5, -0.5), MoodTrend.FALLING), ((0.3, -0.9, 0.35), MoodTrend.STEADY)],
)
def test_the_trend_compares_the_end_with_the_beginning(scores, trend) -> None:
    assert course_of(conversation(*scores)).whole.trend is trend


def test_each_voice_has_a_course_of_its_own() -> None:
    course = course_of(conversation(0.5, -0.8, 0.5, 0.6, voices="acac"))
    assert [name for name, _ in course.voices] == ["a", "c"]
    voices = dict(course.voices)
    assert (voices["a"].trend, voices["c"].trend) == (MoodTrend.STEADY, MoodTrend.RISING)


def test_a_voice_turns_where_it_changes_sides_and_not_where_another_speaks() -> None:
    course = course_of(conversation(0.5, -0.8, 0.0, 0.6, 0.5, voices="acccc"))
    turn = course.turning_points[0]
    assert len(course.turning_points) == 1
    assert (turn.voice, turn.segment, turn.before, turn.to) == ("c", 3, MoodLabel.NEGATIVE, MoodLabel.POSITIVE)


def test_long_segments_count_more_and_neutral_ones_less() -> None:
    long, short = conversation(-0.5, text="w" * 90), conversation(0.5, text="w" * 10)
    assert course_of((*long, *short)).whole.mood.score == pytest.approx(-0.4)
    assert course_of(conversation(-0.5, 0.0)).whole.mood.score == pytest.approx(-0.385, abs=0.001)


def test_a_channel_without_a_name_is_called_by_its_number() -> None:
    (segment,) = conversation(0.5)
    named = Segment(0, 0.0, 1.0, "good", "en", channel=1, mood=segment.mood)
    assert [name for name, _ in course_of((named,)).voices] == ["Channel 2"]


def test_without_moods_there_is_no_course() -> None:
    assert course_of(conversation(None, None)) is None
    assert course_fields(conversation(None)) == {}


def test_a_verbose_answer_tells_of_each_segment_and_of_the_whole() -> None:
    transcript = Transcript(conversation(-0.5, 0.8, None), "en", 3.0)
    written = json.loads(render(transcript, TranscriptFormat.VERBOSE_JSON))
    assert written["mood"]["trend"] == "rising"
    assert written["mood"]["turning_points"][0]["to"] == "positive"
    assert [segment.get("mood") for segment in written["segments"]][1:] == [{"score": 0.8, "label": "positive"}, None]


def test_moods_are_kept_with_a_transcript() -> None:
    transcript = Transcript(conversation(-0.5, None), "en", 2.0)
    assert transcript_from(transcript_to(transcript)) == transcript
