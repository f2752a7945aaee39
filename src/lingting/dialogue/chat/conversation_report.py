"""How a conversation went: moods, intents, languages, how long its stages took, and what it used. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import ceil

from lingting.domain import Segment
from lingting.domain.conversation import ConversationTurn, TurnStages
from lingting.domain.mood import MoodCourse
from lingting.text.mood.mood_course import course_of

__all__ = ["ConversationReport", "StageReport", "report_of"]


@dataclass(frozen=True, slots=True)
class StageReport:
    """How long one stage took, over the turns that have it; by nearest rank."""

    turns: int
    p50_seconds: float
    p95_seconds: float


@dataclass(frozen=True, slots=True)
class ConversationReport:
    """Of all turns that are kept."""

    turns: int
    seconds: float
    """From the first question to the end of the last reply."""
    languages: Mapping[str, int]
    """How many turns each has, most first; so with the intents."""
    intents: Mapping[str, int]
    mood: MoodCourse | None
    """Of the user; None where no turn has one. Its segments are turns, counted from 0."""
    stages: Mapping[str, StageReport]
    """By name, as `first_token`; those that no turn has are not there."""
    interruptions: int
    unheard: int
    """Turns of which the user heard no answer."""
    read_tokens: int
    written_tokens: int
    cached_ratio: float
    """Of replies that cost nothing, since they were given before."""


def report_of(turns: Sequence[ConversationTurn]) -> ConversationReport:
    """In the order of time."""
    return ConversationReport(
        turns=len(turns),
        seconds=_seconds(turns),
        languages=_counts(turn.language for turn in turns),
        intents=_counts(turn.intent for turn in turns if turn.intent),
        mood=course_of(_segments(turns)),
        stages=_stages(turns),
        interruptions=sum(turn.is_interrupted for turn in turns),
        unheard=sum(not turn.heard for turn in turns),
        read_tokens=sum(turn.read_tokens for turn in turns),
        written_tokens=sum(turn.written_tokens for turn in turns),
        cached_ratio=sum(turn.is_cached for turn in turns) / len(turns) if turns else 0.0,
    )


def _seconds(turns: Sequence[ConversationTurn]) -> float:
    if not turns:
        return 0.0
    ends = ((turn.began - turns[0].began).total_seconds() + (turn.stages.ended_seconds or 0.0) for turn in turns)
    return max(0.0, *ends)


def _counts(values: Iterable[str]) -> Mapping[str, int]:
    return dict(Counter(values).most_common())


def _segments(turns: Sequence[ConversationTurn]) -> list[Segment]:
    """What the user said, as the course of moods takes it."""
    starts = [(turn.began - turns[0].began).total_seconds() for turn in turns]
    return [Segment(i, starts[i], starts[i], turn.asked, turn.language, mood=turn.mood) for i, turn in enumerate(turns)]


def _stages(turns: Sequence[ConversationTurn]) -> Mapping[str, StageReport]:
    found: dict[str, StageReport] = {}
    for name in (field.name for field in fields(TurnStages)):
        values = (getattr(turn.stages, name) for turn in turns)
        known = sorted(value for value in values if value is not None)
        if known:
            found[name.removesuffix("_seconds")] = StageReport(len(known), _ranked(known, 0.5), _ranked(known, 0.95))
    return found


def _ranked(values: Sequence[float], share: float) -> float:
    """Of sorted values the smallest that at least so many of them do not exceed."""
    return values[max(0, ceil(share * len(values)) - 1)]
