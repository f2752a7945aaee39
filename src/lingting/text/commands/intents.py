"""Commands: what a sentence asks for, by the packs that ship and those of the house. Never changes a text.

Open once, ask from anywhere: packs are read and compiled when they are opened, so that a broken one stops the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lingting.domain import Segment, Transcript
from lingting.domain.errors import InvalidOption
from lingting.domain.intents import IntentMatch
from lingting.text.commands.intent_match import Matcher, Recaller
from lingting.text.commands.intent_packs import Pack, load_folder, load_shipped

__all__ = ["IntentSettings", "Intents", "match_fields", "matches_fields", "matches_of"]

MAX_PACK_NAME_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class IntentSettings:
    """Which commands are known here."""

    folder: Path | None = None
    """With packs of your own, as YAML; one with the name of a shipped pack takes its place."""
    embeddings: bool = False
    """Ask for the meaning as well where templates and likeness find nothing; needs the extra `intents`."""


class Intents:
    """The packs of a server, ready to match. Read-only; safe from several threads."""

    def __init__(self, packs: Sequence[Pack], recaller: Recaller | None = None) -> None:
        self._matchers = {pack.name: Matcher(pack, recaller) for pack in packs}

    @classmethod
    def opened(cls, settings: IntentSettings) -> Intents:
        """The shipped packs and those of the folder.

        raises    SettingsInvalid with file and line; EngineUnavailable where embeddings are asked for and absent
        cost      about a second
        """
        packs = load_shipped() | (load_folder(settings.folder) if settings.folder else {})
        recaller = None
        if settings.embeddings:
            from lingting.text.commands.intent_recall import NearestExamples

            recaller = NearestExamples.opened(list(packs.values()))
        return cls(list(packs.values()), recaller)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._matchers))

    def matcher(self, pack: str, *, param: str = "pack") -> Matcher:
        """raises    InvalidOption where there is no such pack"""
        found = self._matchers.get(pack)
        if found is None:
            shown = pack[:MAX_PACK_NAME_CHARACTERS]
            raise InvalidOption(param, f"{shown!r} is no pack of commands here; use one of {', '.join(self.names)}")
        return found

    def packs(self) -> tuple[Pack, ...]:
        return tuple(self._matchers[name].pack for name in self.names)


def matches_of(matcher: Matcher, transcript: Transcript) -> list[tuple[Segment, IntentMatch]]:
    """The segments that ask for something, with what."""
    matches = [(segment, matcher.match(segment.text, segment.language)) for segment in transcript.segments]
    return [(segment, match) for segment, match in matches if match.intent is not None]


def matches_fields(found: Sequence[tuple[Segment, IntentMatch]]) -> list[dict[str, object]]:
    """The same in JSON."""
    return [{"segment": segment.id, **match_fields(match)} for segment, match in found]


def match_fields(match: IntentMatch) -> dict[str, object]:
    """What a match looks like in JSON, at every door."""
    after = match.runner_up
    return {
        "pack": match.pack,
        "intent": match.intent,
        "score": match.score,
        "slots": {slot.name: {"type": slot.type, "value": slot.value, "text": slot.text} for slot in match.slots},
        "runner_up": None if after is None else {"intent": after.intent, "score": after.score},
        "by": match.by,
    }
