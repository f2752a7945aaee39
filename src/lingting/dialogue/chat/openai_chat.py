"""Any server with OpenAI's chat completions: the reply comes piece by piece.

Promises: what is said and the key go to the one address that was set; a call is made again only before its first word;
the first word, each further one and the whole have their own bounds; closing the reply closes the connection; what the
server says of an error is not repeated.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

import openai
from openai.types.chat import ChatCompletionChunk

from lingting.dialogue.chat.chat_models import Delta, Message, Tokens, Tool
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.openai_calls import CallParts, has_calls, message_fields, tool_fields
from lingting.domain.errors import ChatFailed, ChatUnavailable, EngineFailed, LingtingError, Overloaded, SettingsInvalid
from lingting.engines.openai_compatible.line import Line
from lingting.engines.openai_compatible.settings import read_key

__all__ = ["OpenAIChat"]

MAX_WAIT_SECONDS = 5.0
"""A server that wants to be left alone for longer is not waited for."""
MAX_RETRY_AFTER_SECONDS = 3_600.0
DEFAULT_RETRY_AFTER_SECONDS = 1.0
_UNAVAILABLE = {
    401: "it does not accept the key; see chat.key_env and chat.key_file",
    402: "the account of the key has nothing left",
    403: "it does not let this key use the model; see chat.key_env and chat.model",
    404: "it has no such model or route; see chat.model and chat.base_url",
}


class OpenAIChat:
    """A `ChatModel`. Belongs to one event loop; making it reads the key.

    raises    SettingsInvalid when there is no key
    """

    def __init__(self, settings: ChatSettings) -> None:
        self._settings = settings
        self._line = Line(settings, _key(settings))

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> AsyncGenerator[Delta, None]:
        """raises    ChatUnavailable, ChatFailed, Overloaded"""
        ends_at = asyncio.get_running_loop().time() + self._settings.total_seconds
        stream, chunk = await self._begun(self._wishes(messages, tools), ends_at)
        parts = CallParts()
        async with stream:
            while chunk is not None:
                if not parts.take(chunk):
                    raise _senseless("more calls of tools than are taken, or longer ones")
                if (delta := _delta(chunk)) is not None:
                    yield delta
                chunk = await self._next(stream, self._settings.token_seconds, ends_at)
        if calls := parts.whole():
            yield Delta(calls=calls)

    async def aclose(self) -> None:
        await self._line.aclose()

    def _wishes(self, messages: Sequence[Message], tools: Sequence[Tool]) -> dict[str, Any]:  # Any: what the SDK takes
        settings = self._settings
        return {
            "model": settings.model,
            "messages": [message_fields(message) for message in messages],
            "temperature": settings.temperature,
            "max_tokens": settings.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"tools": [tool_fields(tool) for tool in tools]} if tools else {}),
        }

    async def _begun(
        self, wishes: dict[str, Any], ends_at: float
    ) -> tuple[openai.AsyncStream[ChatCompletionChunk], ChatCompletionChunk | None]:
        """The stream and the first of it, after as many attempts as may be."""
        settings = self._settings
        for attempt in range(settings.max_retries + 1):
            try:
                return await self._attempt(wishes, ends_at)
            except openai.OpenAIError as problem:
                error, may_retry = _error(problem), _may_pass(problem)
            wait_seconds = settings.backoff_seconds * 2**attempt * (1.0 + random.random())  # noqa: S311 - no secret
            if isinstance(error, Overloaded):
                wait_seconds = max(wait_seconds, error.retry_after_seconds)
            over_at = asyncio.get_running_loop().time() + wait_seconds
            if attempt == settings.max_retries or not may_retry or wait_seconds > MAX_WAIT_SECONDS or over_at > ends_at:
                raise error
            await asyncio.sleep(wait_seconds)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(
        self, wishes: dict[str, Any], ends_at: float
    ) -> tuple[openai.AsyncStream[ChatCompletionChunk], ChatCompletionChunk | None]:
        first_by = min(ends_at, asyncio.get_running_loop().time() + self._settings.answer_seconds)
        try:
            async with asyncio.timeout_at(first_by):
                stream = await self._line.api.chat.completions.create(**wishes)
        except TimeoutError:
            raise _silent() from None
        try:
            return stream, await self._first(stream, first_by)
        except BaseException:
            await stream.close()
            raise

    async def _first(
        self, stream: openai.AsyncStream[ChatCompletionChunk], first_by: float
    ) -> ChatCompletionChunk | None:
        """The first chunk with a word or a call in it; what comes before says only that there will be some."""
        if not stream.response.headers.get("content-type", "").startswith("text/event-stream"):
            raise _senseless("an answer that is no stream")
        left_seconds = first_by - asyncio.get_running_loop().time()
        while True:
            chunk = await self._taken(stream, left_seconds, first_by)
            if chunk is None or _delta(chunk) is not None or has_calls(chunk):
                return chunk

    async def _next(
        self, stream: openai.AsyncStream[ChatCompletionChunk], seconds: float, ends_at: float
    ) -> ChatCompletionChunk | None:
        try:
            return await self._taken(stream, seconds, ends_at)
        except openai.OpenAIError as problem:
            raise _error(problem) from None

    async def _taken(
        self, stream: openai.AsyncStream[ChatCompletionChunk], seconds: float, ends_at: float
    ) -> ChatCompletionChunk | None:
        """None at the end."""
        chunks: AsyncIterator[ChatCompletionChunk] = stream.__aiter__()
        try:
            async with asyncio.timeout_at(min(ends_at, asyncio.get_running_loop().time() + seconds)):
                return await anext(chunks, None)
        except TimeoutError:
            raise _silent() from None
        except EngineFailed:  # of the line, for an answer without end
            raise _senseless("more than a reply may be") from None
        except openai.OpenAIError:
            raise
        except (ValueError, TypeError, AttributeError):  # what the SDK makes of events that are none
            raise _senseless("events that are not understood") from None


def _key(settings: ChatSettings) -> str:
    try:
        return read_key(settings)
    except SettingsInvalid as problem:
        raise SettingsInvalid(f"chat.{problem.message}", param=f"chat.{problem.param}") from problem


def _delta(chunk: ChatCompletionChunk) -> Delta | None:
    """None for a chunk that says nothing."""
    usage = getattr(chunk, "usage", None)
    tokens = Tokens(usage.prompt_tokens, usage.completion_tokens) if usage is not None else None
    choice = chunk.choices[0] if chunk.choices else None
    text = (choice.delta.content or "") if choice is not None and choice.delta is not None else ""
    is_cut = choice is not None and choice.finish_reason == "length"
    return Delta(text, tokens, is_cut) if text or tokens or is_cut else None


def _may_pass(problem: openai.OpenAIError) -> bool:
    if isinstance(problem, openai.APIStatusError):
        status = problem.status_code
        return status in (408, 409) or status >= 500 or (status == 429 and problem.code != "insufficient_quota")
    return isinstance(problem, openai.APIConnectionError)


def _error(problem: openai.OpenAIError) -> LingtingError:
    if isinstance(problem, openai.APIStatusError):
        return _of_status(problem)
    if isinstance(problem, openai.APIConnectionError):
        return ChatUnavailable(f"the language model's server cannot be reached ({type(problem.__cause__).__name__})")
    if isinstance(problem, openai.APIError):
        return ChatUnavailable("the language model's server broke off with an error; try again")
    return _senseless("an answer that is not understood")


def _of_status(problem: openai.APIStatusError) -> LingtingError:
    status = problem.status_code
    if status == 429 and problem.code == "insufficient_quota":
        status = 402
    if status == 429 or (status == 503 and "retry-after" in problem.response.headers):
        given = problem.response.headers.get("retry-after", "")
        told = float(given) if given.isascii() and given.isdecimal() and len(given) < 8 else 0.0
        after_seconds = min(MAX_RETRY_AFTER_SECONDS, max(DEFAULT_RETRY_AFTER_SECONDS, told))
        return Overloaded(f"the language model is busy ({status}); try later", retry_after_seconds=after_seconds)
    if status in _UNAVAILABLE:
        return ChatUnavailable(f"the language model's server: {_UNAVAILABLE[status]} ({status})")
    if status >= 500 or status in (408, 409):
        return ChatUnavailable(f"the language model's server answered with status {status}; try again")
    return ChatFailed(f"the language model's server refused what it was asked with status {status}; see chat.model")


def _silent() -> ChatUnavailable:
    return ChatUnavailable("the language model said nothing for too long; try again")


def _senseless(what: str) -> ChatFailed:
    return ChatFailed(f"the language model's server sent {what}; is chat.base_url that of an OpenAI-compatible server?")
