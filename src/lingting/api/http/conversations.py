"""Conversations with the language model that are kept: listed, read again, summed up and erased."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.conversation_answers import conversation_answer, report_answer, turn_answer
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.history_asked import asked_limit, asked_owner, asked_user, sane_id
from lingting.dialogue.chat.conversation_report import report_of
from lingting.domain.errors import RecordNotFound
from lingting.domain.principal import Scope
from lingting.security.audit import audit_note
from lingting.storage.conversations.conversation_records import KeptConversation
from lingting.storage.erasing import Erasure
from lingting.storage.transcripts.history import MAX_PAGE

__all__ = ["router"]

router = APIRouter(tags=["Conversation"], dependencies=[needs(Scope.HISTORY)])

OWNER = {"owner": "for admins: whose"}
PAGE = {
    "user": "your own name for who spoke",
    "cursor": "next_cursor of the page before",
    "limit": f"of conversations, 1 to {MAX_PAGE}",
}


def _parameters(names: dict[str, str]) -> dict[str, Any]:  # Any: OpenAPI
    kinds = {"limit": "number"}
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": about}
            | {"schema": {"type": kinds.get(name, "string")}}
            for name, about in names.items()
        ]
    }


@router.get("/v1/chat/conversations", openapi_extra=_parameters(PAGE | OWNER), summary="List kept conversations")
async def listed(request: Request) -> Response:
    fields = Fields(dict(request.query_params))
    page = await doors_of(request).services.kept.conversations.page(
        asked_owner(fields, call_of(request).principal),
        user=asked_user(fields),
        cursor=request.query_params.get("cursor") or None,
        limit=asked_limit(request),
    )
    found = [conversation_answer(record) for record in page.records]
    return JSONResponse({"status": "SUCCESS", "conversations": found, "next_cursor": page.next_cursor})


@router.get(
    "/v1/chat/conversations/{conversation}", openapi_extra=_parameters(OWNER), summary="A conversation, turn by turn"
)
async def read(request: Request, conversation: str) -> Response:
    kept = await _kept(request, conversation)
    turns = [turn_answer(turn) for turn in kept.turns]
    about = {"user": kept.user, "context": kept.context}
    return JSONResponse({"status": "SUCCESS"} | conversation_answer(kept.record) | about | {"said": turns})


@router.get(
    "/v1/chat/conversations/{conversation}/report",
    openapi_extra=_parameters(OWNER),
    summary="How a conversation went: moods, intents, times, tokens",
)
async def report(request: Request, conversation: str) -> Response:
    kept = await _kept(request, conversation)
    found = await asyncio.to_thread(report_of, kept.turns)
    return JSONResponse({"status": "SUCCESS", "id": kept.record.id} | report_answer(found))


@router.delete(
    "/v1/chat/conversations/{conversation}", openapi_extra=_parameters(OWNER), summary="Erase a conversation"
)
async def delete(request: Request, conversation: str) -> Response:
    owner = asked_owner(Fields(dict(request.query_params)), call_of(request).principal)
    erased = await doors_of(request).services.kept.eraser.erase(Erasure(owner, id=sane_id(conversation)))
    if not erased.conversations:
        raise RecordNotFound("there is no such conversation, or its time is over")
    audit_note(action="conversation.erased", subject=conversation, **asdict(erased))
    return JSONResponse({"status": "SUCCESS", "id": conversation, "erased": asdict(erased)})


async def _kept(request: Request, conversation: str) -> KeptConversation:
    owner = asked_owner(Fields(dict(request.query_params)), call_of(request).principal)
    return await doors_of(request).services.kept.conversations.get(sane_id(conversation), owner=owner)
