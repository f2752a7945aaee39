"""What a server with OpenAI's chat completions streams, for servers of tests that say what they are told to."""

from __future__ import annotations

import json

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def chunk(text: str = "", *, finish: str | None = None, usage: tuple[int, int] | None = None) -> bytes:
    value: dict[str, object] = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    value["choices"] = [] if usage else [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]
    if usage:
        value["usage"] = dict(
            zip(("prompt_tokens", "completion_tokens", "total_tokens"), (*usage, sum(usage)), strict=True)
        )
    return f"data: {json.dumps(value)}\n\n".encode()


def reply(*texts: str) -> bytes:
    said = b"".join(chunk(text) for text in texts)
    return HEAD.encode() + said + chunk(finish="stop") + chunk(usage=(9, 3)) + b"data: [DONE]\n\n"


def calling(*pieces: tuple[str, str, str]) -> bytes:
    """An answer that is one call, cut into pieces of its id, name and arguments."""
    said = b""
    for given, name, arguments in pieces:
        call: dict[str, object] = {"index": 0, "function": {"name": name or None, "arguments": arguments}}
        call |= {"id": given, "type": "function"} if given else {}
        choice = {"index": 0, "delta": {"role": "assistant", "tool_calls": [call]}, "finish_reason": None}
        value = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        said += f"data: {json.dumps(value)}\n\n".encode()
    return HEAD.encode() + said + chunk(finish="tool_calls") + chunk(usage=(50, 20)) + b"data: [DONE]\n\n"
