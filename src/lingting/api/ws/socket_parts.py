"""What every live connection needs of the server, whatever its protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lingting.api.ws.dialect import Close
from lingting.api.ws.limits import SocketLimits
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.domain import Call, Principal
from lingting.jobs.commands import CommandDesk
from lingting.live.driver import LiveSession
from lingting.live.hub import LiveHub
from lingting.live.metering import Meter
from lingting.telemetry import Telemetry

__all__ = ["RoomDoor", "SocketParts"]


class RoomDoor(Protocol):
    """Where sessions are shown to many."""

    async def publish(self, name: str, token: str, session: LiveSession, /) -> None:
        """raises    RoomNotFound, RoomTaken, NotAllowed"""
        ...


@dataclass(frozen=True, slots=True)
class SocketParts:
    """What every connection needs of the server."""

    hub: LiveHub
    rooms: RoomDoor | None
    limits: SocketLimits
    telemetry: Telemetry
    open_meter: Callable[[Principal], Awaitable[Meter]] | None = None
    """Lets a session in as far as its key's limits go, and counts its audio; None counts nothing."""
    follow: Callable[[LiveSession, Call], None] | None = None
    """Sees every session that begins; None where nobody wants to."""
    require_usable: Callable[[Principal], Awaitable[None]] | None = None
    """Whether the caller's key is still good; None asks for none."""
    talks: TalkHub | None = None
    """Bots that answer; None where there are none."""
    desk: CommandDesk | None = None
    """Tells others of commands that were found in conversations."""
    closings: Mapping[str, Close] = field(default_factory=dict)
    """How the protocol itself closes, by the code of an error or the reason that a session ended."""
