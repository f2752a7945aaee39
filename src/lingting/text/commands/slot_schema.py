"""Slots as parameters that a language model fills: their JSON schema, and the check of what it filled in. Pure.

Promises: what passes the check has the form that the same slot has when it is found in a text; what does not is refused
with a reason that the model can act on. A kind of slot without a row in `FORMS` fails a test.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from lingting.domain.errors import InvalidOption
from lingting.domain.intents import SlotValue
from lingting.text.commands.slots import KINDS, SlotSpec

__all__ = ["FORMS", "schema_of", "value_of"]

MAX_TEXT_CHARACTERS = 100
"""Longer than what a free slot takes of a sentence in either language."""
MAX_DIGITS = 30
MAX_SHOWN_CHARACTERS = 40
Schema = dict[str, object]


@dataclass(frozen=True, slots=True)
class Form:
    """How a model is to write values of a kind."""

    type: str
    pattern: str = ""
    """Of a text, as a whole."""
    note: str = ""

    def schema(self) -> Schema:
        schema: Schema = {"type": self.type}
        if self.pattern:
            schema["pattern"] = f"^(?:{self.pattern})$"
        if self.note:
            schema["description"] = self.note
        return schema


_WORDS = Form("string", note="as the user said it")
FORMS: Mapping[str, Form] = {
    "number": Form("number"),
    "percent": Form("number", note="per cent"),
    "temperature": Form("number", note="degrees"),
    "duration": Form("integer", note="seconds"),
    "digits": Form("string", rf"[0-9]{{2,{MAX_DIGITS}}}", "digits only"),
    "time": Form("string", "(?:[01][0-9]|2[0-3]):[0-5][0-9]", "time of day, HH:MM of 24 hours"),
    "date": Form(
        "string",
        r"[+-][0-9]{1,3}d|weekday:[1-7]|(?:[0-9]{4}|-)-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])",
        "+1d for tomorrow, weekday:1 for Monday, 2030-03-05, or --03-05 without a year",
    ),
    "name": _WORDS,
    "place": _WORDS,
    "text": _WORDS,
    "enum": Form("string"),
    "room": Form("string"),
    "app": Form("string"),
}
"""By the names of `KINDS`."""


def schema_of(spec: SlotSpec) -> Schema:
    """The JSON schema of a slot's values."""
    schema = FORMS[spec.kind].schema()
    if KINDS[spec.kind].has_values:
        schema["enum"] = sorted(set(spec.values.values()))
    if KINDS[spec.kind].is_free:
        schema |= {"minLength": 1, "maxLength": MAX_TEXT_CHARACTERS}
    if spec.least is not None:
        schema["minimum"] = spec.least
    if spec.most is not None:
        schema["maximum"] = spec.most
    return schema


def value_of(spec: SlotSpec, given: object) -> SlotValue:
    """raises    InvalidOption, saying what the slot takes"""
    form = FORMS[spec.kind]
    if form.type == "string":
        return _text(spec, form, given)
    number = _number(spec.name, given, is_whole=form.type == "integer")
    if spec.least is not None and number < spec.least:
        raise InvalidOption(spec.name, f"{number:g} is below {spec.least:g}")
    if spec.most is not None and number > spec.most:
        raise InvalidOption(spec.name, f"{number:g} is above {spec.most:g}")
    return number


def _number(name: str, given: object, *, is_whole: bool) -> int | float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise InvalidOption(name, "is not a number")
    if isinstance(given, int) or given.is_integer():
        return int(given)
    if is_whole:
        raise InvalidOption(name, f"{given:g} is not a whole number")
    return given


def _text(spec: SlotSpec, form: Form, given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise InvalidOption(spec.name, "is empty or not a text")
    words = given.strip()
    if KINDS[spec.kind].has_values:
        return _named(spec, words)
    if len(words) > MAX_TEXT_CHARACTERS or not words.isprintable():
        raise InvalidOption(spec.name, f"is not a line of at most {MAX_TEXT_CHARACTERS} characters")
    if form.pattern and not re.fullmatch(form.pattern, words):
        raise InvalidOption(spec.name, f"does not have the form: {form.note}")
    return words


def _named(spec: SlotSpec, given: str) -> str:
    """By the value, or by one of its names: models write what the user said."""
    known = set(spec.values.values())
    found = given if given in known else spec.values.get(given.casefold())
    if found is None:
        shown = given[:MAX_SHOWN_CHARACTERS]
        raise InvalidOption(spec.name, f"{shown!r} is unknown; use one of {', '.join(sorted(known))}")
    return found
