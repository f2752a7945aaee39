"""Text frames that hold JSON: read with bounds, written compactly; and base64 audio inside them.

Promises: whatever a client wrote, reading ends within milliseconds, and what is wrong is an `InvalidMessage`.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from typing import NoReturn

from lingting.domain.errors import AudioTooLarge, InvalidMessage

__all__ = ["decode_audio", "read_object", "write_object"]

MAX_COMMAS = 4_096
"""Far more than the fields of any message and the words of any prompt; base64 has none. Bounds the time to parse."""
MAX_DATA_URI_CHARACTERS = 256
"""Before the comma."""


def read_object(text: str) -> dict[str, object]:
    """Return the one JSON object that the text is.

    raises    InvalidMessage
    """
    if text.count(",") > MAX_COMMAS:
        raise InvalidMessage(f"the message has more than {MAX_COMMAS} fields; send one command a message")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("the message is not JSON; send one JSON object a text frame") from error
    if not isinstance(value, dict):
        raise InvalidMessage("the message is JSON but no object; send one JSON object a text frame")
    return value


def write_object(message: Mapping[str, object]) -> str:
    """Return the object in one line of JSON."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def decode_audio(text: str, *, max_bytes: int) -> bytes:
    """Return the bytes of strict base64, with or without a data URI in front.

    raises    InvalidMessage; AudioTooLarge when it would be more than `max_bytes`
    """
    if text.startswith("data:"):
        comma = text.find(",", 0, MAX_DATA_URI_CHARACTERS)
        if comma < 0 or not text[:comma].endswith(";base64"):
            raise InvalidMessage("audio: the data URI is not base64; write data:audio/…;base64,…", param="audio")
        text = text[comma + 1 :]
    if len(text) // 4 * 3 > max_bytes + 2:
        raise AudioTooLarge(max_bytes)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise InvalidMessage(
            "audio: is not base64, which is A-Z a-z 0-9 + / and = at the end", param="audio"
        ) from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a field is given twice")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
