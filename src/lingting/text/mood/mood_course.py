"""How the mood of a conversation went: where it began, sank and ended, for each voice, and where it turned. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lingting.domain import Segment
from lingting.domain.mood import Mood, MoodCourse, MoodLabel, MoodTrend, TurningPoint, VoiceMood, mood_from

__all__ = ["course_of"]

PART_RATIO = 1 / 3
"""How much of a conversation is its beginning, and its end."""
TREND_FROM = 0.2
"""A smaller difference between end and beginning is no trend."""
NEUTRAL_WEIGHT = 0.3
"""Most of a conversation is greetings, names and numbers; its mood is in the rest."""

_Felt = tuple[int, Segment, Mood]
"""The number of the segment, the segment, its mood."""


def course_of(segments: Sequence[Segment]) -> MoodCourse | None:
    """The course of a conversation, segments in the order of time; None where no segment has a mood."""
    felt = [(segment.id, segment, segment.mood) for segment in segments if segment.mood is not None]
    if not felt:
        return None
    by_voice: dict[str | None, list[_Felt]] = {}
    for each in felt:
        by_voice.setdefault(each[1].voice, []).append(each)
    named = tuple((voice, _voice(said)) for voice, said in by_voice.items() if voice is not None)
    turns = [turn for voice, said in by_voice.items() for turn in _turning_points(voice, said)]
    return MoodCourse(_voice(felt), named, tuple(sorted(turns, key=lambda turn: turn.segment)))


def _voice(felt: Sequence[_Felt]) -> VoiceMood:
    part = max(1, round(len(felt) * PART_RATIO))
    start, end = _mean(felt[:part]), _mean(felt[-part:])
    place, segment, lowest = min(felt, key=lambda each: each[2].score)
    counts = Counter(mood.label for _, _, mood in felt)
    return VoiceMood(
        mood=_mean(felt),
        start=start,
        lowest=lowest,
        lowest_segment=place,
        lowest_seconds=segment.start_seconds,
        end=end,
        trend=_trend(end.score - start.score),
        positive=counts[MoodLabel.POSITIVE],
        neutral=counts[MoodLabel.NEUTRAL],
        negative=counts[MoodLabel.NEGATIVE],
    )


def _mean(felt: Sequence[_Felt]) -> Mood:
    weights = [_weight(segment, mood) for _, segment, mood in felt]
    total = sum(mood.score * weight for (_, _, mood), weight in zip(felt, weights, strict=True))
    return mood_from(total / sum(weights))


def _weight(segment: Segment, mood: Mood) -> float:
    """By how much was said: a Chinese character says about as much as two letters."""
    length = sum(1.0 if character.isascii() else 2.0 for character in segment.text)
    return max(1.0, length) * (NEUTRAL_WEIGHT if mood.label is MoodLabel.NEUTRAL else 1.0)


def _trend(difference: float) -> MoodTrend:
    if difference >= TREND_FROM:
        return MoodTrend.RISING
    return MoodTrend.FALLING if difference <= -TREND_FROM else MoodTrend.STEADY


def _turning_points(voice: str | None, felt: Sequence[_Felt]) -> list[TurningPoint]:
    """Where the voice went from one side to the other; what is neutral between does not count."""
    turns: list[TurningPoint] = []
    before: MoodLabel | None = None
    for place, segment, mood in felt:
        if mood.label is MoodLabel.NEUTRAL:
            continue
        if before is not None and before is not mood.label:
            turns.append(TurningPoint(place, segment.start_seconds, voice, before, mood.label))
        before = mood.label
    return turns
