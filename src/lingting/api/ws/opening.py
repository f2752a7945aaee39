"""What a live connection gets of the server, whatever carries its messages."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lingting.api.ws.limits import SocketLimits
from lingting.api.ws.socket_parts import SocketParts
from lingting.domain import RecognizeOptions, StreamOptions
from lingting.domain.options import LIVE_BEAM_SIZE
from lingting.security.stream_meter import StreamMeter
from lingting.services import Services

__all__ = ["live_defaults", "parts_of"]


def live_defaults(recognize: RecognizeOptions) -> StreamOptions:
    """What a session gets when its client does not say, from what recordings get."""
    beam_size = min(recognize.beam_size, LIVE_BEAM_SIZE)
    return StreamOptions(recognize=replace(recognize, word_times=True, beam_size=beam_size))


def parts_of(services: Services, limits: SocketLimits) -> SocketParts:
    """The live sessions of the server, metered, followed, and ended with their keys."""
    return SocketParts(
        hub=services.live,
        rooms=services.rooms,
        talks=services.talks,
        desk=services.commands,
        limits=limits,
        telemetry=services.telemetry,
        open_meter=partial(StreamMeter.begin, services.limiter),
        follow=services.follow,
        require_usable=services.keys.require_usable,
    )
