"""Replays a recorded dialog through a pure dialect: no socket, no session, no time.

A dialog is a file of JSON lines, in the order of events; each line is one of

    {"note": "…"}                                   for the reader
    {"handshake": {"query": {"model": "x"}}}        first, where the connection is not an ordinary one
    {"client": {...}} or {"client": "raw text"}     a text frame of the client (an object is written as JSON)
    {"binary": 640}                                 a binary frame of so many zero bytes
    {"heard": {"text": "…", "received_seconds": 1}} what the session knows from here on, for `Acknowledge`; and
                                                    "heard_seconds", for `Remark`
    {"opened": {...}}                               `Opened`, the answer to Open or Resume; the rest is usual
    {"failed": {"type": "Overloaded", ...}}         what the last command met instead: a class of domain.errors
    {"event": {"type": "Final", ...}}               an event of the session: a class of domain.events
    {"talk": {"type": "ReplyText", ...}}            what a bot says: a class of dialogue.talk.talk_events; of its sound
                                                    only how many "samples" there are
    {"commands": ["Commit", {"Append": {"data": 640}}, {"Open": {"format.pcm.encoding": "mulaw"}}]}
                                                    what the dialect asked for since the last such line, without what
                                                    it said; attributes by dotted path, bytes by their length
    {"server": [{...}, "raw text"]}                 all that the client was told since the last such line, in order

"*" stands for anything. A message that the dialect said and no `server` line expects fails the replay.
"""

from __future__ import annotations

import json
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from lingting.api.errors import close_code
from lingting.api.ws.dialect import (
    Acknowledge,
    Close,
    Command,
    Dialect,
    Handshake,
    Message,
    Opened,
    Remark,
    Say,
)
from lingting.dialogue.chat.chat_models import Tokens
from lingting.dialogue.talk import talk_events
from lingting.dialogue.turns.floor import Floor
from lingting.dialogue.turns.turn_news import EndReason
from lingting.dialogue.wake.wake import SleepReason
from lingting.domain import Word, events
from lingting.domain import errors as error_tree
from lingting.domain.conversation import TurnStages
from lingting.domain.errors import LingtingError

__all__ = ["DIALOGS", "dialogs_of", "handshake_of", "replay"]

DIALOGS = Path(__file__).parent / "data" / "dialogs"


def dialogs_of(name: str) -> list[Path]:
    """The recorded dialogs of a dialect, by the name of its row."""
    return sorted((DIALOGS / name).glob("*.jsonl"))


