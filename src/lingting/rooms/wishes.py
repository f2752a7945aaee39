"""What is asked of the hub of subtitle rooms, and what it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lingting.domain.errors import InvalidOption
from lingting.storage.rooms.room_records import RoomRecord

__all__ = ["NAME", "CreatedRoom", "RoomSummary", "RoomWish", "at_most"]

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_TITLE_CHARACTERS = 200
MAX_LANGUAGE_CHARACTERS = 35
"""The longest tag that every reader must take. Source: RFC 5646, section 4.4.1."""


@dataclass(frozen=True, slots=True)
class RoomWish:
    """What the maker of a room asks for; None takes what the settings say."""

    name: str | None = None
    """None takes a random one."""
    title: str = ""
    language: str = ""
    history_limit: int | None = None
    ttl_seconds: float | None = None
    is_public: bool = False
    """Let anybody watch who knows the name."""

    def __post_init__(self) -> None:
        if self.name is not None and not NAME.fullmatch(self.name):
            raise InvalidOption("name", "give 1 to 64 of A-Z, a-z, 0-9, _ and -")
        at_most("title", self.title, MAX_TITLE_CHARACTERS)
        at_most("language", self.language, MAX_LANGUAGE_CHARACTERS)


@dataclass(frozen=True, slots=True)
class CreatedRoom:
    """A room and its tokens, which are told this once."""

    record: RoomRecord
    publish_token: str
    view_token: str


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """How a room stands."""

    record: RoomRecord
    is_live: bool
    captions: int
    viewers: int
    """On this server."""


def at_most(name: str, text: str, most: int) -> None:
    """raises    InvalidOption"""
    if len(text) > most:
        raise InvalidOption(name, f"{len(text)} characters; at most {most}")
