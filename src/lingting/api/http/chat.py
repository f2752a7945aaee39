"""The language model, in writing: a message in, its reply out, at once or as it comes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, named, needs
from lingting.api.errors import native_body
from lingting.api.http.doors import doors_of, unless_gone
from lingting.api.http.event_answer import EventAnswer
from lingting.api.http.fields import Fields, is_encodable
from lingting.api.http.intents import read_matcher, read_publish
from lingting.api.http.uploads import read_json
from lingting.api.understanding import CommandWish, Understanding
from lingting.dialogue.chat.chat import ChatAnswer, ChatAsk
from lingting.dialogue.chat.tool_rounds import MadeCall
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption, LingtingError, WrongState
from lingting.domain.intents import IntentMatch
from lingting.domain.languages import normalize_language
from lingting.jobs.command_messages import CommandSource
from lingting.security.call_note import audit_note
from lingting.telemetry import request_id
from lingting.text.commands.intents import match_fields

__all__ = ["MAX_ID_CHARACTERS", "MAX_MESSAGE_CHARACTERS", "router"]

router = APIRouter(tags=["Conversation"], dependencies=[needs(Scope.CHAT)])

MAX_MESSAGE_CHARACTERS = 8_000
MAX_ID_CHARACTERS = 64
MAX_CONTEXT_CHARACTERS = 4_000
"""With the punctuation of JSON where it is an object."""
Pieces = AsyncGenerator[str | ChatAnswer, None]


class ChatRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    message: str = Field(description=f"what the user says, up to {MAX_MESSAGE_CHARACTERS} characters")
    conversation: str = Field("", description="the id of an answer before, to go on from it")
    language: str = Field("auto", description="zh, en, … or auto")
    stream: bool = Field(default=False, description="answer with events, piece by piece")
    cache: bool = Field(default=True, description="false asks the model anew, whatever is known")
    intents: str = Field("", description="a pack of commands: a message that is one is answered with what it asks for")
    publish: bool = Field(default=False, description="have the command told to others, too; needs the scope commands")
    tools: bool = Field(default=True, description="false keeps the model from calling tools")
    user: str = Field("", description="your own name for who speaks; what is kept can be erased by it")
    context: str | dict[str, Any] = Field(  # Any: JSON
        "", description="what you know of the matter, as text or an object; it holds for the rest of the conversation"
    )
    store: bool = Field(default=True, description="false keeps the message and its reply out of what is stored")


BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ChatRequest.model_json_schema(), "example": {"message": "今天星期几？"}}
        },
    }
}


@router.post("/v1/chat", openapi_extra=BODY, summary="Ask the language model")
async def chat(request: Request) -> Response:
    doors = doors_of(request)
    doors.require_open()
    fields = Fields(await read_json(request))
    ask, streams = _ask(request, fields), fields.flag("stream")
    matcher, publishes = read_matcher(request, fields), read_publish(request, fields)
    wish = None if matcher is None else CommandWish(matcher, publishes)
    with ExitStack() as stack:
        services = stack.enter_context(doors.holding_a_place())
        if services.chat is None:
            raise WrongState("no language model is set up here; see `chat` in the server's settings")
        if wish is not None:
            ask = await _with_command(request, ask, wish)
        pieces = services.chat.reply(ask)
        if not streams:
            return JSONResponse(_answer(await unless_gone(request, _whole(pieces)), ask.command))
        first = await unless_gone(request, _first(pieces))
        return EventAnswer(_events(first, pieces, ask.command), stack.pop_all(), {})
    raise AssertionError("nothing in the stack holds errors back")


def _ask(request: Request, fields: Fields) -> ChatAsk:
    text = (fields.text("message") or "").strip()
    if not text:
        raise InvalidOption("message", "is missing; send what the user says")
    if len(text) > MAX_MESSAGE_CHARACTERS or not is_encodable(text):
        raise InvalidOption("message", f"is longer than {MAX_MESSAGE_CHARACTERS} characters, or no text")
    conversation = fields.text("conversation")
    if conversation is not None and len(conversation) > MAX_ID_CHARACTERS:
        raise InvalidOption("conversation", "is no id of a conversation")
    given = fields.text("language")
    call = named(call_of(request), fields.text("user"))
    return ChatAsk(
        call if fields.flag("store", default=True) else replace(call, keep=False),
        text,
        conversation=conversation,
        language=None if given is None or given.lower() == "auto" else normalize_language(given),
        use_cache=fields.flag("cache", default=True),
        context=_context(fields),
        use_tools=fields.flag("tools", default=True),
    )


def _context(fields: Fields) -> str | None:
    """None where it is not said."""
    given = fields.value("context")
    if given is None:
        return None
    if not isinstance(given, str | dict):
        raise InvalidOption("context", "is neither a text nor an object; send what the model is to know")
    if not given:
        return ""
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    if len(text) > MAX_CONTEXT_CHARACTERS or not is_encodable(text):
        raise InvalidOption("context", f"is longer than {MAX_CONTEXT_CHARACTERS} characters, or no text")
    return text.strip()


async def _with_command(request: Request, ask: ChatAsk, wish: CommandWish) -> ChatAsk:
    """What the message asks for, told to what obeys it where that is wished, before the model confirms it."""
    doors = doors_of(request)
    source = CommandSource("request", ask.call.request_id, ask.call.principal.owner)
    understanding = Understanding(wish, source, doors.defaults.redaction, doors.services.commands)
    command, is_told = await understanding.of(ask.text, ask.language or "")
    return replace(ask, command=command, is_told=is_told)


async def _whole(pieces: Pieces) -> ChatAnswer:
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, ChatAnswer):
                return piece
    raise AssertionError("a reply ends in an answer or an error")


async def _first(pieces: Pieces) -> str | ChatAnswer:
    """So that a refusal is still an HTTP error."""
    try:
        return await anext(pieces)
    except BaseException:
        await pieces.aclose()
        raise


async def _events(first: str | ChatAnswer, pieces: Pieces, command: IntentMatch | None) -> AsyncIterator[str]:
    async with aclosing(pieces):
        yield _event(first, command)
        try:
            async for piece in pieces:
                yield _event(piece, command)
        except LingtingError as error:
            audit_note(code=error.code)
            yield _data({"type": "error"} | native_body(error, request_id.get()))


def _event(piece: str | ChatAnswer, command: IntentMatch | None) -> str:
    return _data(
        {"type": "delta", "text": piece} if isinstance(piece, str) else {"type": "done"} | _answer(piece, command),
    )


def _answer(answer: ChatAnswer, command: IntentMatch | None) -> dict[str, object]:
    tokens = answer.tokens
    used = None if tokens is None else {"read": tokens.read, "written": tokens.written, "estimate": tokens.is_estimate}
    return {
        "status": "SUCCESS",
        "conversation": answer.conversation,
        "answer": answer.text,
        "language": answer.language,
        "hidden": [kind.value for kind in answer.hidden],
        "cached": answer.is_cached,
        "cut": answer.is_cut,
        "kept": answer.is_kept,
        "tokens": used,
        "command": None if command is None else match_fields(command),
        "calls": [_call(call) for call in answer.calls],
        "timings": {
            "first_token_ms": round(answer.first_token_seconds * 1_000),
            "total_ms": round(answer.total_seconds * 1_000),
        },
    }


def _call(call: MadeCall) -> dict[str, object]:
    command = None if call.match is None else match_fields(call.match)
    return {"tool": call.tool, "command": command, "problem": call.problem or None}


def _data(value: dict[str, object]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"
