"""What turn-taking knows of the reply in hand and of the segments it hears. Plain state, changed by `Turns` alone."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from lingting.dialogue.turns.overlap import Overlap, judge
from lingting.dialogue.turns.playback import Playback
from lingting.dialogue.turns.turn_news import EndReason, Fixed, TurnTimes

__all__ = ["Heard", "Replies", "Reply"]

ECHO_SECONDS = 1.5
"""How much later than it sounds an echo may be heard: the way to the user and back, and the room."""
KEPT_REPLIES = 3
"""Whose sound may still be echoing."""


@dataclass(slots=True)
class Heard:
    """A segment that has begun and has had no final."""

    began_seconds: float
    over_reply: int | None
    """The reply that sounded, or was asked for, when it began."""
    ended_seconds: float | None = None
    """When its end was known."""
    silent_seconds: float | None = None
    """When the user fell silent, which is before that by the pause that is waited for."""
    probability: float | None = None
    """That the turn is over with it, by a model that listens to the voice."""


@dataclass(slots=True)
class Reply:
    """One reply, from asking for it to its end."""

    number: int
    language: str
    asked_text: str
    """What the user said; empty for fixed sentences."""
    asked_seconds: float
    fixed: Fixed | None = None
    then_end: EndReason | None = None
    """The conversation is over after it."""
    playback: Playback = field(default_factory=Playback)
    is_handed_over: bool = False
    failure: str | None = None
    has_filled: bool = False
    is_ducked: bool = False
    ducked_until_seconds: float = 0.0
    times: TurnTimes = field(default_factory=TurnTimes)

    @property
    def may_be_filled(self) -> bool:
        """Whether its words are still waited for; a filler would not help a voice that is late."""
        has_words = self.times.first_token_seconds is not None or self.playback.has_begun
        return not (self.has_filled or has_words or self.is_handed_over)

    def ended(self, now_seconds: float) -> TurnTimes:
        return replace(self.times, ended_seconds=now_seconds)


@dataclass(slots=True)
class Replies:
    """The reply in hand, of which there is at most one, and those whose sound may still be echoing."""

    in_hand: Reply | None = None
    begun: int = 0
    """How many there have been."""
    _last: deque[Reply] = field(default_factory=lambda: deque(maxlen=KEPT_REPLIES))

    def begin(self, reply: Reply) -> None:
        assert self.in_hand is None, "at most one reply is in hand"
        self.in_hand, self.begun = reply, self.begun + 1

    def end(self) -> None:
        """The one in hand is over."""
        assert self.in_hand is not None, "a reply is in hand"
        self._last.append(self.in_hand)
        self.in_hand = None

    def heard_of(self, number: int, played_seconds: float) -> str | None:
        """What so much of the sound of a reply that is over says; None where that was too long ago."""
        return next((each.playback.first(played_seconds) for each in self._last if each.number == number), None)

    def is_theirs(self, heard: Heard, text: str, now_seconds: float, *, was_cut: bool) -> bool:
        """Whether the segment is said by the user to the bot.

        嗯 is an answer where nothing was said by the bot when it began, or all of it had been by its end.

        was_cut    something of a reply was not heard
        """
        found = self.judged(heard, text, now_seconds, is_final=True)
        is_answer = heard.over_reply is None or (self.in_hand is None and not was_cut)
        return found is Overlap.WISH or (found is Overlap.SIGN and is_answer)

    def judged(self, heard: Heard, text: str, now_seconds: float, *, is_final: bool) -> Overlap:
        """What is heard, by what the bot said while the segment was spoken, and a little before."""
        end_seconds = now_seconds if heard.ended_seconds is None else heard.ended_seconds
        replies = [*self._last, *([self.in_hand] if self.in_hand else [])]
        spoken = [reply.playback.sounded(heard.began_seconds - ECHO_SECONDS, end_seconds) for reply in replies]
        return judge(text, " ".join(spoken), is_final=is_final)
