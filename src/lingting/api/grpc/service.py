"""The methods of `Speech`: recordings through the transcriber, live speech through the connection loop."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio

from lingting.api.errors import SESSION_GRPC_STATUS
from lingting.api.grpc._generated import speech_pb2
from lingting.api.grpc.answers import result_message
from lingting.api.grpc.frame import OK, Frame, Rpc
from lingting.api.grpc.live_dialect import GrpcDialect
from lingting.api.grpc.news import News
from lingting.api.grpc.peer import GrpcPeer
from lingting.api.grpc.requests import Asked, asked
from lingting.api.http.asking import defaults_for
from lingting.api.http.doors import Doors
from lingting.api.http.fields import Fields
from lingting.api.ws.connection import RESUMED_ELSEWHERE, Connection
from lingting.api.ws.dialect import Handshake
from lingting.api.ws.opening import live_defaults, parts_of
from lingting.domain import Call, Scope, Segment
from lingting.domain.errors import ClientTooSlow, InvalidMessage, UploadStalled
from lingting.domain.intents import IntentMatch
from lingting.security.call_note import audit_note
from lingting.text.commands.intents import matches_of

__all__ = ["NAME", "speech_handlers"]

NAME: str = speech_pb2.DESCRIPTOR.services_by_name["Speech"].full_name
STORE = "x-lingting-store"


def speech_handlers(doors: Doors) -> Any:  # Any: the library has no types
    """What answers the methods of `Speech`."""
    frame = Frame(doors)
    works = {"Recognize": recognize, "RecognizeFile": recognize_file, "StreamRecognize": stream_recognize}
    handlers = {
        name: frame.serving(f"/{NAME}/{name}", work, is_live=work is stream_recognize) for name, work in works.items()
    }
    return grpc.method_handlers_generic_handler(NAME, handlers)


async def recognize(rpc: Rpc) -> None:
    """raises    LingtingError"""
    message = await _recognised(rpc, await _wanted(rpc))
    await rpc.record(OK)
    await rpc.send_headers()
    await rpc.context.write(message.SerializeToString())


async def recognize_file(rpc: Rpc) -> None:
    """raises    LingtingError"""
    wanted = await _wanted(rpc)
    news = News(with_words=wanted.options.word_times)
    work = asyncio.create_task(_recognised(rpc, wanted, news))
    work.add_done_callback(news.put_end)
    try:
        first = await news.take()
        if first is None:
            await work  # what is refused at once has no row but that of its status
        await rpc.record(OK)
        await rpc.send_headers()
        message = first
        while message is not None:
            await rpc.context.write(message.SerializeToString())
            message = await news.take()
        last = speech_pb2.RecognizeFileResponse(result=await work)
        await rpc.context.write(last.SerializeToString())
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def stream_recognize(rpc: Rpc) -> None:
    """raises    LingtingError"""
    doors = rpc.doors
    services = doors.require_open()
    call = _kept(await rpc.admit(Scope.STREAM), rpc)
    with doors.sockets.holding_a_place():
        limits = doors.sockets.limits
        may_publish = services.commands.has_receivers and call.principal.may(Scope.COMMANDS)
        handshake = Handshake(
            live_defaults(defaults_for(doors, call.principal)),
            intents=services.intents,
            hotwords=services.hotwords,
            may_publish=may_publish,
        )
        dialect = GrpcDialect(handshake)
        peer = GrpcPeer(rpc.context, dialect)
        connection = Connection(peer, dialect, parts_of(services, limits), call)
        await rpc.begin_live()
        await rpc.send_headers()
        try:
            await connection.run()
        finally:
            audit_note(audio_seconds=connection.audio_seconds)
    _end(rpc, dialect, peer)


def _end(rpc: Rpc, dialect: GrpcDialect, peer: GrpcPeer) -> None:
    """The status of a live call that has ended by itself; the connection has counted its error."""
    if dialect.failure is not None:
        rpc.end_with(dialect.failure)
    elif dialect.closed is not None:
        status = SESSION_GRPC_STATUS[dialect.closed]
        if status != OK:
            rpc.end(status, f"the session ended: {dialect.closed}", [("lingting-code", dialect.closed)])
    elif peer.reason == RESUMED_ELSEWHERE:
        rpc.end("ABORTED", "another call goes on with this session", [("lingting-code", RESUMED_ELSEWHERE)])
    elif peer.reason == ClientTooSlow.code:
        rpc.end_with(ClientTooSlow("nothing was read for too long; resume when the client can"))


def _kept(call: Call, rpc: Rpc) -> Call:
    """Whether what is said live may be kept.

    raises    InvalidOption
    """
    fields = Fields({STORE: rpc.metadata.get(STORE)})
    return replace(call, keep=fields.flag(STORE)) if fields.text(STORE) else call


async def _wanted(rpc: Rpc) -> Asked:
    """Let the caller in, and only then read what it wants.

    raises    LingtingError
    """
    doors = rpc.doors
    services = doors.require_open()
    call = await rpc.admit(Scope.TRANSCRIBE)
    try:
        async with asyncio.timeout(doors.limits.upload_seconds):
            data = await rpc.context.read()
    except TimeoutError as error:
        raise UploadStalled(f"no message came in {doors.limits.upload_seconds:g} seconds; send it again") from error
    if data is grpc.aio.EOF:
        raise InvalidMessage("no message came; send one RecognizeRequest")
    services.telemetry.doors.received(len(data))
    return asked(data, call, defaults=defaults_for(doors, call.principal), services=services)


async def _recognised(rpc: Rpc, wanted: Asked, news: News | None = None) -> speech_pb2.RecognizeResponse:
    """raises    InvalidInput, Busy, EngineError"""
    with rpc.doors.holding_a_place() as services:
        answered = await services.transcriber.transcribe(
            wanted.source,
            wanted.options,
            wanted.wishes.call,
            use_cache=wanted.wishes.use_cache,
            on_segments=news.put_segments if news else None,
            on_progress=news.put_progress if news else None,
        )
    commands: Sequence[tuple[Segment, IntentMatch]] = ()
    if wanted.matcher is not None:
        commands = await asyncio.to_thread(matches_of, wanted.matcher, answered.transcript)
    return result_message(answered, commands, with_words=wanted.options.word_times)
