"""Items that a client of OpenAI's Realtime API makes itself: messages in writing, and what functions gave. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lingting.api.http.fields import is_encodable
from lingting.api.ws.functions import MAX_OUTPUT_CHARACTERS
from lingting.domain.errors import InvalidOption

__all__ = ["CallOutput", "WrittenItem", "read_item", "require_place"]

MAX_ID_CHARACTERS = 64
MAX_PARTS = 64
REFUSED = {"function_call": "is not offered: what the model has called is known here"}
REFUSED_PARTS = {
    "input_audio": "send audio by input_audio_buffer.append",
    "input_image": "pictures are not understood here",
}
ASSISTANT = "'assistant' is not offered: what the bot has said is known here"


@dataclass(frozen=True, slots=True)
class WrittenItem:
    """A message."""

    id: str
    role: str
    """user or system"""
    text: str

    @property
    def shown(self) -> dict[str, object]:
        return {
            "id": self.id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": self.role,
            "content": [{"type": "input_text", "text": self.text}],
        }


@dataclass(frozen=True, slots=True)
class CallOutput:
    """What became of a call of the model."""

    id: str
    call_id: str
    output: str

    @property
    def shown(self) -> dict[str, object]:
        return {
            "id": self.id,
            "object": "realtime.item",
            "type": "function_call_output",
            "status": "completed",
            "call_id": self.call_id,
            "output": self.output,
        }


def read_item(item: object, new_id: Callable[[], str]) -> WrittenItem | CallOutput:
    """raises    InvalidOption, with the path of the field"""
    if not isinstance(item, dict):
        raise InvalidOption("item", "is missing, or no object")
    kind, role = item.get("type"), item.get("role")
    if kind == "function_call_output":
        return _read_output(item, new_id)
    if kind != "message":
        problem = REFUSED.get(str(kind), f"{str(kind)[:40]!r} is not offered; use 'message' or 'function_call_output'")
        raise InvalidOption("item.type", problem)
    if role not in ("user", "system"):
        raise InvalidOption("item.role", ASSISTANT if role == "assistant" else "has to be 'user' or 'system'")
    text = _read_content(item.get("content"))
    return WrittenItem(_read_id(item.get("id"), new_id), str(role), text)


def _read_output(item: Mapping[str, object], new_id: Callable[[], str]) -> CallOutput:
    call_id, output = item.get("call_id"), item.get("output")
    if not isinstance(call_id, str):
        raise InvalidOption("item.call_id", "is missing, or no text")
    if not isinstance(output, str) or len(output) > MAX_OUTPUT_CHARACTERS or not is_encodable(output):
        raise InvalidOption("item.output", f"has to be text of at most {MAX_OUTPUT_CHARACTERS} characters")
    return CallOutput(_read_id(item.get("id"), new_id), call_id, output)


def _read_id(given: object, new_id: Callable[[], str]) -> str:
    if given is None:
        return new_id()
    if not isinstance(given, str) or not 0 < len(given) <= MAX_ID_CHARACTERS or not is_encodable(given):
        raise InvalidOption("item.id", f"has to be text of 1 to {MAX_ID_CHARACTERS} characters")
    return given


def require_place(previous: object, last: str | None) -> None:
    """Items go to the end.

    raises    InvalidOption
    """
    if previous is not None and previous != (last or "root"):
        raise InvalidOption("previous_item_id", "has to be the last item's, or left out: items go to the end")


def _read_content(content: object) -> str:
    if not isinstance(content, list) or not 0 < len(content) <= MAX_PARTS:
        raise InvalidOption("item.content", f"has to be a list of 1 to {MAX_PARTS} parts")
    texts = [_read_part(part, f"item.content[{i}]") for i, part in enumerate(content)]
    whole = "\n".join(texts).strip()
    if not whole:
        raise InvalidOption("item.content", "has no text")
    return whole


def _read_part(part: object, path: str) -> str:
    if not isinstance(part, dict):
        raise InvalidOption(path, "is no object")
    kind, text = part.get("type"), part.get("text")
    if kind not in ("input_text", "text"):
        problem = REFUSED_PARTS.get(str(kind), f"{str(kind)[:40]!r} is not offered; use 'input_text'")
        raise InvalidOption(f"{path}.type", problem)
    if not isinstance(text, str) or not is_encodable(text):
        raise InvalidOption(f"{path}.text", "is missing, or no text")
    return text
