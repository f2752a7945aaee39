"""What the caller of a chat can do itself: the model is offered its functions, and the caller does what is called."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from lingting.dialogue.chat.chat_models import Tool, ToolCall
from lingting.dialogue.chat.put_back import PutBack

__all__ = ["Functions", "filled_in"]


@dataclass(frozen=True, slots=True)
class Functions:
    """Offered for one reply."""

    tools: tuple[Tool, ...]
    results: Callable[[Sequence[ToolCall]], Awaitable[Sequence[str]]]
    """Has the caller do what the model wants, and gives what became of each."""


def filled_in(arguments: str, put_back: PutBack) -> str:
    """Arguments as the model wrote them, with the user's own data in the place of tags; what is no JSON stays."""
    try:
        return json.dumps(_filled(json.loads(arguments), put_back), ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments


def _filled(value: object, put_back: PutBack) -> object:
    if isinstance(value, str):
        return put_back.push(value) + put_back.finish()
    if isinstance(value, list):
        return [_filled(each, put_back) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, put_back) for name, each in value.items()}
    return value
