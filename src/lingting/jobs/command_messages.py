"""What is told of a matched command, the same over MQTT and by webhook: JSON in the form of Standard Webhooks. Pure."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from lingting.domain.errors import SettingsInvalid
from lingting.domain.intents import IntentMatch

__all__ = [
    "Command",
    "CommandSource",
    "command_id",
    "command_payload",
    "require_topic",
    "topic_of",
]

SCHEMA = 1
"""Rises when a field changes its meaning or goes; fields may be added without."""
TOPIC_FIELDS = frozenset({"pack", "intent", "owner", "source"})
MAX_TOPIC_CHARACTERS = 200
_FIELD = re.compile(r"\{(\w+)\}")
_UNFIT = re.compile(r"[^\w.:-]+")
"""Of an owner or an intent in a topic: a level of its own, and no wildcard, whatever its name."""


@dataclass(frozen=True, slots=True)
class CommandSource:
    """Where a command was heard."""

    kind: str
    """stream, job or request."""
    name: str
    """Of the session, as Kafka is told it, the job or the request."""
    owner: str
    segment: int | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """A sentence that asked for something."""

    id: str
    """Of this command, wherever and how often it is told."""
    match: IntentMatch
    source: CommandSource
    at: datetime
    """When it was matched; UTC."""
    language: str = ""
    text: str = field(default="", repr=False)
    """As it was shown, so that what redaction hides is not in it."""


def command_id() -> str:
    return f"cmd_{uuid.uuid4().hex}"


def command_payload(command: Command, *, include_text: bool) -> bytes:
    """What a receiver gets: the values of slots, since a command is nothing without; the sentence if that is wanted."""
    match, source = command.match, command.source
    data: dict[str, object] = {
        "schema": SCHEMA,
        "id": command.id,
        "pack": match.pack,
        "intent": match.intent,
        "score": match.score,
        "by": match.by,
        "slots": {slot.name: {"type": slot.type, "value": slot.value} for slot in match.slots},
        "language": command.language or None,
        "owner": source.owner,
        "source": source.kind,
        _NAMES[source.kind]: source.name,
    }
    if source.segment is not None:
        data["segment"] = source.segment
    if source.start_seconds is not None and source.end_seconds is not None:
        data |= {"start_seconds": round(source.start_seconds, 3), "end_seconds": round(source.end_seconds, 3)}
    if include_text:
        data["text"] = command.text
    at = command.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"type": "command.matched", "timestamp": at, "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


_NAMES = {"stream": "session", "job": "job_id", "request": "request_id"}


def require_topic(template: str) -> None:
    """raises    SettingsInvalid"""
    fields, rest = set(_FIELD.findall(template)), _FIELD.sub("", template)
    is_topic = template.isprintable() and not set(rest) & set("+#{}") and not template.startswith(("/", "$"))
    if not template or not is_topic or not fields <= TOPIC_FIELDS or len(template) > MAX_TOPIC_CHARACTERS:
        raise SettingsInvalid(
            f"commands.mqtt_topic: use names parted by /, no + and no #, with {{pack}}, {{intent}}, {{owner}} and "
            f"{{source}} in up to {MAX_TOPIC_CHARACTERS} characters",
            param="commands.mqtt_topic",
        )


def topic_of(template: str, command: Command) -> str:
    """The topic of one command; what a level cannot hold becomes _."""
    levels = {
        "pack": command.match.pack,
        "intent": command.match.intent or "none",
        "owner": command.source.owner or "anybody",
        "source": command.source.kind,
    }
    return _FIELD.sub(lambda found: _UNFIT.sub("_", levels[found[1]]), template)
