"""A reply in which the model may have something done: it calls, is told what became of it, and goes on.

Promises: a call of a command is obeyed once, and only when its toolkit finds it sound; one that is not is answered with
the reason; there are no more rounds and commands than the bounds say, after which the model can only speak; what each
round took is counted, also of one that was cut off.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from lingting.dialogue.chat.chat_models import ChatModel, Delta, Message, Role, Tokens, Tool, ToolCall, estimate_tokens
from lingting.dialogue.chat.functions import Functions
from lingting.dialogue.chat.toolkit import Toolkit, tokens_of
from lingting.domain.errors import InvalidOption
from lingting.domain.intents import IntentMatch

__all__ = ["Called", "MadeCall", "Offer", "Rounds"]

MAX_CALLS = 8
"""Of one reply."""
MAX_NAME_CHARACTERS = 64
Called = frozenset[tuple[str, str]]
"""Names and arguments."""
DONE = {"status": "done"}
ONCE = {"status": "error", "problem": "this was done already; tell the user so"}
ENOUGH = {"status": "error", "problem": "too many calls in one answer; tell the user what was done"}


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A call of the model, and what became of it."""

    tool: str
    match: IntentMatch | None = None
    """None for one that was refused."""
    problem: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the model may have done in one reply."""

    kit: Toolkit
    tell: Callable[[IntentMatch], object]
    """Hands a command to what obeys it."""
    most_rounds: int
    functions: Functions | None = None
    """What the caller can do itself; before a command of the same name."""

    @property
    def theirs(self) -> dict[str, Tool]:
        """The caller's, by their names."""
        return {tool.name: tool for tool in self.functions.tools} if self.functions is not None else {}

    @property
    def tools(self) -> tuple[Tool, ...]:
        theirs = self.theirs
        return (*(tool for tool in self.kit.tools if tool.name not in theirs), *theirs.values())

    @property
    def tokens(self) -> int:
        """About what being offered them takes."""
        return self.kit.tokens + tokens_of(tuple(self.theirs.values()))


class Rounds:
    """One reply of a model. Use once.

    offer    None offers no tools
    done     what was called for the same words before, in a reply that was not heard: it is not obeyed again
    """

    def __init__(self, model: ChatModel, offer: Offer | None, *, done: Called = frozenset()) -> None:
        self._model = model
        self._offer = offer
        self._tools = offer.tools if offer is not None else ()
        self._before: Tokens | None = None
        self._round: Tokens | None = None
        self._asked: Sequence[Message] = ()
        self._said = ""
        self.calls: list[MadeCall] = []
        self._seen = set(done)

    async def reply(self, messages: Sequence[Message]) -> AsyncGenerator[Delta, None]:
        """Words only; what the rounds took is in `used`.

        raises    ChatUnavailable, ChatFailed, Overloaded
        """
        talk = list(messages)
        left = self._offer.most_rounds if self._offer is not None else 0
        has_spoken = False
        while True:
            self._asked, self._said, self._round = tuple(talk), "", None
            calls: list[ToolCall] = []
            async with aclosing(self._model.reply(talk, self._tools if left else ())) as deltas:
                async for delta in deltas:
                    self._round = delta.tokens or self._round
                    calls += delta.calls
                    text = delta.text
                    if text and has_spoken and not self._said:
                        text = "\n" + text  # what it said before a call stands apart
                    self._said += delta.text
                    if text or delta.is_cut:
                        yield Delta(text, is_cut=delta.is_cut)
            has_spoken = has_spoken or bool(self._said)
            if not calls or not left:
                return
            left -= 1
            self._before = self.used(is_over=True)
            talk.append(Message(Role.ASSISTANT, self._said, tuple(calls)))
            talk += await self._results(calls)

    def used(self, *, is_over: bool = False) -> Tokens | None:
        """By the server's count, else by ours; None before the first word.

        is_over    whether the round in hand has come to its end, which may have been without a word
        """
        last = self._round
        if last is None and (self._said or is_over or self._before is not None):
            written = estimate_tokens([Message(Role.ASSISTANT, self._said)]) if self._said or is_over else 0
            last = Tokens(estimate_tokens(self._asked) + self.offered_tokens, written, is_estimate=True)
        if self._before is None or last is None:
            return last
        is_estimate = self._before.is_estimate or last.is_estimate
        return Tokens(self._before.read + last.read, self._before.written + last.written, is_estimate=is_estimate)

    @property
    def called(self) -> Called:
        """What was obeyed for these words, now or before."""
        return frozenset(self._seen)

    @property
    def offered_tokens(self) -> int:
        """About what being offered the tools takes."""
        return self._offer.tokens if self._offer is not None else 0

    async def _results(self, calls: Sequence[ToolCall]) -> list[Message]:
        """What became of each, in their order; what the caller does is waited for."""
        assert self._offer is not None, "tools were offered"
        names, functions = self._offer.theirs, self._offer.functions
        theirs = [call for call in calls if call.name in names]
        results = iter(await functions.results(theirs) if functions is not None and theirs else ())
        return [
            Message(Role.TOOL, next(results), answers=call.id) if call.name in names else self._answered(call)
            for call in calls
        ]

    def _answered(self, call: ToolCall) -> Message:
        if len(self.calls) >= MAX_CALLS:
            result = ENOUGH
        elif (call.name, call.arguments) in self._seen:
            result = ONCE
        else:
            result = self._made(call)
        return Message(Role.TOOL, json.dumps(result, ensure_ascii=False), answers=call.id)

    def _made(self, call: ToolCall) -> dict[str, str]:
        assert self._offer is not None
        name = call.name[:MAX_NAME_CHARACTERS]
        try:
            match = self._offer.kit.read(call)
        except InvalidOption as problem:
            self.calls.append(MadeCall(name, problem=problem.message))
            return {"status": "error", "problem": problem.message}
        self._seen.add((call.name, call.arguments))
        self._offer.tell(match)
        self.calls.append(MadeCall(name, match))
        return DONE
