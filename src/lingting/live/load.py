"""How well live speech is served just now, and what follows from it. Pure: measurements go in, decisions come out.

Finals go on whatever the load. Partials become rarer the longer they take; when finals come late they stop, and so do
guesses at an end. Where the engine hears each sound once, partials do not stop: what they leave out the final would
have to hear, and come later still.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from lingting.domain import NoticeKind
from lingting.live.asks import Pace

__all__ = ["Level", "LoadLimits", "LoadMeter", "capacity"]

SMOOTHING_RATIO = 0.2
"""Weight of the latest answer: about the last ten decide."""
DRAFT_REST_RATIO = 1.5
"""A segment's next draft waits for this much of what drafts take: then their queue stays short, and the first of a
segment, which is worth most, does not stand behind others' third and fourth."""
PADDED_PER_SPOKEN = 2.5
"""Padded seconds that a second of speech costs in finals, guesses that came to nothing included."""
PADDED_PER_SPOKEN_ONCE = 1.2
"""The same where each sound is heard once: the sound round the speech."""
MAX_SHARE = 0.8
"""Of the engine's time that finals may be planned to take."""


class Level(IntEnum):
    """How crowded it is."""

    NORMAL = 0
    SLOWED = 1
    """Partials come late."""
    STOPPED = 2
    """Finals come late: no partials any more."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """Where one level ends; each is left again below 0.7 of its bound."""

    slow_draft_seconds: float = 1.5
    """Partials that take longer than this, from asking to answer, are called slow."""
    late_final_seconds: float = 1.2
    """Finals that take longer: partials stop until they do not."""


STAY_RATIO = 0.7
NOTICES = {
    Level.NORMAL: (NoticeKind.RECOVERED, "partials come at their usual pace again"),
    Level.SLOWED: (NoticeKind.PARTIALS_SLOWED, "the server is busy: partials come late; finals are not affected"),
    Level.STOPPED: (NoticeKind.PARTIALS_STOPPED, "the server is overloaded: finals come late, partials not at all"),
}
ALL_LATE = NoticeKind.PARTIALS_SLOWED, "the server is overloaded: finals and partials come late"


class LoadMeter:
    """What recent answers took, over all sessions of a server."""

    def __init__(self, limits: LoadLimits = LoadLimits(), *, hears_once: bool = False) -> None:
        self._limits = limits
        self._hears_once = hears_once
        self.final_seconds = 0.0
        """From asking for a final to its answer, recent ones counting most."""
        self.draft_seconds = 0.0
        self.level = Level.NORMAL

    @property
    def pace(self) -> Pace:
        has_time = self.level < Level.STOPPED
        rest_seconds = DRAFT_REST_RATIO * self.draft_seconds
        return Pace(has_time or self._hears_once, least_interval_seconds=rest_seconds, guesses=has_time)

    @property
    def notice(self) -> tuple[NoticeKind, str]:
        """What clients are told of the level."""
        return ALL_LATE if self._hears_once and self.level is Level.STOPPED else NOTICES[self.level]

    def final_took(self, seconds: float) -> bool:
        """Count one; True if the level changed."""
        self.final_seconds += SMOOTHING_RATIO * (seconds - self.final_seconds)
        if self.level is Level.STOPPED and not self._hears_once:
            # None is asked for: by the time finals are quick again, so will they be.
            self.draft_seconds = min(self.draft_seconds, self.final_seconds)
        return self._judge()

    def draft_took(self, seconds: float) -> bool:
        """The same for a partial's."""
        self.draft_seconds += SMOOTHING_RATIO * (seconds - self.draft_seconds)
        return self._judge()

    def rest(self) -> bool:
        """Forget, when nobody speaks any more; True if the level changed."""
        self.final_seconds = self.draft_seconds = 0.0
        return self._judge()

    def _judge(self) -> bool:
        before = self.level
        late = self._limits.late_final_seconds * (STAY_RATIO if before is Level.STOPPED else 1.0)
        slow = self._limits.slow_draft_seconds * (STAY_RATIO if before is Level.SLOWED else 1.0)
        if self.final_seconds > late:
            self.level = Level.STOPPED
        elif self.draft_seconds > slow:
            self.level = Level.SLOWED
        else:
            self.level = Level.NORMAL
        return self.level is not before


def capacity(*, pace_ratio: float, replicas: int, hears_once: bool = False) -> int:
    """Return how many can speak at once so that finals keep up, at least one.

    pace_ratio    measured seconds of work per padded second
    """
    if pace_ratio <= 0.0:
        return 1_000_000
    padded_per_spoken = PADDED_PER_SPOKEN_ONCE if hears_once else PADDED_PER_SPOKEN
    return max(1, int(MAX_SHARE * replicas / (padded_per_spoken * pace_ratio)))
