"""What callers ask of history, read field by field; every refusal names its field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request

from lingting.api.http.fields import Fields
from lingting.domain.errors import InvalidOption, MissingScope, RecordNotFound
from lingting.domain.moments import read_moment
from lingting.domain.principal import Principal, Scope
from lingting.storage.erasing import Erasure
from lingting.storage.transcripts.history import MAX_PAGE
from lingting.storage.transcripts.history_records import HistoryFilter

__all__ = [
    "ERASE_BODY",
    "LIST_PARAMETERS",
    "asked_filter",
    "asked_limit",
    "asked_owner",
    "asked_user",
    "read_erasure",
    "sane_id",
]

MAX_NAME_CHARACTERS = 120
MAX_USER_CHARACTERS = 200
MAX_SECONDS = 1e9
PAGE = 50
KINDS = ("file", "stream", "job")
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class EraseRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    user: str = Field("", description="your own name for the person whose speech it is")
    key: str = Field("", description="the id of an API key")
    id: str = Field("", description="of a record, a job or a conversation")
    before: str = Field("", description="a moment, ISO 8601: what was made before it")
    everything: bool = Field(default=False, description="all that is yours, when nothing else is given")
    owner: str = Field("", description="for admins: whose; everybody's when it is not given")


ERASE_BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {"required": True, "content": {"application/json": {"schema": EraseRequest.model_json_schema()}}}
}
_TEXTS = {
    "q": 'words and "phrases", all of which were said',
    "since": "a moment, ISO 8601: made then or later",
    "until": "a moment: made before it",
    "language": "as zh or en",
    "kind": "file, stream or job",
    "engine": "its name",
    "door": "the path that was called",
    "user": "your own name for the person whose speech it is",
    "owner": "for admins: whose",
    "cursor": "next_cursor of the page before",
}
_NUMBERS = {"min_seconds": "of audio, at least", "max_seconds": "at most", "limit": f"of records, 1 to {MAX_PAGE}"}
LIST_PARAMETERS: dict[str, Any] = {  # Any: OpenAPI
    "parameters": [
        {"name": name, "in": "query", "required": False, "description": about, "schema": {"type": kind}}
        for kind, table in (("string", _TEXTS), ("number", _NUMBERS))
        for name, about in table.items()
    ]
    + [
        {
            "name": "text",
            "in": "query",
            "required": False,
            "schema": {"type": "boolean"},
            "description": "with the text",
        }
    ]
}


def asked_filter(request: Request, principal: Principal) -> HistoryFilter:
    """raises    InvalidOption, MissingScope"""
    fields = Fields(dict(request.query_params))
    kind = _name(fields, "kind")
    if kind is not None and kind not in KINDS:
        raise InvalidOption("kind", f"is unknown; use one of {', '.join(KINDS)}")
    return HistoryFilter(
        owner=asked_owner(fields, principal),
        since=_moment(fields, "since"),
        until=_moment(fields, "until"),
        language=_name(fields, "language"),
        kind=kind,
        engine=_name(fields, "engine"),
        door=_name(fields, "door"),
        user=asked_user(fields),
        min_seconds=_seconds(fields, "min_seconds"),
        max_seconds=_seconds(fields, "max_seconds"),
    )


def asked_owner(fields: Fields, principal: Principal) -> str | None:
    """The caller, or whom an admin names.

    raises    InvalidOption, MissingScope
    """
    return _owner(fields, principal, otherwise=principal.owner)


def asked_limit(request: Request) -> int:
    """raises    InvalidOption"""
    limit = Fields(dict(request.query_params)).whole("limit")
    if limit is None:
        return PAGE
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidOption("limit", f"is not 1 to {MAX_PAGE}")
    return limit


def read_erasure(body: Mapping[str, object], principal: Principal) -> Erasure:
    """What may be erased by this caller: admins everybody's, others their own.

    raises    InvalidOption, MissingScope
    """
    for name in body.keys() - EraseRequest.model_fields.keys():
        raise InvalidOption(name[:40], f"is unknown; give {', '.join(EraseRequest.model_fields)}")
    fields = Fields(body)
    everybodys = None if principal.may(Scope.ADMIN) else principal.owner
    return Erasure(
        owner=_owner(fields, principal, otherwise=everybodys),
        user=asked_user(fields),
        key=_name(fields, "key"),
        id=_name(fields, "id"),
        before=_moment(fields, "before"),
        everything=fields.flag("everything"),
    )


def sane_id(given: str) -> str:
    """raises    RecordNotFound for what cannot be one"""
    if not _ID.fullmatch(given):
        raise RecordNotFound("there is no such record, or its time is over")
    return given


def _owner(fields: Fields, principal: Principal, *, otherwise: str | None) -> str | None:
    owner = _name(fields, "owner")
    if owner is None or owner == principal.owner:
        return otherwise if owner is None else owner
    if not principal.may(Scope.ADMIN):
        raise MissingScope("only a key with the scope admin may ask for what is another owner's", param="owner")
    return owner


def _name(fields: Fields, name: str) -> str | None:
    text = fields.text(name)
    if text is not None and (len(text) > MAX_NAME_CHARACTERS or not text.isprintable()):
        raise InvalidOption(name, f"is no name of at most {MAX_NAME_CHARACTERS} characters")
    return text


def asked_user(fields: Fields) -> str | None:
    """raises    InvalidOption"""
    text = fields.text("user")
    if text is not None and len(text) > MAX_USER_CHARACTERS:
        raise InvalidOption("user", f"is longer than {MAX_USER_CHARACTERS} characters")
    return text


def _moment(fields: Fields, name: str) -> datetime | None:
    text = fields.text(name)
    if text is None:
        return None
    return read_moment(text, name)


def _seconds(fields: Fields, name: str) -> float | None:
    number = fields.number(name)
    if number is not None and not 0.0 <= number <= MAX_SECONDS:
        raise InvalidOption(name, f"is not 0 to {MAX_SECONDS:.0f}")
    return number
