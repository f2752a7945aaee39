"""What the bot says, as responses of OpenAI's Realtime API: one at a time, each created once and done once. Pure.

Promises: a response is done when all of it was handed over, though it may still sound; what is heard over its sound
waits, so that clients, who stop playing when somebody speaks, do so for an interruption and not for a cough: it is said
once the reply was cut, else after it has sounded.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lingting.api.ws.dialect import Later, Message
from lingting.api.ws.openai.bot_config import BotConfig
from lingting.api.ws.openai.events import EventWriter
from lingting.api.ws.openai.items import Conversation
from lingting.api.ws.openai.reply_events import Outcome, ReplyEvents
from lingting.dialogue.talk.talk_events import (
    ReplyAsks,
    ReplyEnded,
    ReplyMade,
    ReplySound,
    ReplyStarted,
    ReplyText,
    TalkEvent,
    TalkProblem,
)
from lingting.domain.errors import ChatUnavailable
from lingting.speech.hub import SPEECH_RATE_HZ

__all__ = ["Replies", "Said"]

MAX_HELD = 256
"""Messages that wait for the end of a reply's sound; with more, they are said at once."""
SILENT = "the language model said nothing for too long; try again"
KEPT_CALLS = 256
KEPT_ITEMS = 64
"""Replies that can still be truncated."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is known of a reply by its item."""

    reply: int
    sound_seconds: float
    filler_seconds: float
    """Of that: what covered a pause before the words."""
    before_seconds: float
    """What the reply had said in responses before, which ended with calls."""


@dataclass(slots=True)
class _InHand:
    """The reply that is being made, or still sounds."""

    reply: int
    events: ReplyEvents
    is_done: bool = False
    has_sound: bool = False
    is_cancelled: bool = False
    """By the client."""
    problem: TalkProblem | None = None
    filler_seconds: float = 0.0
    before_seconds: float = 0.0
    is_asking: bool = False
    """The response ended with calls; the reply waits for what becomes of them."""

    @property
    def said(self) -> Said:
        return Said(self.reply, self.events.sound_seconds, self.filler_seconds, self.before_seconds)

    def go_on(self, events: ReplyEvents) -> None:
        """As another response."""
        self.before_seconds += self.events.sound_seconds - self.filler_seconds
        self.events, self.filler_seconds = events, 0.0
        self.is_done = self.is_asking = False


