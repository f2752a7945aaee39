"""Tools in the words of OpenAI's chat completions: offered, called piece by piece, and answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from openai.types.chat import ChatCompletionChunk

from lingting.dialogue.chat.chat_models import Message, Tool, ToolCall

__all__ = ["CallParts", "has_calls", "message_fields", "tool_fields"]

MAX_CALLS = 16
"""Of one answer."""
MAX_CALL_CHARACTERS = 8_000
"""Of the arguments of one call, its name and its id."""


def message_fields(message: Message) -> dict[str, object]:
    """A message as it is sent."""
    fields: dict[str, object] = {"role": message.role.value, "content": message.text}
    if message.calls:
        fields["content"] = message.text or None
        fields["tool_calls"] = [_call_fields(call) for call in message.calls]
    if message.answers:
        fields["tool_call_id"] = message.answers
    return fields


def tool_fields(tool: Tool) -> dict[str, object]:
    """A tool as it is offered."""
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def has_calls(chunk: ChatCompletionChunk) -> bool:
    choice = chunk.choices[0] if chunk.choices else None
    return choice is not None and choice.delta is not None and bool(choice.delta.tool_calls)


def _call_fields(call: ToolCall) -> dict[str, object]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


@dataclass(slots=True)
class _Part:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    size_characters: int = 0


class CallParts:
    """Puts the calls of one answer together, however they are cut."""

    def __init__(self) -> None:
        self._parts: dict[int, _Part] = {}

    def take(self, chunk: ChatCompletionChunk) -> bool:
        """Add what a chunk has of calls; False where there are too many, or one is too long."""
        choice = chunk.choices[0] if chunk.choices else None
        pieces = choice.delta.tool_calls if choice is not None and choice.delta is not None else None
        for piece in pieces or ():
            part = self._parts.setdefault(piece.index, _Part())
            function = piece.function
            name = (function.name or "") if function is not None else ""
            arguments = (function.arguments or "") if function is not None else ""
            # Some servers repeat the id and the name in each piece.
            part.id, part.name = part.id or piece.id or "", part.name or name
            part.arguments.append(arguments)
            part.size_characters += len(arguments) + len(name) + len(piece.id or "")
            if len(self._parts) > MAX_CALLS or part.size_characters > MAX_CALL_CHARACTERS:
                return False
        return True

    def whole(self) -> tuple[ToolCall, ...]:
        """In the order of the answer; one without an id, as some servers leave it out, gets its number."""
        return tuple(
            ToolCall(part.id or f"call_{index}", part.name, "".join(part.arguments))
            for index, part in sorted(self._parts.items())
        )
