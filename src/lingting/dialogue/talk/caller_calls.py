"""Calls of the model that the client answers, as it says when all of them are. Belongs to one event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import uuid4

from lingting.dialogue.chat.chat_models import Tool, ToolCall
from lingting.dialogue.chat.functions import Functions

__all__ = ["CallerCalls"]

NO_RESULT = json.dumps({"status": "error", "problem": "no result was given"})


class CallerCalls:
    """Of one conversation, whose replies come one at a time."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        """What became of calls that are waited for, by their ids."""
        self._go_on = asyncio.Event()

    def offered(self, tools: tuple[Tool, ...], ask: Callable[[Sequence[ToolCall]], None]) -> Functions | None:
        """What the client can do, for one reply.

        ask    tells the client what the model wants
        """
        return Functions(tools, partial(self._results, ask)) if tools else None

    async def _results(self, ask: Callable[[Sequence[ToolCall]], None], calls: Sequence[ToolCall]) -> list[str]:
        """What the client says became of each, once it wants the reply to go on; their ids are no others' here."""
        named = [replace(call, id=f"call_{uuid4().hex[:24]}") for call in calls]
        self._open = dict.fromkeys((call.id for call in named), NO_RESULT)
        self._go_on.clear()
        ask(named)
        try:
            await self._go_on.wait()
            return [self._open[call.id] for call in named]
        finally:
            self._open = {}

    def answer(self, call_id: str, output: str) -> None:
        """What became of a call; of one that nobody waits for any more it is old news."""
        if call_id in self._open:
            self._open[call_id] = output

    def go_on(self) -> None:
        """All that was to be said of calls was said."""
        self._go_on.set()
