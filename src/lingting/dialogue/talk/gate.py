"""What stands between the live session and turn-taking: a key that is pressed, then a call that wakes. Either may be
missing; without both everything passes."""

from __future__ import annotations

from lingting.dialogue.turns.turn_news import Likely
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.dialogue.wake.wake import Passed, Wake
from lingting.domain import Event

__all__ = ["Gate"]


class Gate:
    """One conversation's. Every method gives what passes, in order."""

    def __init__(self, wake: Wake | None = None, key: PushToTalk | None = None) -> None:
        self._wake, self._key = wake, key

    @property
    def due_seconds(self) -> float | None:
        """When `tick` is to be called if nothing else happens; None where there is nothing to wait for."""
        return None if self._wake is None else self._wake.due_seconds

    def filter(self, event: Event, now_seconds: float) -> list[Passed | Likely]:
        pressed = [event] if self._key is None else self._key.filter(event)
        passed: list[Passed | Likely] = []
        for each in pressed:
            if self._wake is None or isinstance(each, Likely):
                passed.append(each)
            else:
                passed += self._wake.filter(each, now_seconds)
        return passed

    def spotted(self, word: str, at_seconds: float, *, now_seconds: float) -> list[Passed]:
        """A fixed word was heard in the sound."""
        return [] if self._wake is None else self._wake.spotted(word, at_seconds, now_seconds=now_seconds)

    def replying(self, *, is_replying: bool, now_seconds: float) -> None:
        """A reply has begun to be made, or is over."""
        if self._wake is not None:
            self._wake.replying(is_replying=is_replying, now_seconds=now_seconds)

    def tick(self, now_seconds: float) -> list[Passed]:
        """Time has passed."""
        return [] if self._wake is None else self._wake.tick(now_seconds)
