"""Lists of hotwords as callers write them: `词:3, word`, lists of texts, and lists of objects. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lingting.domain import Hotword
from lingting.domain.errors import InvalidOption
from lingting.domain.hotwords import MAX_HOTWORDS

__all__ = ["read_hotwords"]

FIELDS = ("text", "weight", "replaces", "language")
MAX_LIST_CHARACTERS = 200_000
_SEPARATORS = str.maketrans({"，": ",", "、": ",", "\n": ",", ";": ",", "；": ","})


def read_hotwords(given: object, param: str = "hotwords") -> tuple[Hotword, ...]:
    """One text with commas between (or JSON), a list of texts, a map of texts to weights, or a list of objects.

    raises    InvalidOption, with the number of the entry
    """
    if isinstance(given, str):
        if len(given) > MAX_LIST_CHARACTERS:
            raise InvalidOption(param, f"{len(given)} characters; at most {MAX_LIST_CHARACTERS}")
        if given.lstrip().startswith(("[", "{")):
            return read_hotwords(_parsed(given, param), param)
        return _all((part for part in given.translate(_SEPARATORS).split(",") if part.strip()), param)
    if isinstance(given, Mapping):
        return _all(({"text": text, "weight": weight} for text, weight in given.items()), param)
    if isinstance(given, list | tuple):
        return _all(given, param)
    raise InvalidOption(param, "is neither a text nor a list; send 血压:3, stent or a list of texts or objects")


def _parsed(text: str, param: str) -> object:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InvalidOption(param, "begins like JSON and is none") from problem
    return parsed


def _all(entries: Iterable[object], param: str) -> tuple[Hotword, ...]:
    read: list[Hotword] = []
    for number, entry in enumerate(entries, 1):
        if number > MAX_HOTWORDS:
            raise InvalidOption(param, f"more than {MAX_HOTWORDS} words; put them into packs")
        try:
            read.append(_one(entry))
        except InvalidOption as problem:
            raise InvalidOption(param, f"entry {number}: {problem.message.partition(': ')[2]}") from problem
    return tuple(read)


def _one(entry: object) -> Hotword:
    if isinstance(entry, str):
        text, colon, weight = entry.strip().rpartition(":")
        number = _number(weight) if colon else None
        return Hotword(entry.strip()) if number is None else Hotword(text.strip(), number)
    if not isinstance(entry, Mapping):
        raise InvalidOption("hotwords", "is neither a text nor an object")
    return _object(entry)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _object(entry: Mapping[str, Any]) -> Hotword:  # Any: what was sent
    for name in entry.keys() - set(FIELDS):
        raise InvalidOption("hotwords", f"{str(name)[:40]!r} is unknown; a word has {', '.join(FIELDS)}")
    text, weight, replaces = entry.get("text"), entry.get("weight", 1.0), entry.get("replaces", [])
    language = entry.get("language")
    if not isinstance(text, str) or not (language is None or isinstance(language, str)):
        raise InvalidOption("hotwords", "text is missing, or text or language is no text")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise InvalidOption("hotwords", "weight is no number")
    if not isinstance(replaces, list) or not all(isinstance(each, str) for each in replaces):
        raise InvalidOption("hotwords", "replaces is no list of texts")
    return Hotword(text.strip(), weight, tuple(each.strip() for each in replaces), language)
