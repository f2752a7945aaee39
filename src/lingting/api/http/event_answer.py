"""An answer of server-sent events that holds its request's place until the last of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

__all__ = ["EventAnswer"]

UNBUFFERED = {"X-Accel-Buffering": "no"}
"""nginx would hold events back otherwise."""


class EventAnswer(StreamingResponse):
    """Keeps the request's place until the last event, and gives it back however the answer ends."""

    def __init__(self, events: AsyncIterator[str], held: ExitStack, headers: Mapping[str, str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers={**UNBUFFERED, **headers})
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)
