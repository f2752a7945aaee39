"""The WebSocket routes: one row for each dialect."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fastapi import APIRouter
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from lingting.api.access import KEY_QUERY, admit, key_of, named
from lingting.api.auditing import SocketRecorder, rows_of
from lingting.api.deepgram.key import deepgram_key_of
from lingting.api.http.asking import defaults_of
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.ws.aliyun.dialect import AliyunNls
from lingting.api.ws.aliyun.refusal import token_of, turn_away
from lingting.api.ws.connection import serve_socket
from lingting.api.ws.deepgram.deepgram import DEEPGRAM_CLOSINGS, DeepgramDialect
from lingting.api.ws.dialect import Close, Dialect, Handshake
from lingting.api.ws.funasr.funasr import FunasrDialect
from lingting.api.ws.handshake import choose_subprotocol, deny, require_origin
from lingting.api.ws.limits import SocketLimits
from lingting.api.ws.native.native import NativeDialect
from lingting.api.ws.openai.dialect import BETA_SUBPROTOCOL, OpenAIRealtime
from lingting.api.ws.opening import live_defaults, parts_of
from lingting.api.ws.subtitle import SubtitleDialect
from lingting.api.ws.voice.voice import VoiceDialect
from lingting.api.ws.vosk import VoskDialect
from lingting.domain import Call, RecognizeOptions, Scope
from lingting.domain.errors import LingtingError
from lingting.security.call_note import CallNote, noting
from lingting.services import Services
from lingting.telemetry import log, request_id, span, take_request_id

__all__ = ["DIALECTS", "ROOT", "DialectRoute", "socket_routes"]


OWN_SUBPROTOCOL = "lingting"
"""A browser that hands its key over as a subprotocol needs another one that is agreed on."""


@dataclass(frozen=True, slots=True)
class DialectRoute:
    """Where a dialect is spoken."""

    name: str
    """Of the folder with its recorded dialogs, too."""
    path: str
    make: Callable[[Handshake], Dialect]
    subprotocols: tuple[str, ...] = (OWN_SUBPROTOCOL,)
    """Those that may be agreed on."""
    scope: Scope = Scope.STREAM
    """What a key must be good for."""
    door: str = ""
    """Of `[doors]` in the settings, which opens it; empty for those that are always open."""
    read_key: Callable[[HTTPConnection], str | None] = key_of
    """Where its clients put their keys."""
    closings: Mapping[str, Close] = field(default_factory=dict)
    """See `SocketParts`."""
    root_subprotocol: str | None = None
    """Its clients name a host and no path; those of this subprotocol mean it, and with "" those of no other."""
    turn_away: Callable[[WebSocket, LingtingError], Awaitable[None]] = deny
    """How its clients learn that they are not let in."""


DIALECTS = (
    DialectRoute("native", "/v1/asr/stream", NativeDialect),
    DialectRoute("subtitle", "/ws/subtitle", SubtitleDialect),
    DialectRoute("openai_realtime", "/v1/realtime", OpenAIRealtime, subprotocols=("realtime", BETA_SUBPROTOCOL)),
    DialectRoute("voice", "/v1/chat/voice", VoiceDialect, scope=Scope.CHAT),
    DialectRoute(
        "deepgram",
        "/v1/listen",
        DeepgramDialect,
        subprotocols=("token", "bearer", OWN_SUBPROTOCOL),
        door="deepgram",
        read_key=deepgram_key_of,
        closings=DEEPGRAM_CLOSINGS,
    ),
    DialectRoute("vosk", "/vosk", VoskDialect, door="vosk", root_subprotocol=""),
    DialectRoute(
        "funasr",
        "/funasr",
        FunasrDialect,
        subprotocols=("binary", OWN_SUBPROTOCOL),
        door="funasr",
        root_subprotocol="binary",
    ),
    DialectRoute("aliyun", "/ws/v1", AliyunNls, door="aliyun", read_key=token_of, turn_away=turn_away),
)
ROOT = "/"

CALL_QUERY = (KEY_QUERY, "user", "store")
"""What an address may say about the caller, whatever the dialect; the rest is the dialect's."""


