"""Commands: a sentence in, its intent and slots out; and the packs that are known here."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.uploads import read_json
from lingting.domain import Scope, Transcript
from lingting.domain.errors import InvalidOption, MissingScope
from lingting.jobs.command_messages import CommandSource
from lingting.text.commands.intent_match import MAX_COMMAND_CHARACTERS, Matcher
from lingting.text.commands.intents import match_fields, matches_fields, matches_of
from lingting.text.privacy.redaction import hidden_by

__all__ = ["intents_fields", "read_matcher", "read_publish", "router"]

router = APIRouter(tags=["Commands"], dependencies=[needs(Scope.TRANSCRIBE)])

LANGUAGES = ("zh", "en")


class IntentRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    text: str = Field(description=f"what was said, up to {MAX_COMMAND_CHARACTERS} characters")
    pack: str = Field(description="car, desktop, home, or a pack of your own")
    language: str = Field("auto", description="zh, en or auto")
    threshold: float | None = Field(None, description="0 to 1; less sure ones count as none")
    publish: bool = Field(default=False, description="have it told to others, too; needs the scope commands")


EXAMPLE = {"text": "把空调调到二十六度", "pack": "car"}
Body: Any = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": IntentRequest.model_json_schema(), "example": EXAMPLE}},
    }
}


@router.post("/v1/intents", openapi_extra=Body, summary="What a sentence asks for")
async def match(request: Request) -> Response:
    doors = doors_of(request)
    services = doors.require_open()
    fields = Fields(await read_json(request))
    text = fields.text("text")
    if text is None:
        raise InvalidOption("text", "is missing; send what was said")
    if len(text) > MAX_COMMAND_CHARACTERS:
        raise InvalidOption("text", f"{len(text)} characters; at most {MAX_COMMAND_CHARACTERS}")
    pack = fields.text("pack")
    if pack is None:
        raise InvalidOption("pack", f"is missing; use one of {', '.join(services.intents.names)}")
    language = fields.text("language") or "auto"
    if language not in (*LANGUAGES, "auto"):
        raise InvalidOption("language", f"{language[:40]!r} has no commands; use zh, en or auto")
    threshold = fields.number("threshold")
    if threshold is not None and not 0 <= threshold <= 1:
        raise InvalidOption("threshold", f"{threshold} is outside 0 to 1")
    matcher = services.intents.matcher(pack)
    publishes = read_publish(request, fields)
    wanted = None if language == "auto" else language
    if publishes:
        text = await asyncio.to_thread(hidden_by, doors.defaults.redaction, text)
    found = await asyncio.to_thread(matcher.match, text, wanted, threshold)
    told = {}
    if publishes:
        call = call_of(request)
        source = CommandSource("request", call.request_id, call.principal.owner)
        told["published"] = services.commands.say(found, source, language=wanted or "", text=text)
    return JSONResponse({"status": "SUCCESS", **match_fields(found), **told})


@router.get("/v1/intents", summary="The packs of commands that are known here")
async def packs(request: Request) -> Response:
    known = doors_of(request).services.intents.packs()
    listed = [{"pack": pack.name, "title": pack.title, "intents": list(pack.intents)} for pack in known]
    return JSONResponse({"status": "SUCCESS", "packs": listed})


def read_matcher(request: Request, fields: Fields) -> Matcher | None:
    """The pack that the field `intents` names.

    raises    InvalidOption
    """
    pack = fields.text("intents")
    return None if pack is None else doors_of(request).services.intents.matcher(pack, param="intents")


async def intents_fields(matcher: Matcher | None, transcript: Transcript) -> dict[str, object]:
    """The commands of a transcript, segment by segment; those that ask for nothing are left out."""
    if matcher is None:
        return {}
    return {"intents": matches_fields(await asyncio.to_thread(matches_of, matcher, transcript))}


def read_publish(request: Request, fields: Fields) -> bool:
    """Whether the commands found shall be told to others, as the field `publish` says.

    raises    InvalidOption where nobody would hear of them; MissingScope
    """
    if not fields.flag("publish"):
        return False
    if not doors_of(request).services.commands.has_receivers:
        raise InvalidOption("publish", "commands are told to nobody here; see `commands` in the server's settings")
    if not call_of(request).principal.may(Scope.COMMANDS):
        raise MissingScope(f"this key lacks the scope {Scope.COMMANDS}; make one with it", param="publish")
    return True
