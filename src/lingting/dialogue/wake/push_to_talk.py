"""Push-to-talk: a turn is what is said between press and release, and nothing else counts. Pure.

A filter between a live session and turn-taking, in the place of `wake.py`. Whoever drives it clears the session at the
press and commits it at the release:

    press      pressed(),  then `LiveSession.clear()`: what was heard before is forgotten
    release    released(), then `LiveSession.commit()`: its `Committed` ends the turn

Promises: one press is one segment for turn-taking, whatever pauses are in it, and ends at its release and not before;
all finals of the press are in it, in order; a press in which nothing was said passes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from lingting.dialogue.turns.turn_news import Likely
from lingting.domain import Event, Final, Partial, SpeechEnded, SpeechStarted
from lingting.domain.events import Committed, SegmentFailed
from lingting.domain.transcript import join_texts

__all__ = ["PushToTalk"]


@dataclass(slots=True)
class _Press:
    """What was said since the key went down."""

    started: SpeechStarted | None = None
    segments: set[int] = field(default_factory=set)
    finals: list[Final] = field(default_factory=list)
    failed: SegmentFailed | None = None
    ended: SpeechEnded | None = None
    is_released: bool = False


class PushToTalk:
    """One conversation's key. Bounded by the session's own length."""

    def __init__(self) -> None:
        self._presses: deque[_Press] = deque()
        """The one that is down last; before it those whose finals are awaited."""

    @property
    def is_pressed(self) -> bool:
        return bool(self._presses) and not self._presses[-1].is_released

    def pressed(self) -> None:
        """The key is down; again without a release, as keys do that are held, is nothing new."""
        if not self.is_pressed:
            self._presses.append(_Press())

    def released(self) -> bool:
        """The key is up; says whether it was down, so that there is something to commit."""
        if not self.is_pressed:
            return False
        self._presses[-1].is_released = True
        return True

    def filter(self, event: Event) -> list[Event | Likely]:
        """What of a live event may be heard; `Likely` says that the turn is over, whatever was said last."""
        if isinstance(event, Committed):
            return [*self._turn(event), event]
        if not isinstance(event, SpeechStarted | Partial | SpeechEnded | Final | SegmentFailed):
            return [event]
        if not self._presses:
            return []
        return list(_heard(self._presses[0], event))

    def _turn(self, event: Committed) -> list[Event | Likely]:
        """All that the oldest press has brought."""
        if not self._presses or not self._presses[0].is_released:
            return []
        press = self._presses.popleft()
        started, ended = press.started, press.ended
        if started is None:
            return []
        number = started.segment
        end_seconds = event.end_seconds if ended is None else ended.end_seconds
        nothing = Final(event.seq, number, started.start_seconds, end_seconds, "", "")
        last = _joined(press.finals) if press.finals else press.failed or nothing
        return [
            SpeechEnded(event.seq, number, started.start_seconds, end_seconds),
            Likely(number, 1.0),
            replace(last, seq=event.seq, segment=number, start_seconds=started.start_seconds, end_seconds=end_seconds),
        ]


def _heard(press: _Press, event: SpeechStarted | Partial | SpeechEnded | Final | SegmentFailed) -> list[Event]:
    if isinstance(event, SpeechStarted):
        is_first, press.started = press.started is None, press.started or event
        press.segments.add(event.segment)
        return [event] if is_first else []
    if press.started is None or event.segment not in press.segments:
        return []  # it began before the press
    if isinstance(event, SpeechEnded):
        press.ended = event
    elif isinstance(event, Final):
        press.finals.append(event)
    elif isinstance(event, SegmentFailed):
        press.failed = event
    else:
        before = [final.text for final in press.finals]
        text = join_texts([*before, event.text])
        return [replace(event, segment=press.started.segment, stable="", tail=text)]
    return []


def _joined(finals: list[Final]) -> Final:
    """As one, in the language of the last that has words."""
    spoken = [final for final in finals if final.text.strip()] or finals[-1:]
    return replace(
        spoken[-1],
        text=join_texts(final.text for final in spoken),
        words=tuple(word for final in spoken for word in final.words),
        redacted=tuple(each for final in spoken for each in final.redacted),
        corrections=tuple(each for final in spoken for each in final.corrections),
        stable="",
    )
