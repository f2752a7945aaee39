"""The items of a transcription session: which speech is whose, and how much of its text was said. Pure.

Promises:
1. The deltas of an item, put together, are its completed transcript, whatever the finals say.
2. Every item that was committed gets exactly one of completed and failed, and is added before its first delta.
3. While turns are detected, each segment is an item. Else an item is all speech between two commits; the session's
   finals and its `Committed` come in order, which tells where one ends, however far behind the recognition is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from lingting.api.ws.openai.events import EventWriter
from lingting.domain import Committed, Final, Partial, SegmentFailed, SpeechEnded, SpeechStarted
from lingting.domain.transcript import join_texts
from lingting.live.continuation import continue_after

__all__ = ["Conversation"]


class _Stage(Enum):
    HIDDEN = "hidden"
    ADDED = "added"
    COMMITTED = "committed"
    DISCARDED = "discarded"
    """Its audio was cleared: nothing of it is said any more."""


@dataclass(slots=True, eq=False)
class _Item:
    id: str
    is_turn: bool
    """One segment by itself, not what lies between two commits."""
    previous: str | None = None
    """The item said before it; known once this one is said."""
    stage: _Stage = _Stage.HIDDEN
    settled: str = ""
    """What its finals say, as it was shown."""
    shown: str = ""
    """`settled`, and what was shown of the segment after it."""
    segment_shown: str = ""
    segments: deque[int] = field(default_factory=deque)
    """Without a final yet; only the first one's text can be shown."""
    languages: tuple[str, ...] = ()
    failure: SegmentFailed | None = None


@dataclass(slots=True, eq=False)
class _Boundary:
    """A `Committed` that is awaited, and what it completes."""

    number: int
    item: _Item | None
    """None while turns are detected: the commit ends the turn, if somebody speaks."""
    is_answered: bool = False
    """Whether a turn was committed since the client asked."""


