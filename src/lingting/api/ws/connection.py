"""The one socket loop: carries out what a dialect asks for, and gives it the session's events to word.

Promises: reading never waits for a recognition, so that pings are answered; answers and events leave in the order in
which they were worded; whatever goes wrong ends in a close code, never in a traceback at the client; nothing is left
when the connection is over but, where the dialect resumes, the session, which waits for its client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

from starlette.websockets import WebSocket

from lingting.api.errors import SESSION_CLOSE_CODES, close_code
from lingting.api.ws.dialect import (
    Acknowledge,
    Append,
    Clear,
    Close,
    Command,
    Commit,
    Configure,
    Dialect,
    Finish,
    Later,
    Message,
    Open,
    Opened,
    Remark,
    Resume,
    RoomClaim,
    Say,
    Stay,
    TalkAsk,
    TalkCommand,
    TalkConfigure,
    TalkGoOn,
    TalkNote,
    TalkPlayed,
    TalkResult,
    TalkStop,
)
from lingting.api.ws.inbox import Inbox
from lingting.api.ws.key_watch import until_unusable
from lingting.api.ws.outbox import Outbox
from lingting.api.ws.peer import Peer, PeerGone, SocketPeer
from lingting.api.ws.socket_parts import SocketParts
from lingting.api.ws.talking import TalkLink
from lingting.domain import Call, Closed, CloseReason, Event
from lingting.domain.errors import ClientTooSlow, InvalidInput, InvalidMessage, LingtingError
from lingting.live.driver import LiveSession
from lingting.live.outbox import Subscription
from lingting.security.call_note import audit_note
from lingting.telemetry import Telemetry, log, request_id

__all__ = ["RESUMED_ELSEWHERE", "Connection", "serve_peer", "serve_socket"]

BROKE = "something broke here; the log has the request id of this connection"
RESUMED_ELSEWHERE = "session_resumed_elsewhere"
ON_PURPOSE = 1000
"""The client's close code that says that it is done; after any other it may come back."""
KNOWN_CODES = frozenset((1000, 1001, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013))


async def serve_socket(
    websocket: WebSocket, dialect: Dialect, parts: SocketParts, call: Call, *, subprotocol: str | None = None
) -> None:
    """Accept, and serve until one side closes."""
    await websocket.accept(subprotocol, headers=[(b"x-request-id", request_id.get().encode())])
    await serve_peer(Connection(SocketPeer(websocket), dialect, parts, call), parts.telemetry, call.door)


async def serve_peer(connection: Connection, telemetry: Telemetry, door: str) -> None:
    """Serve until one side closes, measured and noted."""
    began_seconds = asyncio.get_running_loop().time()
    telemetry.doors.socket_opened(door)
    log.info("socket.opened", door=door)
    try:
        await connection.run()
    finally:
        outcome = str(connection.code) if connection.code in KNOWN_CODES else "other"
        telemetry.doors.socket_closed(door, outcome)
        seconds = asyncio.get_running_loop().time() - began_seconds
        log.info("socket.closed", door=door, code=connection.code, seconds=round(seconds, 3))
        audit_note(audio_seconds=connection.audio_seconds, closed=connection.code, seconds=round(seconds, 3))


class _Over(Exception):
    """The connection has ended."""

    def __init__(self, code: int, *, by_client: bool) -> None:
        super().__init__(code)
        self.code = code
        self.by_client = by_client


