"""What the `config` of a voice connection says of the bot; the rest of it is the native protocol's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lingting.api.http.chat import MAX_ID_CHARACTERS
from lingting.api.http.fields import Fields
from lingting.api.understanding import CommandWish
from lingting.api.ws.dialect import Configure, Open
from lingting.api.ws.functions import read_functions
from lingting.api.ws.live_commands import NOBODY_TO_TELL
from lingting.api.ws.voice.wake_config import WAKE_FIELDS, read_wake
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.wake.push_to_talk import PushToTalk
from lingting.dialogue.wake.wake_settings import WakeWish
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption, MissingScope, UnsupportedFormat
from lingting.text.commands.intents import Intents

__all__ = ["OWN_FIELDS", "VoiceConfig", "read_voice_config"]

OWN_FIELDS = frozenset(
    (
        *("voice", "speed", "speak", "conversation", "turns", "echo", "denoise", "reply_encoding", "intents"),
        *("publish", "session", "seq", "functions"),
        *WAKE_FIELDS,
    )
)
"""Read here, and not by the native protocol."""
PCM_NAMES = ("linear16", "pcm", "pcm16", "s16le", "pcm_s16le")
DEFAULT_LANGUAGE = "zh"
"""Of fixed sentences until the user has said something, where the client names no language."""


class TurnMode(StrEnum):
    """Who says that the user's turn is over."""

    AUTO = "auto"
    """The server finds out."""
    MANUAL = "manual"
    """The client, by TURN_END."""


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """Checked, but for what only the server's voices and models can tell."""

    wish: TalkWish = TalkWish()  # noqa: RUF009 - frozen
    wake: WakeWish | None = None
    """None where a key says when the user speaks."""
    commands: CommandWish | None = None
    echo: bool = False
    """The microphone hears the loudspeaker."""
    denoise: bool = False

    def applied(self, command: Open | Configure) -> Open | Configure:
        """The session that was asked for, with the bot in it."""
        recognize = replace(command.options.recognize, denoise=self.denoise)
        options = replace(command.options, recognize=recognize, partials=True, echo=self.echo)
        if isinstance(command, Configure):
            return replace(command, options=options)
        wish = replace(self.wish, language=recognize.language or DEFAULT_LANGUAGE)
        return replace(command, options=options, talk=wish, wake=self.wake, commands=self.commands)


def read_voice_config(
    values: Mapping[str, object], intents: Intents | None, scopes: Collection[Scope], *, may_publish: bool
) -> VoiceConfig:
    """raises    InvalidOption, UnsupportedFormat, MissingScope"""
    fields = Fields({name: value for name, value in values.items() if name in OWN_FIELDS})
    for name in ("session", "seq"):
        if fields.value(name) is not None:
            raise InvalidOption(name, "is not for conversations; give the `conversation` of the one that goes on")
    speaks = fields.flag("speak", default=True)
    for scope in (Scope.STREAM, *((Scope.SPEAK,) if speaks else ())):
        if scope not in scopes:
            raise MissingScope(f"this key lacks the scope {scope}, which a spoken conversation needs; make one with it")
    encoding = fields.text("reply_encoding")
    if encoding is not None and encoding.lower() not in PCM_NAMES:
        raise UnsupportedFormat("reply_encoding", f"{encoding[:40]!r} is unknown; replies come as LINEAR16")
    mode = fields.choice("turns", TurnMode) or TurnMode.AUTO
    conversation = fields.text("conversation")
    if conversation is not None and len(conversation) > MAX_ID_CHARACTERS:
        raise InvalidOption("conversation", "is no id of a conversation")
    wake, speed = read_wake(fields), fields.number("speed")
    wish = TalkWish(
        conversation=conversation,
        voice=fields.text("voice"),
        speed=1.0 if speed is None else speed,
        speaks=speaks,
        is_automatic=mode is TurnMode.AUTO and wake is not None,
        key=PushToTalk() if wake is None else None,
        functions=read_functions("functions", values.get("functions")),
    )
    commands = _commands(fields, intents, may_publish=may_publish)
    return VoiceConfig(wish, wake, commands, fields.flag("echo"), fields.flag("denoise"))


def _commands(fields: Fields, intents: Intents | None, *, may_publish: bool) -> CommandWish | None:
    pack = fields.text("intents")
    wants_told = fields.flag("publish")
    if wants_told and not may_publish:
        raise InvalidOption("publish", NOBODY_TO_TELL)
    if pack is None or pack.lower() == "none" or intents is None:
        return None
    is_told = may_publish and fields.flag("publish", default=True)
    return CommandWish(intents.matcher(pack, param="intents"), is_told)
