"""The fields `hotwords` and `hotword_packs`, wherever they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lingting.domain import Hotword, Hotwords
from lingting.domain.errors import InvalidOption
from lingting.text.hotwords.reading import read_hotwords
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = ["HOTWORD_SCHEMA", "read_hotword_fields"]

LISTED = {"type": "string", "description": "with commas: medical, car; or none. GET /v1/hotwords has their names"}
HOTWORD_SCHEMA: dict[str, Any] = {  # Any: OpenAPI
    "hotwords": {
        "type": "string",
        "description": "words it may hold, some with a weight: 血压:3, stent; or JSON",
    },
    "hotword_packs": LISTED,
    "hotword_prompt": {"type": "boolean", "description": "true puts them into the prompt of an engine that reads one"},
}


def read_hotword_fields(
    before: Hotwords, shelf: HotwordShelf | None, *, hotwords: object, packs: object, keywords: Sequence[str] = ()
) -> Hotwords:
    """What holds after the fields; one that is None changes nothing.

    keywords  another vendor's, as they are
    raises    InvalidOption
    """
    words = None if hotwords is None else read_hotwords(hotwords)
    if keywords:
        words = (*(words or ()), *(Hotword(text.strip()) for text in keywords if text.strip()))
    names = None if packs is None else _names(packs)
    if names is not None and shelf is None:
        raise InvalidOption("hotword_packs", "are not known at this door; send hotwords")
    if shelf is not None:
        return shelf.chosen(before, words=words, packs=names)
    return before if words is None else Hotwords((*words, *before.of_packs))


def _names(packs: object) -> list[str]:
    if isinstance(packs, str):
        return [name.strip() for name in packs.split(",") if name.strip()]
    if isinstance(packs, list | tuple) and all(isinstance(name, str) for name in packs):
        return list(packs)
    raise InvalidOption("hotword_packs", "is neither a text nor a list of texts; send medical, car or a list of names")
