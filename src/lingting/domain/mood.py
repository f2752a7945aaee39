"""How something was said to be felt: a score, its label, and the course of a whole conversation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["LABEL_FROM", "Mood", "MoodCourse", "MoodLabel", "MoodTrend", "TurningPoint", "VoiceMood", "mood_from"]

LABEL_FROM = 0.2
"""The score from which on a mood is called positive or, below zero, negative; what is nearer to zero is neutral."""


class MoodLabel(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class MoodTrend(StrEnum):
    """Where a conversation goes, its end compared with its beginning."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Mood:
    """Of one text."""

    score: float
    """-1 (very negative) to 1 (very positive)."""
    label: MoodLabel


@dataclass(frozen=True, slots=True)
class TurningPoint:
    """Where a voice changed from one side to the other."""

    segment: int
    """Number of the one whose mood is `to`."""
    start_seconds: float
    voice: str | None
    """Who changed; None where voices are not told apart."""
    before: MoodLabel
    to: MoodLabel


@dataclass(frozen=True, slots=True)
class VoiceMood:
    """One voice's course, or that of all together."""

    mood: Mood
    """Of all that was said, longer segments counting more."""
    start: Mood
    """Of the first part of the conversation."""
    lowest: Mood
    lowest_segment: int
    """Its number."""
    lowest_seconds: float
    """When it began."""
    end: Mood
    """Of the last part."""
    trend: MoodTrend
    positive: int
    neutral: int
    negative: int
    """How many segments have each label."""


@dataclass(frozen=True, slots=True)
class MoodCourse:
    """How a conversation went."""

    whole: VoiceMood
    voices: tuple[tuple[str, VoiceMood], ...] = ()
    """Each voice by its name, in the order in which they first speak; empty where there are not several."""
    turning_points: tuple[TurningPoint, ...] = ()


def mood_from(score: float) -> Mood:
    """The mood with its label; the score is kept to thousandths."""
    score = round(max(-1.0, min(1.0, score)), 3) + 0.0
    if score >= LABEL_FROM:
        return Mood(score, MoodLabel.POSITIVE)
    return Mood(score, MoodLabel.NEGATIVE if score <= -LABEL_FROM else MoodLabel.NEUTRAL)