class Conversation:
    """One connection's items. Its caller sends the session a commit for each `commit` and, when manual, `clear`."""

    def __init__(self, writer: EventWriter, *, is_manual: bool) -> None:
        self._writer = writer
        self._is_manual = is_manual
        self._made = 0
        self._last: str | None = None
        """The item that was said last."""
        self._commits = 0
        self._boundaries: deque[_Boundary] = deque()
        self._current: _Item | None = None
        """What the next manual commit completes."""
        self._items: dict[int, _Item] = {}
        """Of segments without a final."""
        self._unsure: deque[int] = deque()
        """Segments without a final that began while a commit was awaited: before it or after it."""

    @property
    def has_uncommitted_speech(self) -> bool:
        """Whether text may be on its way that only a commit will complete."""
        return self._current is not None or bool(self._unsure)

    @property
    def awaited(self) -> int:
        """How many commits the session has not answered yet."""
        return len(self._boundaries)

    def detect_turns(self, wanted: bool) -> None:
        """From the next segment on."""
        self._is_manual = not wanted

    def commit(self) -> list[str]:
        """The client commits: what was said since the last time is an item."""
        if not self._is_manual:
            self._expect(None)
            return []
        item, self._current = self._current or self._make(is_turn=False), None
        self._expect(item)
        return self._commit(item)

    def clear(self) -> list[str]:
        """The client wants what it sent since the last commit forgotten."""
        said = [self._writer.cleared()]
        if not self._is_manual:
            return said
        item, self._current = self._current or self._make(is_turn=False), None
        self._expect(item)
        if item.stage is _Stage.ADDED:
            self._last = item.previous if self._last == item.id else self._last
            said.append(self._writer.deleted(item.id))
        item.stage = _Stage.DISCARDED
        return said

    def started(self, event: SpeechStarted) -> list[str]:
        if not self._is_manual:
            item = self._items[event.segment] = self._make(is_turn=True)
            item.segments.append(event.segment)
            return [self._writer.speech_started(item.id, event.start_seconds)]
        if any(boundary.item for boundary in self._boundaries):
            self._unsure.append(event.segment)
        else:
            self._claim(event.segment)
        return []

    def ended(self, event: SpeechEnded) -> list[str]:
        item = self._items.get(event.segment)
        if item is None or not item.is_turn:
            return []
        for boundary in self._boundaries:
            boundary.is_answered = True
        return [self._writer.speech_stopped(item.id, event.end_seconds), *self._commit(item)]

    def partial(self, event: Partial) -> list[str]:
        item = self._items.get(event.segment)
        stable = event.stable.strip()
        if item is None or item.segments[0] != event.segment or not stable.startswith(item.segment_shown):
            return []
        said = self._show(item, join_texts((item.settled, stable)))
        item.segment_shown = stable
        return said

    def final(self, event: Final) -> list[str]:
        item = self._settle(event.segment)
        whole = join_texts((item.settled, continue_after(item.segment_shown, event.text.strip())))
        said = self._show(item, whole)
        item.settled, item.segment_shown = item.shown, ""
        if event.text and event.language and event.language not in item.languages:
            item.languages += (event.language,)
        return said + self._complete(item, event) if item.is_turn else said

    def failed(self, event: SegmentFailed) -> list[str]:
        item = self._settle(event.segment)
        item.settled, item.segment_shown = item.shown, ""
        item.failure = event
        return self._complete(item, event) if item.is_turn else []

    def committed(self, event: Committed) -> list[str]:
        said: list[str] = []
        while self._boundaries and self._boundaries[0].number <= event.number:
            boundary = self._boundaries.popleft()
            if boundary.item is not None:
                said += self._complete(boundary.item, event)
            elif not boundary.is_answered:
                said += self._complete(self._make(is_turn=True), event)
        if not any(boundary.item for boundary in self._boundaries):
            while self._unsure:
                self._claim(self._unsure.popleft())
        return said

    def new_id(self) -> str:
        """For an item that is no audio."""
        self._made += 1
        return f"item_{self._writer.token}{self._made:06d}"

    def place(self, item_id: str) -> str | None:
        """Put such an item after those that were said; gives the one before it."""
        previous, self._last = self._last, item_id
        return previous

    @property
    def last(self) -> str | None:
        """The item that was said last."""
        return self._last

    def _make(self, *, is_turn: bool) -> _Item:
        return _Item(self.new_id(), is_turn)

    def _expect(self, item: _Item | None) -> None:
        self._commits += 1
        self._boundaries.append(_Boundary(self._commits, item))

    def _claim(self, segment: int) -> None:
        """The segment is part of what the next commit completes."""
        item = self._current = self._current or self._make(is_turn=False)
        item.segments.append(segment)
        self._items[segment] = item

    def _settle(self, segment: int) -> _Item:
        """The item whose segment has come to its end. One of unsure place is of the first commit that is awaited."""
        if segment in self._unsure:
            self._unsure.remove(segment)
            boundary = next(boundary for boundary in self._boundaries if boundary.item is not None)
            assert boundary.item is not None, "it was looked for"
            return boundary.item
        item = self._items.pop(segment)
        item.segments.remove(segment)
        return item

    def _show(self, item: _Item, text: str) -> list[str]:
        """Say how the item's text goes on."""
        delta = text[len(item.shown) :] if text.startswith(item.shown) else ""
        if not delta or item.stage is _Stage.DISCARDED:
            return []
        item.shown = text
        added = self._add(item) if item.stage is _Stage.HIDDEN else []
        return [*added, self._writer.delta(item.id, delta)]

    def _add(self, item: _Item) -> list[str]:
        self._place(item)
        item.stage = _Stage.ADDED
        return [self._writer.added(item.id, item.previous)]

    def _place(self, item: _Item) -> None:
        item.previous = self.place(item.id)

    def _commit(self, item: _Item) -> list[str]:
        is_hidden = item.stage is _Stage.HIDDEN
        if is_hidden:
            self._place(item)
        said = [self._writer.committed(item.id, item.previous)]
        if is_hidden:
            said.append(self._writer.added(item.id, item.previous))
        item.stage = _Stage.COMMITTED
        return said + self._writer.done(item.id, item.previous)

    def _complete(self, item: _Item, event: Final | SegmentFailed | Committed) -> list[str]:
        """The item's last word, for a stretch of audio."""
        if item.stage is _Stage.DISCARDED:
            return []
        said = [] if item.stage is _Stage.COMMITTED else self._commit(item)
        if item.failure is not None:
            failure = item.failure
            return [*said, self._writer.failed(item.id, code=failure.code, message=failure.message)]
        seconds = event.end_seconds - event.start_seconds
        done = self._writer.completed(item.id, item.shown, seconds=seconds, languages=item.languages)
        return [*said, done]
