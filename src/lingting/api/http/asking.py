"""What the doors for files ask of the transcriber, in whose name, and what an answer says of where it came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import HTTPConnection, Request

from lingting.api.access import call_of, named
from lingting.api.http.doors import Doors, doors_of, unless_gone
from lingting.api.http.fields import REDACT_SCHEMA, Fields
from lingting.api.http.hotword_fields import HOTWORD_SCHEMA
from lingting.audio.decode import AudioSource
from lingting.domain import Hotwords, Principal, RecognizeOptions
from lingting.domain.principal import Call
from lingting.recognition.served import ServedNames
from lingting.recognition.transcriber import Transcribed
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = [
    "MODEL_SCHEMA",
    "WISHES_SCHEMA",
    "Wishes",
    "defaults_for",
    "defaults_of",
    "headers_of",
    "read_model",
    "read_wishes",
    "transcribe_for",
    "wished",
    "with_model",
]

ANEW = frozenset({"no-store", "no-cache"})
"""Of Cache-Control in a request. Source: RFC 9111, section 5.2.1."""
WISHES_SCHEMA: dict[str, Any] = {  # Any: OpenAPI
    "user": {"type": "string", "description": "your own name for whose speech it is, to find and erase it by"},
    "store": {"type": "boolean", "description": "false keeps the transcript out of the history"},
    "cache": {"type": "boolean", "description": "false recognises anew, whatever is known"},
    **REDACT_SCHEMA,
    **HOTWORD_SCHEMA,
}

MODEL_SCHEMA: dict[str, Any] = {  # Any: OpenAPI
    "model": {"type": "string", "description": "one of GET /v1/models; the server chooses unless named"},
    "local_only": {"type": "boolean", "description": "true lets the audio go to no other server"},
}


def _usual_hotwords(shelf: HotwordShelf, principal: Principal) -> Hotwords:
    """What holds for a caller who asks for nothing: the packs of the key, or else those of the server.

    raises    InvalidOption where the key names a pack that is gone
    """
    if not principal.hotword_packs:
        return shelf.usual
    return shelf.chosen(Hotwords(), packs=principal.hotword_packs, param="hotword_packs of the key")


def defaults_for(doors: Doors, principal: Principal) -> RecognizeOptions:
    """What a caller gets when a request does not say.

    raises    InvalidOption
    """
    usual = _usual_hotwords(doors.services.hotwords, principal)
    return replace(doors.defaults, hotwords=usual) if usual else doors.defaults


def defaults_of(connection: HTTPConnection) -> RecognizeOptions:
    """What a request of this caller gets when it does not say.

    raises    InvalidOption
    """
    return defaults_for(doors_of(connection), call_of(connection).principal)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request says besides how to recognise."""

    call: Call
    use_cache: bool


def read_wishes(request: Request, fields: Fields) -> Wishes:
    """The fields `user`, `store` and `cache`, and the header Cache-Control.

    raises    InvalidOption
    """
    wishes = wished(call_of(request), fields)
    headers = {word.strip().lower() for word in request.headers.get("cache-control", "").split(",")}
    return replace(wishes, use_cache=wishes.use_cache and headers.isdisjoint(ANEW))


def wished(call: Call, fields: Fields) -> Wishes:
    """The fields `user`, `store` and `cache`.

    raises    InvalidOption
    """
    call = named(call, fields.text("user"))
    if not fields.flag("store", default=True):
        call = replace(call, keep=False)
    return Wishes(call, use_cache=fields.flag("cache", default=True))


def read_model(request: Request, fields: Fields, options: RecognizeOptions) -> RecognizeOptions:
    """With the fields `model` and `local_only`: which of the models that are served here, and where audio may go.

    raises    ModelNotFound
    """
    return with_model(doors_of(request).services.names, fields, options)


def with_model(names: ServedNames, fields: Fields, options: RecognizeOptions) -> RecognizeOptions:
    """As `read_model`, for any transport.

    raises    ModelNotFound
    """
    model = names.chosen(fields.text("model"))
    return replace(options, model=model, local_only=fields.flag("local_only", options.local_only))


async def transcribe_for(
    request: Request, source: AudioSource, options: RecognizeOptions, wishes: Wishes
) -> Transcribed:
    """The answer, unless the caller hangs up before.

    raises    ClientGone, InvalidInput, Busy, EngineError
    """
    with doors_of(request).holding_a_place() as services:
        work = services.transcriber.transcribe(source, options, wishes.call, use_cache=wishes.use_cache)
        return await unless_gone(request, work)


def headers_of(answered: Transcribed) -> dict[str, str]:
    """What became of the answer: where it came from, and under which id it is kept."""
    headers = {"X-Lingting-Cache": str(answered.cache)}
    if answered.record_id is not None:
        headers["X-Lingting-Record"] = answered.record_id
    return headers
