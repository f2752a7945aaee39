"""The commands of packs as tools of a language model: what it is offered, and what a call of one asks for. Pure.

Promises: a call is a command only if it names a tool, its slots go together in the pack, and each value is one that the
slot takes; else it is refused with a reason for the model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lingting.dialogue.chat.chat_models import TOOL_NAME, Message, Role, Tool, ToolCall, estimate_tokens
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.domain.intents import IntentMatch, Slot
from lingting.text.commands.intent_grammar import Template
from lingting.text.commands.intent_packs import LANGUAGES, Pack
from lingting.text.commands.slot_schema import schema_of, value_of
from lingting.text.commands.slots import SlotSpec

__all__ = ["Toolkit", "tokens_of"]

MAX_TOOLS = 128
"""What OpenAI takes. Source: its reference of chat completions."""
MAX_ARGUMENT_CHARACTERS = 4_000
BY = "model"
"""What found the command, beside rules, likeness and embeddings."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One command."""

    pack: str
    intent: str
    slots: dict[str, SlotSpec]
    slot_sets: frozenset[frozenset[str]]
    """Which go together."""


class Toolkit:
    """The commands of some packs. Read-only.

    raises    SettingsInvalid, naming `chat.tools`, for more than models take
    """

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._entries: dict[str, _Entry] = {}
        tools = []
        for pack in packs:
            for intent in pack.intents:
                templates = [template for template in pack.templates if template.intent == intent]
                entry = _entry(pack, intent, templates)
                name = f"{pack.name}-{intent}".replace(".", "_")
                if name in self._entries or not TOOL_NAME.fullmatch(name):
                    raise _unfit(f"the command {intent!r} of {pack.name!r} gives no name of its own of 64 characters")
                self._entries[name] = entry
                tools.append(Tool(name, _described(pack, intent, templates), _parameters(entry)))
        if len(tools) > MAX_TOOLS:
            raise _unfit(f"{len(tools)} commands; models take {MAX_TOOLS}, name fewer packs or shorter ones")
        self.tools = tuple(tools)
        self.tokens = tokens_of(tools)
        """About what being offered them takes."""

    def read(self, call: ToolCall) -> IntentMatch:
        """What a call asks for.

        raises    InvalidOption
        """
        entry = self._entries.get(call.name)
        if entry is None:
            raise InvalidOption("name", "there is no such tool")
        given = _arguments(call.arguments)
        for name in given.keys() - entry.slots.keys():
            raise InvalidOption(name[:40], f"is no parameter; there are {', '.join(entry.slots) or 'none'}")
        if frozenset(given) not in entry.slot_sets:
            wanted = " or ".join(", ".join(sorted(names)) or "nothing" for names in sorted(entry.slot_sets, key=len))
            raise InvalidOption("parameters", f"do not go together; give {wanted}")
        values = {name: value_of(entry.slots[name], value) for name, value in given.items()}
        slots = tuple(Slot(name, entry.slots[name].kind, value, str(value)) for name, value in values.items())
        return IntentMatch(entry.pack, entry.intent, 1.0, slots, by=BY)


def _entry(pack: Pack, intent: str, templates: Iterable[Template]) -> _Entry:
    sets = frozenset(names for template in templates for names in template.slot_sets)
    used = frozenset(name for names in sets for name in names)
    return _Entry(pack.name, intent, {name: spec for name, spec in pack.slots.items() if name in used}, sets)


def _described(pack: Pack, intent: str, templates: Iterable[Template]) -> str:
    """In the words of its first template in each language."""
    first = {template.language: template.example for template in reversed(list(templates))}
    said = "; ".join(first[language] for language in LANGUAGES if language in first)
    return f"{pack.title}: {intent}. Users say: {said}"


def _parameters(entry: _Entry) -> dict[str, object]:
    needed = frozenset.intersection(*entry.slot_sets)
    return {
        "type": "object",
        "properties": {name: schema_of(spec) for name, spec in entry.slots.items()},
        "required": sorted(needed),
        "additionalProperties": False,
    }


def _arguments(written: str) -> dict[str, object]:
    """What was filled in; `null` counts as left out."""
    if len(written) > MAX_ARGUMENT_CHARACTERS:
        raise InvalidOption("parameters", "are too long")
    try:
        given = json.loads(written or "{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidOption("parameters", "are not a JSON object")
    return {str(name): value for name, value in given.items() if value is not None}


def tokens_of(tools: Sequence[Tool]) -> int:
    """About what being offered tools takes."""
    written = [[tool.name, tool.description, dict(tool.parameters)] for tool in tools]
    return estimate_tokens([Message(Role.SYSTEM, json.dumps(written, ensure_ascii=False))] if tools else [])


def _unfit(problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"chat.tools: {problem}", param="chat.tools")