async def _serve(websocket: WebSocket, row: DialectRoute) -> None:
    """Refuse as HTTP what cannot be served; after that everything is said on the socket."""
    token = request_id.set(take_request_id(websocket.headers.get("x-request-id")))
    services = doors_of(websocket).services_if_open
    with noting(CallNote()) as note:
        recorder = SocketRecorder(rows_of(websocket.scope, note), note)
        try:
            await _serve_admitted(websocket, row, recorder)
        except LingtingError as error:
            log.info("socket.denied", door=row.path, code=error.code)
            if services is not None:
                services.telemetry.doors.answered_with_error(error.code)
            await recorder.denied(error)
            await row.turn_away(websocket, error)
        finally:
            await recorder.closed()
            request_id.reset(token)


async def _serve_admitted(websocket: WebSocket, row: DialectRoute, recorder: SocketRecorder) -> None:
    """raises    LingtingError, before the socket is accepted: also for a query that the dialect refuses"""
    doors = doors_of(websocket)
    limits = doors.sockets.limits
    require_origin(websocket.headers, limits.allowed_origins)
    services = doors.require_open()
    call = _wished(await admit(websocket, row.scope, read_key=row.read_key), websocket)
    with doors.sockets.holding_a_place():
        may_publish = services.commands.has_receivers and call.principal.may(Scope.COMMANDS)
        scopes = frozenset(scope for scope in Scope if call.principal.may(scope))
        handshake = replace(
            _handshake(websocket, defaults_of(websocket), services, limits), may_publish=may_publish, scopes=scopes
        )
        dialect = row.make(handshake)
        parts = replace(parts_of(services, limits), closings=row.closings)
        subprotocol = choose_subprotocol(handshake.subprotocols, row.subprotocols)
        await recorder.opening()
        await serve_socket(websocket, dialect, parts, call, subprotocol=subprotocol)


def _handshake(websocket: WebSocket, defaults: RecognizeOptions, services: Services, limits: SocketLimits) -> Handshake:
    asked = websocket.query_params
    names = [name for name in asked if name not in CALL_QUERY]
    return Handshake(
        defaults=live_defaults(defaults),
        query={name: asked[name] for name in names},
        values={name: tuple(asked.getlist(name)) for name in names},
        subprotocols=tuple(websocket.scope["subprotocols"]),
        max_audio_bytes=limits.max_message_bytes,
        models=services.names.names,
        token=secrets.token_hex(8),
        request_id=request_id.get(),
        began_at=services.clock.now(),
        intents=services.intents,
        hotwords=services.hotwords,
        preset=getattr(websocket.state, "preset", None),
    )


def _wished(call: Call, websocket: WebSocket) -> Call:
    """With the person whose speech it is, and whether it may be kept.

    raises    InvalidOption
    """
    fields = Fields({name: websocket.query_params.get(name) for name in CALL_QUERY})
    keep = fields.flag("store") if fields.text("store") else call.keep
    return replace(named(call, fields.text("user")), keep=keep)


def socket_routes(doors: Collection[str]) -> APIRouter:
    """A route for each dialect that is always spoken, or by one of these doors."""
    router = APIRouter()
    rows = [row for row in DIALECTS if not row.door or row.door in doors]
    for row in rows:
        _add(router, row.path, (row,))
    if at_root := [row for row in rows if row.root_subprotocol is not None]:
        _add(router, ROOT, at_root)
    return router


def _add(router: APIRouter, path: str, rows: Sequence[DialectRoute]) -> None:
    async def serve(websocket: WebSocket) -> None:
        with span(f"WS {path}", kind="server", headers=websocket.headers):
            await _serve(websocket, _meant(rows, websocket.scope["subprotocols"]))

    router.add_api_websocket_route(path, serve, name=rows[0].name if len(rows) == 1 else "root")


def _meant(rows: Sequence[DialectRoute], offered: Collection[str]) -> DialectRoute:
    """The one whose subprotocol is offered, or else the one that needs none."""
    named = [row for row in rows if row.root_subprotocol in offered]
    return next(iter(named), next((row for row in rows if not row.root_subprotocol), rows[0]))
