"""Server-sent events: text as it is recognised, then one `done` with the whole of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack

from starlette.requests import Request
from starlette.responses import Response

from lingting.api.errors import http_status, openai_body
from lingting.api.http.asking import Wishes, headers_of
from lingting.api.http.doors import doors_of, unless_gone
from lingting.api.http.event_answer import EventAnswer
from lingting.audio.decode import AudioSource
from lingting.domain import RecognizeOptions, Segment
from lingting.domain.errors import LingtingError
from lingting.domain.transcript import join_texts
from lingting.recognition.transcriber import Transcribed
from lingting.security.call_note import audit_note

__all__ = ["stream_answer"]


async def stream_answer(request: Request, source: AudioSource, options: RecognizeOptions, wishes: Wishes) -> Response:
    """Begin to recognise, and answer once there is text, so that a refusal is still an HTTP error.

    raises    LingtingError when it fails before the first text
    """
    events = _Events()
    with ExitStack() as stack:
        services = stack.enter_context(doors_of(request).holding_a_place())
        work = asyncio.create_task(
            services.transcriber.transcribe(
                source, options, wishes.call, use_cache=wishes.use_cache, on_segments=events.put_segments
            )
        )
        work.add_done_callback(events.put_end)
        stack.callback(work.cancel)
        first = await unless_gone(request, events.take())
        if first is None and work.done() and not work.cancelled() and work.exception() is not None:
            await work
        later = stack.pop_all()
    known = headers_of(work.result()) if work.done() else {}
    return EventAnswer(_body(first, events, work), later, known)


class _Events:
    """Text between the pipeline, which never waits, and the answer; bounded by the recording's own text."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._said = ""

    def put_segments(self, segments: Sequence[Segment]) -> None:
        """Queue what the segments add to the text, with the space before it."""
        said = join_texts([self._said, *(segment.text for segment in segments)])
        self._queue.put_nowait(said[len(self._said) :])
        self._said = said

    def put_end(self, _work: asyncio.Task[Transcribed]) -> None:
        self._queue.put_nowait(None)

    async def take(self) -> str | None:
        """The next text; None at the end."""
        return await self._queue.get()


async def _body(first: str | None, events: _Events, work: asyncio.Task[Transcribed]) -> AsyncIterator[str]:
    """The events: text, then the whole of it, or the error that ended it."""
    text = first
    while text is not None:
        yield _event({"type": "transcript.text.delta", "delta": text})
        text = await events.take()
    try:
        answered = await work
    except LingtingError as error:
        audit_note(code=error.code)
        yield _event(openai_body(error, http_status(error)))
        return
    yield _event({"type": "transcript.text.done", "text": answered.transcript.text})


def _event(value: dict[str, object]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
