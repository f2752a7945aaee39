"""Events as bytes: read from a stream within bounds, and taken apart and put together by the wyoming package.

The package's own reader takes in whatever lengths a header names, and calls a damaged event the end of the stream; so
lengths are looked at here before anything is read, and damage is an error.
"""

from __future__ import annotations

import asyncio
import io
import warnings
from collections.abc import Mapping

from lingting.api.ws.messages import read_object
from lingting.domain.errors import InvalidMessage, LimitExceeded

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wyoming 1.10 imports audioop, which Python 3.13 drops
    from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
    from wyoming.error import Error
    from wyoming.event import Event, read_event, write_event
    from wyoming.info import AsrModel, AsrProgram, Attribution, Info
    from wyoming.ping import Pong

__all__ = [
    "MAX_LINE_BYTES",
    "AsrModel",
    "AsrProgram",
    "Attribution",
    "Error",
    "Event",
    "Info",
    "Pong",
    "Transcript",
    "TranscriptChunk",
    "TranscriptStart",
    "TranscriptStop",
    "pack",
    "read_frame",
    "unpack",
]

MAX_LINE_BYTES = 65_536
MAX_DATA_BYTES = 65_536
MAX_PAYLOAD_BYTES = 1_048_576
"""Over 30 s of 16 kHz samples; clients send tenths of a second."""


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The bytes of one event, whole; none at the end of the stream.

    raises    InvalidMessage, LimitExceeded
    """
    try:
        line = await reader.readline()
    except ValueError as error:
        raise LimitExceeded(f"a line is over {MAX_LINE_BYTES} bytes, the limit here") from error
    if not line:
        return b""
    header = _object(line)
    if not isinstance(header.get("type"), str):
        raise InvalidMessage("type: is missing; every event names its type", param="type")
    if not isinstance(header.get("data", {}), dict):
        raise InvalidMessage("data: is not an object", param="data")
    try:
        data = await reader.readexactly(_length(header, "data_length", MAX_DATA_BYTES))
        payload = await reader.readexactly(_length(header, "payload_length", MAX_PAYLOAD_BYTES))
    except asyncio.IncompleteReadError:
        return b""
    if data:
        _object(data)
    return line + data + payload


def unpack(frame: bytes) -> Event:
    """The event of a frame that was read here."""
    event = read_event(io.BytesIO(frame))
    assert event is not None
    return event


def pack(event: Event) -> bytes:
    buffer = io.BytesIO()
    write_event(event, buffer)
    return buffer.getvalue()


def _object(data: bytes) -> dict[str, object]:
    try:
        return read_object(data.decode())
    except UnicodeDecodeError as error:
        raise InvalidMessage("the event is not JSON in UTF-8") from error


def _length(header: Mapping[str, object], name: str, most_bytes: int) -> int:
    length = header.get(name) or 0
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise InvalidMessage(f"{name}: is no length", param=name)
    if length > most_bytes:
        raise LimitExceeded(f"{name}: {length} is over {most_bytes}, the limit here; send smaller pieces", param=name)
    return length