class Replies:
    """One connection's."""

    def __init__(self, writer: EventWriter, items: Conversation) -> None:
        self._writer, self._items = writer, items
        self._made = 0
        self._now: _InHand | None = None
        self._said: OrderedDict[str, Said] = OrderedDict()
        self._called: deque[str] = deque(maxlen=KEPT_CALLS)
        self._held: list[str] = []
        self._words: Mapping[type, Callable[[_InHand, Any], Sequence[Message | Later]]] = {  # Any: each takes its own
            ReplyText: self._text,
            ReplySound: self._sound,
            ReplyAsks: self._asks,
            ReplyMade: self._made_whole,
            ReplyEnded: self._ended,
            TalkProblem: self._problem,
        }

    @property
    def is_active(self) -> bool:
        """Whether a response was created and is not done."""
        return self._now is not None and not self._now.is_done

    @property
    def is_asking(self) -> bool:
        """Whether the reply in hand waits for what becomes of its calls."""
        return self._now is not None and self._now.is_asking

    def has_called(self, call_id: str) -> bool:
        """Whether a reply has called so, of late."""
        return call_id in self._called

    def go_on(self, bot: BotConfig, conversation_id: str) -> str:
        """Another response, which the reply that was asking goes on with."""
        assert self._now is not None, "a reply asks"
        self._now.go_on(self._events(bot, conversation_id))
        return self._now.events.created()

    @property
    def response_id(self) -> str | None:
        """Of the response in hand."""
        return None if self._now is None else self._now.events.id

    @property
    def sounding(self) -> Said | None:
        """The reply in hand, where it is done and may still sound."""
        now = self._now
        return now.said if now is not None and now.is_done else None

    def said(self, item_id: str) -> Said | None:
        """Of an item of the bot's; None where there is none, or it was too long ago."""
        now = self._now
        if now is not None and now.events.has_item and now.events.item_id == item_id:
            return now.said
        return self._said.get(item_id)

    def is_in_hand(self, reply: int) -> bool:
        return self._now is not None and self._now.reply == reply

    def cancelling(self) -> None:
        """The client wants no more of the response."""
        if self._now is not None:
            self._now.is_cancelled = True

    def heard(self, said: Sequence[str], *, may_interrupt: bool) -> list[str]:
        """What is to be said now of what is heard."""
        now = self._now
        if may_interrupt and now is not None and now.has_sound and len(self._held) + len(said) <= MAX_HELD:
            self._held += said
            return []
        return [*self.release(), *said]

    def release(self) -> list[str]:
        """What waited."""
        held, self._held = self._held, []
        return held

    def render(self, event: TalkEvent, bot: BotConfig, conversation_id: str) -> Sequence[Message | Later]:
        if isinstance(event, ReplyStarted):
            return [self._start(event, bot, conversation_id)]
        now, word = self._now, self._words.get(type(event))
        if now is None or word is None or now.reply != event.reply:  # type: ignore[union-attr]  # those with a word
            return ()
        return word(now, event)

    def _start(self, event: ReplyStarted, bot: BotConfig, conversation_id: str) -> str:
        self._now = _InHand(event.reply, self._events(bot, conversation_id))
        return self._now.events.created()

    def _events(self, bot: BotConfig, conversation_id: str) -> ReplyEvents:
        self._made += 1
        identity = f"{self._writer.token}{self._made:06d}"
        return ReplyEvents(self._writer, bot, f"resp_{identity}", self._items.new_id(), conversation_id)

    def _begun(self, now: _InHand) -> list[Message]:
        events = now.events
        return [] if events.has_item else events.begin(self._items.place(events.item_id))

    def _text(self, now: _InHand, event: ReplyText) -> Sequence[Message | Later]:
        text = event.text if now.events.text else event.text.lstrip()
        return [*self._begun(now), now.events.say(text)]

    def _sound(self, now: _InHand, event: ReplySound) -> Sequence[Message | Later]:
        if now.is_done or not now.events.bot.speaks:
            return ()
        now.has_sound = True
        now.filler_seconds += len(event.samples) / SPEECH_RATE_HZ if event.is_filler else 0.0
        return [*self._begun(now), *now.events.sound(event.samples)]

    def _problem(self, now: _InHand, event: TalkProblem) -> Sequence[Message | Later]:
        now.problem = event
        return ()

    def _asks(self, now: _InHand, event: ReplyAsks) -> Sequence[Message | Later]:
        now.is_asking = True
        said = now.events.end_message()
        for call in event.calls:
            self._called.append(call.id)
            item_id = self._items.new_id()
            said += now.events.call(call, item_id, self._items.place(item_id))
        return [*said, *self._done(now, Outcome("completed"))]

    def _made_whole(self, now: _InHand, event: ReplyMade) -> Sequence[Message | Later]:
        outcome = Outcome("completed", tokens=event.tokens)
        if event.is_cut:
            outcome = Outcome("incomplete", "max_output_tokens", tokens=event.tokens)
        return self._done(now, outcome)

    def _ended(self, now: _InHand, event: ReplyEnded) -> Sequence[Message | Later]:
        self._now = None
        said: list[Message | Later] = [*self.release()]
        if now.is_done:
            return said
        if event.failure is not None:
            return [*said, *self._done(now, Outcome("failed", error=_error(now.problem)))]
        reason = "client_cancelled" if now.is_cancelled else "turn_detected"
        return [*said, *self._done(now, Outcome("cancelled", reason))]

    def _done(self, now: _InHand, outcome: Outcome) -> Sequence[Message | Later]:
        now.is_done = True
        said = now.events.done(outcome)
        if now.events.has_item:
            self._said[now.events.item_id] = now.said
            while len(self._said) > KEPT_ITEMS:
                self._said.popitem(last=False)
        if now.problem is not None and outcome.status != "failed":
            problem = now.problem
            said.append(self._writer.error("server_error", problem.code, problem.message))
        return said


def _error(problem: TalkProblem | None) -> dict[str, object]:
    """Without a problem that was told, the model was given up."""
    if problem is None:
        return {"type": "server_error", "code": ChatUnavailable.code, "message": SILENT}
    return {"type": "server_error", "code": problem.code, "message": problem.message}
