"""The parts of a client's session object, in either of its two shapes, and their fields by kind. Pure.

Every refusal is an `InvalidOption` that names the field by its whole path, as the client wrote it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lingting.api.http.fields import is_encodable
from lingting.domain.errors import InvalidOption

__all__ = ["Fields", "Section", "bot_sections_of", "kind_of", "sections_of"]

NESTED = ("format", "transcription", "turn_detection", "noise_reduction")
FLAT = {
    "input_audio_format": "format",
    "input_audio_transcription": "transcription",
    "turn_detection": "turn_detection",
    "input_audio_noise_reduction": "noise_reduction",
    "include": "include",
}
FLAT_BOT = {"modalities": "output_modalities", "output_audio_format": "output_format"}
SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the session object, by the name it has in the nested shape."""

    name: str
    path: str
    value: object

    def fields(self) -> Fields:
        return Fields(self.path, _object(self.path, self.value))

    def choice(self, accepted: Collection[str]) -> str:
        return _choice(self.path, self.value, accepted)

    def texts(self, *, most: int) -> tuple[str, ...]:
        return _texts(self.path, self.value, most)

    def text(self) -> str:
        return _text(self.path, self.value)

    def number(self, low: float, high: float, *, default: float) -> float:
        parent, _, name = self.path.rpartition(".")
        return Fields(parent, {name: self.value}).number(name, low, high, default=default)


@dataclass(frozen=True, slots=True)
class Fields:
    """An object's fields: one that is not there keeps its `default`; null counts as not there but clears a text."""

    parent: str
    values: Mapping[str, object]

    def path(self, name: str) -> str:
        return f"{self.parent}.{name}"

    def text(self, name: str, *, default: str | None) -> str | None:
        if name not in self.values:
            return default
        value = self.values[name]
        if value is None:
            return None
        return _text(self.path(name), value)

    def texts(self, name: str, *, default: Sequence[str], most: int) -> tuple[str, ...]:
        if name not in self.values:
            return tuple(default)
        value = self.values[name]
        return () if value is None else _texts(self.path(name), value, most)

    def choice(self, name: str, accepted: Collection[str], *, default: str) -> str:
        value = self.values.get(name)
        return default if value is None else _choice(self.path(name), value, accepted)

    def number(self, name: str, low: float, high: float, *, default: float) -> float:
        value = self.values.get(name)
        if value is None:
            return float(default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidOption(self.path(name), f"{_shown(value)} is not a number")
        if not low <= value <= high:
            raise InvalidOption(self.path(name), f"{_shown(value)} is outside {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise InvalidOption(self.path(name), f"{_shown(value)} is neither true nor false")
        return value

    def whole(self, name: str, low: int, high: int, *, default: int) -> int:
        number = self.number(name, low, high, default=default)
        if not number.is_integer():
            raise InvalidOption(self.path(name), f"{number} is not a whole number")
        return int(number)


def sections_of(session: object) -> Iterator[Section]:
    """The parts that are present.

    raises    InvalidOption
    """
    fields = _object("session", session)
    for flat, name in FLAT.items():
        if flat in fields:
            yield Section(name, f"session.{flat}", fields[flat])
    audio = _object("session.audio", fields["audio"]) if fields.get("audio") is not None else {}
    nested = _object("session.audio.input", audio["input"]) if audio.get("input") is not None else {}
    for name in NESTED:
        if name in nested:
            yield Section(name, f"session.audio.input.{name}", nested[name])


def bot_sections_of(session: object) -> Iterator[Section]:
    """The same of what the bot is to be like: the parts beside `audio.input`."""
    fields = _object("session", session)
    for name, value in fields.items():
        if name not in {"audio", *FLAT}:
            yield Section(FLAT_BOT.get(name, name), f"session.{name}", value)
    audio = _object("session.audio", fields["audio"]) if fields.get("audio") is not None else {}
    output = _object("session.audio.output", audio["output"]) if audio.get("output") is not None else {}
    for name, value in output.items():
        yield Section(f"output_{name}" if name == "format" else name, f"session.audio.output.{name}", value)


def kind_of(session: object) -> str | None:
    """What the session is said to be; None where that is not said.

    raises    InvalidOption
    """
    kind = _object("session", session).get("type")
    return None if kind is None else _choice("session.type", kind, ("realtime", "transcription"))


def _object(path: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidOption(path, f"{_shown(value)} is no object")
    return value


def _choice(path: str, value: object, accepted: Collection[str]) -> str:
    if not isinstance(value, str) or value not in accepted:
        raise InvalidOption(path, f"{_shown(value)} is unknown; use one of {', '.join(accepted)}")
    return value


def _texts(path: str, value: object, most: int) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidOption(path, f"{_shown(value)} is no list of texts")
    if len(value) > most:
        raise InvalidOption(path, f"{len(value)} texts; at most {most}")
    return tuple(_text(f"{path}[{i}]", text) for i, text in enumerate(value))


def _text(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidOption(path, f"{_shown(value)} is not text")
    if not is_encodable(value):
        raise InvalidOption(path, "holds half a surrogate pair, which is no character")
    return value


def _shown(value: object) -> str:
    """A client's value as a message may repeat it: short, and never what is inside an object."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return "null" if value is None else repr(value)[:SHOWN_CHARACTERS]
