"""Moods as the fields of a JSON answer: the one form that files, streams, jobs and history share. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lingting.domain import Segment
from lingting.domain.mood import Mood, MoodCourse, VoiceMood
from lingting.text.mood.mood_course import course_of

__all__ = ["course_fields", "mood_fields", "segment_mood", "whole_course"]


def mood_fields(mood: Mood) -> dict[str, object]:
    return {"score": mood.score, "label": str(mood.label)}


def segment_mood(mood: Mood | None) -> dict[str, object]:
    """For a segment or a final: nothing where none was asked for, or its language has none."""
    return {} if mood is None else {"mood": mood_fields(mood)}


def course_fields(segments: Sequence[Segment]) -> dict[str, object]:
    """For a whole answer: nothing where no segment has a mood."""
    course = course_of(segments)
    return {} if course is None else {"mood": whole_course(course)}


def whole_course(course: MoodCourse) -> dict[str, object]:
    fields = _voice(course.whole)
    if course.voices:
        fields["voices"] = {name: _voice(voice) for name, voice in course.voices}
    fields["turning_points"] = [
        {
            "segment": turn.segment,
            "start_seconds": round(turn.start_seconds, 3),
            "voice": turn.voice,
            "from": str(turn.before),
            "to": str(turn.to),
        }
        for turn in course.turning_points
    ]
    return fields


def _voice(voice: VoiceMood) -> dict[str, object]:
    lowest = {"segment": voice.lowest_segment, "start_seconds": round(voice.lowest_seconds, 3)}
    return mood_fields(voice.mood) | {
        "start": mood_fields(voice.start),
        "lowest": mood_fields(voice.lowest) | lowest,
        "end": mood_fields(voice.end),
        "trend": str(voice.trend),
        "counts": {"positive": voice.positive, "neutral": voice.neutral, "negative": voice.negative},
    }
