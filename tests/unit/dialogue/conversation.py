"""Conversations from a script, under a clock that is moved from one event to the next.

A user's line gives when it begins, how long it sounds and what is heard of it; the bot answers with the clauses it was
given. All that turn-taking asks for is kept, with its time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from lingting.dialogue.turns.floor import TurnSettings
from lingting.dialogue.turns.turn_news import (
    Cancel,
    Clause,
    Command,
    End,
    Failed,
    Finished,
    News,
    Resume,
    Say,
    Spoken,
    StartReply,
    Token,
)
from lingting.dialogue.turns.turns import Turns
from lingting.domain import Closed, CloseReason, Event, Final, Partial, SpeechEnded, SpeechStarted
from lingting.domain.events import SegmentFailed
from lingting.testing import VirtualClock

CommandT = TypeVar("CommandT", bound=Command)
ENDPOINT_SECONDS = 0.4
"""Of silence, before the session holds a segment for ended."""
RECOGNISING_SECONDS = 0.2
PARTIAL_SECONDS = 0.3


@dataclass(frozen=True)
class Line:
    """What the user says, or what is heard as if somebody did."""

    at: float
    seconds: float
    text: str
    partials: Sequence[str] | None = None
    """None: the text grows to its whole length."""
    fails: bool = False
    language: str = "zh"


@dataclass(frozen=True)
class Bot:
    """How the model and the voice behave."""

    clauses: Sequence[tuple[str, float]] = (("今天上海是晴天，", 1.5), ("最高气温二十八度。", 2.0))
    first_token_seconds: float = 0.3
    first_sound_seconds: float = 0.5
    fails_with: str = ""
    is_silent: bool = False
    """The model never says anything."""
    has_voice: bool = True


@dataclass
class Conversation:
    """Run it, then read `log`."""

    lines: Sequence[Line]
    bot: Bot = field(default_factory=Bot)
    settings: TurnSettings = field(default_factory=lambda: TurnSettings(no_input_seconds=0.0))
    closes: tuple[float, CloseReason] | None = None
    until: float = 30.0
    log: list[tuple[float, Command]] = field(default_factory=list)

    def run(self) -> Conversation:
        clock = VirtualClock()
        self._turns = Turns(self.settings)
        self._waiting: list[tuple[float, int, Event | News]] = []
        self._number = 0
        for segment, line in enumerate(self.lines, 1):
            self._plan_line(segment, line)
        if self.closes is not None:
            self._plan(self.closes[0], Closed(0, self.closes[1], 0.0))
        while True:
            due = self._turns.due_seconds
            next_event = self._waiting[0][0] if self._waiting else None
            moments = [moment for moment in (due, next_event) if moment is not None]
            if not moments or min(moments) > self.until:
                return self
            clock.advance(max(0.0, min(moments) - clock.monotonic()))
            now = clock.monotonic()
            if next_event is not None and next_event <= now + 1e-9:
                _, _, event = heapq.heappop(self._waiting)
                if isinstance(event, Event):
                    silent = event.end_seconds if isinstance(event, SpeechEnded) else None
                    given = self._turns.hear(event, now_seconds=now, silent_seconds=silent)
                else:
                    given = self._turns.tell(event, now_seconds=now)
            else:
                given = self._turns.tick(now_seconds=now + 1e-9)
            for command in given:
                self.log.append((round(now, 2), command))
                self._obey(command, now)

    @property
    def names(self) -> list[str]:
        return [type(command).__name__ for _, command in self.log]

    def of(self, kind: type[CommandT]) -> list[CommandT]:
        return [command for _, command in self.log if isinstance(command, kind)]

    def when(self, kind: type[Command]) -> float:
        """Of the first such command."""
        return next(at for at, command in self.log if isinstance(command, kind))

    def _plan(self, at: float, event: Event | News) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (at, self._number, event))

    def _plan_line(self, segment: int, line: Line) -> None:
        for at, event in events_of(segment, line):
            self._plan(at, event)

    def _obey(self, command: Command, now: float) -> None:
        if isinstance(command, StartReply):
            self._answer(command.reply, self.bot.clauses, now)
        elif isinstance(command, Say):
            self._speak(command.reply, [(command.what.value, 1.0)], now + 0.1)
        elif isinstance(command, Resume):
            self._speak(command.reply, [(command.text, 1.0)], now + 0.1)

    def _answer(self, reply: int, clauses: Sequence[tuple[str, float]], now: float) -> None:
        if self.bot.is_silent:
            return
        if self.bot.fails_with:
            self._plan(now + self.bot.first_token_seconds, Failed(reply, self.bot.fails_with))
            return
        self._plan(now + self.bot.first_token_seconds, Token(reply))
        self._speak(reply, clauses, now + self.bot.first_sound_seconds)

    def _speak(self, reply: int, clauses: Sequence[tuple[str, float]], at: float) -> None:
        if not self.bot.has_voice:
            self._plan(at, Failed(reply, "voice_missing"))
            return
        for text, seconds in clauses:
            self._plan(at, Clause(reply, text, seconds))
        self._plan(at + 0.01, Spoken(reply))


def events_of(segment: int, line: Line) -> Iterator[tuple[float, Event]]:
    """What the live session tells of a line, and when."""
    at, end = line.at, line.at + line.seconds
    yield at + 0.1, SpeechStarted(0, segment, at)
    count = max(1, int(line.seconds / PARTIAL_SECONDS))
    texts = [line.text[: round(len(line.text) * (i + 1) / count)] for i in range(count)]
    for i, text in enumerate(texts if line.partials is None else line.partials):
        if text:
            yield at + PARTIAL_SECONDS * (i + 1), Partial(0, segment, at, end, text, "", line.language)
    yield end + ENDPOINT_SECONDS, SpeechEnded(0, segment, at, end)
    final_at = end + ENDPOINT_SECONDS + RECOGNISING_SECONDS
    if line.fails:
        yield final_at, SegmentFailed(0, segment, at, end, "engine_failed", "it broke", retryable=True)
    else:
        yield final_at, Final(0, segment, at, end, line.text, line.language)


def require_grammar(commands: Sequence[Command]) -> None:
    """What holds of every conversation, whatever happens in it."""
    open_reply, is_ducked, has_ended = None, False, False
    for command in commands:
        assert not has_ended, "nothing follows the end"
        kind = type(command).__name__
        if isinstance(command, End):
            assert open_reply is None, "the end leaves no reply open"
            has_ended = True
        elif kind in ("StartReply", "Say", "Resume"):
            assert open_reply is None, "never two replies at once"
            open_reply, is_ducked = command.reply, False
        else:
            assert command.reply == open_reply, f"{kind} of a reply that is not in hand"
            if kind == "Duck":
                assert not is_ducked
                is_ducked = True
            elif kind == "Unduck":
                assert is_ducked
                is_ducked = False
            elif isinstance(command, Cancel | Finished):
                open_reply = None