class Connection:
    """One peer, its dialect, and its session once there is one."""

    def __init__(self, peer: Peer, dialect: Dialect, parts: SocketParts, call: Call) -> None:
        self.code = 1006
        """How it ended; abnormally until something else is known."""
        self._peer = peer
        self._dialect = dialect
        self._parts = parts
        self._call = call
        self._limits = parts.limits
        self._inbox = Inbox(peer, parts.limits)
        self._outbox = Outbox(peer, capacity=parts.limits.max_outbox_messages, send_seconds=parts.limits.send_seconds)
        self._session: LiveSession | None = None
        self._subscription: Subscription | None = None
        self._talk = TalkLink(parts.talks, parts.desk, call)
        self._tasks: asyncio.TaskGroup
        self._is_closing = False
        self._bad_messages = 0
        self._earlier_seconds = 0.0
        """Audio of sessions that ended on this connection, less what the present one had before it was resumed."""

    @property
    def is_live(self) -> bool:
        """Whether there is a session."""
        return self._subscription is not None

    @property
    def audio_seconds(self) -> float:
        """How much audio came on this connection."""
        return self._earlier_seconds + (self._session.received_seconds if self._session else 0.0)

    async def run(self) -> None:
        """Serve until one side closes."""
        left_on_purpose = False
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._write())
                self._tasks.create_task(self._read())
                self._tasks.create_task(self._watch_key())
        except* _Over as ends:
            over = ends.exceptions[0]
            assert isinstance(over, _Over)
            self.code, left_on_purpose = over.code, over.by_client and over.code == ON_PURPOSE
        finally:
            await self._leave(left_on_purpose=left_on_purpose)

    async def _watch_key(self) -> None:
        """End the connection when its key is revoked or expires."""
        principal, require_usable = self._call.principal, self._parts.require_usable
        if require_usable is not None and principal.key_id:
            await self._end_with(await until_unusable(principal, require_usable))

    async def _leave(self, *, left_on_purpose: bool) -> None:
        """Let a session that may be resumed wait for its client; what is left of others is for those who watch."""
        await self._talk.aclose()
        session, subscription = self._session, self._subscription
        if session is None or subscription is None or subscription.replaced:
            return
        for_good = left_on_purpose or not self._dialect.resumes
        if for_good and self._peer.takes_all_along:
            await session.aclose()
        elif for_good:
            await session.finish()
        session.detach(subscription, for_good=for_good)

    async def _write(self) -> None:
        try:
            sent = await self._outbox.run()
        except PeerGone as gone:
            raise _Over(gone.code, by_client=True) from gone
        except ClientTooSlow as error:
            self._count(error)
            await self._outbox.give_up(error)
            raise _Over(close_code(error), by_client=False) from error
        raise _Over(sent.code, by_client=False)

    async def _read(self) -> None:
        try:
            for command in self._dialect.greet():
                await self._carry_out(command)
            while not self._is_closing:
                await self._take(await self._inbox.next(is_waited_for=self._session is not None))
        except PeerGone as gone:
            raise _Over(gone.code, by_client=True) from gone
        except LingtingError as error:
            await self._end_with(error)
        except Exception as error:  # noqa: BLE001 - the socket loop: the client gets an answer
            await self._break(error)

    async def _take(self, message: Message) -> None:
        if self._subscription is not None and self._subscription.replaced:
            return
        try:
            for command in self._dialect.receive(message):
                await self._carry_out(command)
        except LingtingError as error:
            await self._refuse(error)
        else:
            self._bad_messages = 0

    async def _carry_out(self, command: Command) -> None:
        match command:
            case Append(data):
                await self._live.feed(data)
            case Acknowledge(word):
                await self._outbox.put(word(self._live.text, self._live.received_seconds))
            case Remark(remark):
                await self._say(remark(self._live.heard_seconds))
            case Say(message):
                await self._outbox.put(message)
            case Open() | Resume():
                await self._enter(command)
            case Configure(options, fmt):
                await self._live.configure(options, fmt)
            case Commit():
                await self._live.commit()
            case Clear():
                await self._live.clear()
            case Finish():
                await self._live.finish()
            case TalkAsk() | TalkNote() | TalkStop() | TalkPlayed() | TalkResult() | TalkGoOn() | TalkConfigure():
                await self._converse(command)
            case Close(code, reason):
                await self._close(code, reason)

    async def _converse(self, command: TalkCommand | TalkConfigure) -> None:
        self._live.stay()
        if not isinstance(command, TalkConfigure):
            self._talk.obey(command)
        elif await self._talk.configure(command.wish, self._live):
            self._tasks.create_task(self._answering(self._talk.tell(self._dialect, self._do)))

    @property
    def _live(self) -> LiveSession:
        if self._session is None:
            raise InvalidMessage("there is no session on this connection")
        return self._session

    async def _enter(self, command: Open | Resume) -> None:
        if self._subscription is not None:
            raise InvalidMessage("a session is open on this connection")
        if isinstance(command, Open):
            await self._open(command)
            return
        session = self._parts.hub.resume(command.session, owner=self._call.principal.owner)
        await self._begin(session, resumed=True, after_seq=command.last_seq)

    async def _open(self, command: Open) -> None:
        session = await self._opened(command)
        if self._parts.follow is not None:
            self._parts.follow(session, self._call)
        try:
            await self._publish(session, command.room)
            await self._talk.begin(command, session)
        except BaseException:
            await session.aclose()
            raise
        await self._begin(session, resumed=False, after_seq=0)

    async def _opened(self, command: Open) -> LiveSession:
        """raises    Overloaded, ShuttingDown; InvalidOption, UnsupportedLanguage"""
        principal, open_meter = self._call.principal, self._parts.open_meter
        meter = await open_meter(principal) if open_meter is not None else None
        try:
            return await self._parts.hub.open(
                command.options, command.format, owner=principal.owner, meter=meter, caller=principal
            )
        except BaseException:
            if meter is not None:
                await meter.aclose(0.0)
            raise

    async def _publish(self, session: LiveSession, claim: RoomClaim | None) -> None:
        if claim is None:
            return
        if self._parts.rooms is None:
            raise InvalidInput("this server has no subtitle rooms", param="room")
        await self._parts.rooms.publish(claim.room, claim.token, session)

    async def _begin(self, session: LiveSession, *, resumed: bool, after_seq: int) -> None:
        """Take the session over before anything else happens; its first event follows the dialect's own words."""
        self._earlier_seconds = self.audio_seconds - session.received_seconds
        self._session, subscription = session, session.attach(after_seq=after_seq)
        self._subscription = subscription
        opened = Opened(
            session=session.id,
            resumed=resumed,
            received_seconds=session.received_seconds,
            last_seq=session.last_seq,
            text=session.text,
            options=session.options,
            format=session.format,
            conversation=self._talk.conversation,
        )
        await self._say(self._dialect.opened(opened))
        self._tasks.create_task(self._answering(self._tell(subscription)))
        if self._talk.is_on:
            self._tasks.create_task(self._answering(self._talk.tell(self._dialect, self._do)))

    async def _tell(self, subscription: Subscription) -> None:
        """Word the session's events until there are no more."""
        async for event in subscription:
            stays = await self._word(event)
            if isinstance(event, Closed):
                await self._ended(event.reason, stays=stays)
        if subscription.replaced:
            await self._close(1008, RESUMED_ELSEWHERE)

    async def _answering(self, telling: Awaitable[None]) -> None:
        """What goes wrong in it ends the connection, in words."""
        try:
            await telling
        except LingtingError as error:
            await self._end_with(error)
        except Exception as error:  # noqa: BLE001 - the socket loop: the client gets an answer
            await self._break(error)

    async def _word(self, event: Event) -> bool:
        """Say and do what the dialect makes of an event; whether it keeps the connection for another session."""
        return await self._do(self._dialect.render(event))

    async def _do(self, words: Sequence[Message | Later | Command]) -> bool:
        stays = False
        for word in words:
            if isinstance(word, Stay):
                stays = True
            elif isinstance(word, Command):
                await self._carry_out(word)
            else:
                await self._say((word,))
        return stays

    async def _ended(self, reason: CloseReason, *, stays: bool) -> None:
        """The session is over, and with it the connection, unless the dialect keeps it for the next one."""
        self._subscription = None
        await self._talk.aclose()
        if not stays:
            await self._close(SESSION_CLOSE_CODES[reason], reason)
            return
        self._earlier_seconds, self._session = self.audio_seconds, None
        self._inbox.session_ended()

    async def _say(self, messages: Sequence[Message | Later]) -> None:
        for message in messages:
            await self._outbox.put(await asyncio.to_thread(message) if callable(message) else message)

    async def _refuse(self, error: LingtingError) -> None:
        """Tell what was wrong; go on where that makes sense."""
        self._bad_messages += 1
        if self._dialect.is_fatal(error):
            await self._end_with(error)
        elif self._bad_messages >= self._limits.max_bad_messages:
            await self._end_with(
                InvalidMessage(f"{self._bad_messages} bad messages in a row; the last: {error.message}")
            )
        else:
            self._count(error)
            await self._say(self._dialect.refuse(error, fatal=False))

    async def _break(self, error: Exception) -> None:
        log.error("socket.broke", error=type(error).__name__, exc_info=True)
        await self._end_with(LingtingError(BROKE))

    async def _end_with(self, error: LingtingError) -> None:
        self._count(error)
        await self._say(self._dialect.refuse(error, fatal=True))
        await self._close(close_code(error), error.code)

    async def _close(self, code: int, reason: str) -> None:
        """Close once what was said before has been sent."""
        self._is_closing = True
        await self._outbox.put(self._parts.closings.get(reason, Close(code, reason)))

    def _count(self, error: LingtingError) -> None:
        log.info("socket.refused", code=error.code, param=error.param)
        audit_note(code=error.code)
        self._parts.telemetry.doors.answered_with_error(error.code)
