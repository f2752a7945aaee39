"""The Wyoming server: a TCP port of its own, in the event loop that HTTP is served in.

The protocol knows no keys. Whoever reaches the port acts under one key that the settings name, once the server asks for
keys at all, and with no more rights than that.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import version

from lingting.api.admission import Knock, let_in, verified
from lingting.api.auditing import Caller, CallRows, SocketRecorder
from lingting.api.errors import close_code
from lingting.api.http.asking import defaults_for
from lingting.api.http.doors import Doors
from lingting.api.ws.connection import Connection, serve_peer
from lingting.api.ws.dialect import Handshake, Message
from lingting.api.ws.opening import live_defaults, parts_of
from lingting.api.ws.peer import PeerGone
from lingting.api.wyoming.codec import (
    MAX_LINE_BYTES,
    AsrModel,
    AsrProgram,
    Attribution,
    Error,
    Info,
    pack,
    read_frame,
)
from lingting.api.wyoming.dialect import WyomingDialect
from lingting.api.wyoming.limits import WyomingSettings
from lingting.domain import Call, Scope
from lingting.domain.errors import AddressNotAllowed, LingtingError, Overloaded, SettingsInvalid
from lingting.domain.languages import LANGUAGES
from lingting.recognition.served import ServedNames
from lingting.security.call_note import CallNote, noting
from lingting.telemetry import log, request_id, take_request_id

__all__ = ["WyomingServer"]

DOOR = "wyoming"
RETRY_SECONDS = 5.0
GONE = 1006
LAST_WORD_SECONDS = 2.0


class _Peer:
    """The other end of a TCP connection."""

    takes_all_along = True

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def receive(self) -> Message:
        try:
            frame = await read_frame(self._reader)
        except OSError as error:
            raise PeerGone(GONE) from error
        if not frame:
            raise PeerGone(GONE)
        return frame

    async def send(self, message: Message) -> None:
        assert isinstance(message, bytes)
        try:
            self._writer.write(message)
            await self._writer.drain()
        except OSError as error:
            raise PeerGone(GONE) from error

    async def close(self, code: int, reason: str) -> None:
        self._writer.close()


class WyomingServer:
    """Answers from the first moment, if only that the model is loading. Belongs to one event loop."""

    def __init__(self, doors: Doors, settings: WyomingSettings, key: str | None) -> None:
        self._doors = doors
        self._settings = settings
        self._key = key
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], Connection | None] = {}
        self.port = 0

    @classmethod
    async def started(cls, doors: Doors, settings: WyomingSettings, host: str, key: str | None) -> WyomingServer:
        """raises    SettingsInvalid when it cannot listen there"""
        made = cls(doors, settings, key)
        try:
            made._server = await asyncio.start_server(made._meet, host, settings.port, limit=MAX_LINE_BYTES)
        except OSError as problem:
            raise SettingsInvalid(
                f"wyoming.host, wyoming.port = {host}:{settings.port}: cannot listen there; give an address of this "
                "machine and a free port",
                param="wyoming.port",
            ) from problem
        made.port = made._server.sockets[0].getsockname()[1]
        return made

    async def stop(self, grace_seconds: float) -> None:
        """Take no more connections, end those that are silent, and give the others so long for their last words."""
        assert self._server is not None
        self._server.close()
        for task, connection in self._serving.items():
            if connection is None or not connection.is_live:
                task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=grace_seconds)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = None
        token = request_id.set(take_request_id(None))
        try:
            with noting(CallNote()) as note:
                await self._serve(task, _Peer(reader, writer), writer, note)
        except asyncio.CancelledError:
            if self._server is not None and self._server.is_serving():
                raise  # else it is the stop, which asyncio's own callback would log as a fault
        except Exception as error:  # noqa: BLE001 - main: there is nobody above to tell
            log.error("wyoming.broke", error=type(error).__name__, exc_info=True)
        finally:
            del self._serving[task]
            request_id.reset(token)
            await _part(writer)

    async def _serve(self, task: asyncio.Task[None], peer: _Peer, writer: asyncio.StreamWriter, note: CallNote) -> None:
        services = self._doors.services_if_open
        address = self._doors.allowlist.client_of((writer.get_extra_info("peername") or ("",))[0], ())
        known: list[Call] = []
        rows = CallRows(
            services.audit if services else None,
            note,
            lambda: Caller(known[0] if known else None, address, DOOR),
        )
        recorder = SocketRecorder(rows, note, "TCP")
        try:
            with self._doors.sockets.holding_a_place():
                await self._serve_admitted(task, peer, address, known, recorder)
        except LingtingError as error:
            log.info("wyoming.denied", code=error.code)
            if services is not None:
                services.telemetry.doors.answered_with_error(error.code)
            await recorder.denied(error)
            await _refuse(peer, error)
        finally:
            await recorder.closed()

    async def _serve_admitted(
        self, task: asyncio.Task[None], peer: _Peer, address: str, known: list[Call], recorder: SocketRecorder
    ) -> None:
        """raises    LingtingError, before anything was served"""
        doors = self._doors
        if not doors.allowlist.admits(address):
            raise AddressNotAllowed("callers from this address are not let in")
        if len(self._serving) > self._settings.max_connections:
            raise Overloaded(
                f"{self._settings.max_connections} connections are open, the limit here",
                retry_after_seconds=RETRY_SECONDS,
            )
        services = doors.require_open()
        call = await let_in(
            services,
            Knock(DOOR, address),
            Scope.STREAM,
            identify=lambda: verified(services, self._key, address=address),
            tell=known.append,
        )
        limits = doors.sockets.limits
        handshake = Handshake(
            live_defaults(defaults_for(doors, call.principal)), max_audio_bytes=limits.max_message_bytes
        )
        dialect = WyomingDialect(handshake, services.names, info_of(services.names))
        connection = Connection(peer, dialect, parts_of(services, limits), call)
        self._serving[task] = connection
        await recorder.opening()
        await serve_peer(connection, services.telemetry, DOOR)


async def _part(writer: asyncio.StreamWriter) -> None:
    """Close, and drop what a client does not read."""
    writer.close()
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()


async def _refuse(peer: _Peer, error: LingtingError) -> None:
    try:
        async with asyncio.timeout(LAST_WORD_SECONDS):
            await peer.send(pack(Error(text=error.message, code=error.code).event()))
            await peer.close(close_code(error), error.code)
    except (TimeoutError, PeerGone):
        return


def info_of(names: ServedNames) -> bytes:
    """The answer to `describe`: what is served, by the names that `transcribe` may say."""
    ours = Attribution(name="Lingting", url="")
    models = [
        AsrModel(
            name=name,
            attribution=ours,
            installed=True,
            description=None,
            version=None,
            languages=list(LANGUAGES),
        )
        for name in dict.fromkeys((names.default.name, *(served.name for served in names.models)))
    ]
    program = AsrProgram(
        name="lingting",
        attribution=ours,
        installed=True,
        description="Lingting, speech to text",
        version=version("lingting"),
        models=models,
        supports_transcript_streaming=True,
    )
    return pack(Info(asr=[program]).event())
