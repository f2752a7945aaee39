"""Opens tokens that stand for what was hidden, for those who may read their owner's history; each call is audited."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.uploads import read_json
from lingting.domain.errors import InvalidOption, MissingScope, SealBroken
from lingting.domain.principal import Scope
from lingting.security.call_note import audit_note
from lingting.security.redaction_tokens import RedactionTokens

__all__ = ["router"]

router = APIRouter(tags=["History"], dependencies=[needs(Scope.HISTORY)])
MAX_TOKENS = 1_000
MAX_TOKEN_CHARACTERS = 4_000


class RevealRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    tokens: list[str] = Field(description=f"as they stand in the text; at most {MAX_TOKENS}", examples=[["⟦PHONE:…⟧"]])
    owner: str = Field("", description="for admins: whose; one's own by default")


BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {"required": True, "content": {"application/json": {"schema": RevealRequest.model_json_schema()}}}
}


@router.post("/v1/redaction/reveal", openapi_extra=BODY, summary="What tokens in redacted text stand for")
async def reveal(request: Request) -> Response:
    body = await read_json(request)
    tokens, owner = _tokens(body.get("tokens")), _owner(request, body)
    audit_note(action="redaction.revealed", tokens=len(tokens))
    opener = RedactionTokens(doors_of(request).services.kept.vault)
    return JSONResponse({"texts": [_opened(opener, i, token, owner) for i, token in enumerate(tokens)]})


def _tokens(given: object) -> list[str]:
    if not isinstance(given, list) or not given:
        raise InvalidOption("tokens", "is no list of tokens, or is empty; send them as they stand in the text")
    if len(given) > MAX_TOKENS:
        raise InvalidOption("tokens", f"{len(given)} tokens; at most {MAX_TOKENS} at once")
    for i, token in enumerate(given):
        if not isinstance(token, str) or len(token) > MAX_TOKEN_CHARACTERS:
            raise InvalidOption(f"tokens.{i}", "is no token")
    return given


def _owner(request: Request, body: dict[str, Any]) -> str:  # Any: what was sent
    principal = call_of(request).principal
    scalars = {name: value for name, value in body.items() if not isinstance(value, dict | list)}
    owner = Fields(scalars).text("owner")
    if owner is None or owner == principal.owner:
        return principal.owner
    if not principal.may(Scope.ADMIN):
        raise MissingScope("tokens of another owner are opened for admins only", param="owner")
    return owner


def _opened(tokens: RedactionTokens, index: int, token: str, owner: str) -> str:
    try:
        return tokens.open(token, owner=owner)
    except SealBroken as problem:
        raise InvalidOption(f"tokens.{index}", "is no token of this owner and this server") from problem