def handshake_of(path: Path) -> Handshake:
    """What the dialect of this dialog is made with."""
    for text in path.read_text(encoding="utf-8").splitlines():
        if given := json.loads(text or "{}").get("handshake"):
            return Handshake(
                **{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
            )
    return Handshake()


def replay(path: Path, dialect: Dialect) -> None:
    """Play one dialog; an AssertionError names its line."""
    player = _Player(dialect)
    player.obey(dialect.greet())
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not text.strip():
            continue
        ((kind, value),) = json.loads(text).items()
        try:
            getattr(player, f"on_{kind}")(value)
        except AssertionError as problem:
            raise AssertionError(f"{path.name}:{number}: {problem}") from problem
    assert not player.said, f"{path.name}: said at the end, and nobody expected it: {player.said}"


class _Player:
    """One replay: what was said and asked for since it was last looked at."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.said: list[object] = []
        self.asked: list[Command] = []
        self.heard: dict[str, Any] = {"text": "", "received_seconds": 0.0, "heard_seconds": 0.0}

    def obey(self, commands: Any) -> None:
        for command in commands:
            if isinstance(command, Say):
                self.say([command.message])
            elif isinstance(command, Acknowledge):
                self.say([command.word(self.heard["text"], self.heard["received_seconds"])])
            elif isinstance(command, Remark):
                self.say(command.word(self.heard["heard_seconds"]))
            else:
                self.asked.append(command)

    def say(self, messages: Any) -> None:
        self.said += [_readable(message) for message in messages]

    def word(self, words: Any) -> None:
        """What the dialect makes of an event; what it would make in a thread is made here."""
        made = [word() if callable(word) else word for word in words]
        self.obey(Say(word) if isinstance(word, str | bytes) else word for word in made)

    def on_note(self, _value: str) -> None:
        pass

    def on_handshake(self, _value: object) -> None:
        pass

    def on_client(self, value: object) -> None:
        self._receive(value if isinstance(value, str) else json.dumps(value))

    def on_binary(self, size_bytes: int) -> None:
        self._receive(bytes(size_bytes))

    def on_heard(self, value: dict[str, Any]) -> None:
        self.heard |= value

    def on_opened(self, value: dict[str, Any]) -> None:
        usual = {"session": "session-1", "resumed": False, "received_seconds": 0.0, "last_seq": 0}
        self.say(self.dialect.opened(Opened(**(usual | value))))

    def on_failed(self, value: dict[str, Any]) -> None:
        kind: type[LingtingError] = getattr(error_tree, value.pop("type"))
        self._refuse(kind(**value))

    def on_event(self, value: dict[str, Any]) -> None:
        kind = getattr(events, value.pop("type"))
        if "words" in value:
            value["words"] = tuple(Word(*word) for word in value["words"])
        for name, enum in (("kind", events.NoticeKind), ("reason", events.CloseReason)):
            if name in value:
                value[name] = enum(value[name])
        self.word(self.dialect.render(kind(**value)))

    def on_talk(self, value: dict[str, Any]) -> None:
        kind = getattr(talk_events, value.pop("type"))
        if "stages" in value:
            value["stages"] = TurnStages(**value["stages"])
        if "tokens" in value:
            value["tokens"] = Tokens(**value["tokens"])
        if "samples" in value:
            value["samples"] = np.zeros(value["samples"], np.float32)
        reason = SleepReason if kind is talk_events.BotSlept else EndReason
        for name, enum in (("floor", Floor), ("kind", talk_events.ReplyKind), ("reason", reason)):
            if name in value:
                value[name] = enum(value[name])
        self.word(self.dialect.render_talk(kind(**value)))  # type: ignore[attr-defined]  # of talking dialects only

    def on_commands(self, expected: list[object]) -> None:
        asked, self.asked = self.asked, []
        assert len(asked) == len(expected), f"{len(expected)} commands expected, got {asked}"
        for one, command in zip(expected, asked, strict=True):
            _check_command(one, command)

    def on_server(self, expected: list[object]) -> None:
        said, self.said = self.said, []
        assert _matches(expected, said), f"expected {expected}\n     said {said}"

    def _receive(self, message: Message) -> None:
        try:
            self.obey(self.dialect.receive(message))
        except LingtingError as error:
            self._refuse(error)

    def _refuse(self, error: LingtingError) -> None:
        fatal = self.dialect.is_fatal(error)
        self.say(self.dialect.refuse(error, fatal=fatal))
        if fatal:
            self.asked.append(Close(close_code(error), error.code))


def _readable(message: Message) -> object:
    if isinstance(message, bytes):
        return len(message)
    return json.loads(message) if message.startswith("{") else message


def _check_command(expected: object, command: Command) -> None:
    name, attributes = (expected, {}) if isinstance(expected, str) else next(iter(expected.items()))  # type: ignore
    assert type(command).__name__ == name, f"expected {name}, got {command}"
    for path, value in attributes.items():
        found = reduce(getattr, path.split("."), command)
        found = len(found) if isinstance(found, bytes) else list(found) if isinstance(found, tuple) else found
        assert _matches(value, found), f"{name}.{path}: expected {value!r}, got {found!r}"


def _matches(expected: object, found: object) -> bool:
    if expected == "*":
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return expected.keys() == found.keys() and all(_matches(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(_matches, expected, found))
    return expected == found and isinstance(expected, float) == isinstance(found, float)
