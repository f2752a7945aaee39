"""What a client of OpenAI's Realtime API may set of the bot that answers: read and merged. Pure.

What would change an answer and is not offered is refused by name; limits and hints that are not (`max_output_tokens`,
`temperature`, `tracing`, …) are let pass, and `session.updated` shows what holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from lingting.api.ws.functions import read_functions
from lingting.api.ws.openai.fields import Section, bot_sections_of
from lingting.api.ws.openai.formats import RATES_HZ, read_format
from lingting.dialogue.chat.chat_models import Tool
from lingting.domain import PcmFormat, Scope
from lingting.domain.errors import InvalidOption, MissingScope, ModelNotFound

__all__ = ["DEFAULT_BOT", "MAX_INSTRUCTIONS", "BotConfig", "is_bot", "merged_bot"]

DEFAULT_BOT = "gpt-realtime"
BOTS = ("gpt-realtime", "gpt-4o-realtime", "gpt-4o-mini-realtime", "gpt-audio")
"""What OpenAI's names of models that converse begin with; here all mean the language model that is served."""
MAX_INSTRUCTIONS = 8_000
"""Characters, with those of system messages."""
ANY = "auto"
"""The voice of the reply's language."""
MAX_VOICE_CHARACTERS = 100
SPEEDS = (0.25, 1.5)
NOT_OFFERED = {
    "prompt": "stored prompts are not offered; give `instructions`",
}
CHOICES = ("auto", "none")
"""Of tools: models are not made to call one."""


@dataclass(frozen=True, slots=True)
class BotConfig:
    """How the bot of one session is to be."""

    model: str = DEFAULT_BOT
    """As the client calls it."""
    instructions: str = ""
    """What it is told to be; empty leaves that to the server."""
    voice: str | None = None
    """None lets the language choose."""
    speed: float = 1.0
    speaks: bool = True
    """False for replies in writing."""
    functions: tuple[Tool, ...] = ()
    """Of the client."""
    tool_choice: str = CHOICES[0]
    pcm: PcmFormat = field(default_factory=lambda: PcmFormat("s16le", RATES_HZ[0]))
    """Of its sound."""

    @property
    def shown_voice(self) -> str:
        return self.voice or ANY

    @property
    def offered(self) -> tuple[Tool, ...]:
        """Functions that the model may call."""
        return self.functions if self.tool_choice == "auto" else ()

    @property
    def modalities(self) -> list[str]:
        return ["audio"] if self.speaks else ["text"]

    def require_scopes(self, may: Callable[[Scope], bool]) -> None:
        """raises    MissingScope"""
        for scope in (Scope.CHAT, *((Scope.SPEAK,) if self.speaks else ())):
            if not may(scope):
                raise MissingScope(f"this key lacks the scope {scope}, which a conversation needs; make one with it")


def is_bot(model: str, models: Collection[str]) -> bool:
    """Whether a model of this name converses.

    models    names of models that transcribe, which may begin alike
    """
    return model.startswith(BOTS) and model not in models


def merged_bot(bot: BotConfig, session: object) -> BotConfig:
    """Return it with what the client's session object says.

    raises    InvalidOption, ModelNotFound, each with the path of the field
    """
    for section in bot_sections_of(session):
        if section.name in NOT_OFFERED and section.value:
            raise InvalidOption(section.path, NOT_OFFERED[section.name])
        merger = _MERGERS.get(section.name)
        bot = bot if merger is None else merger(bot, section)
    return bot


def _model(bot: BotConfig, section: Section) -> BotConfig:
    if section.value is None:
        return bot
    name = section.text()
    if not is_bot(name, ()):
        error = ModelNotFound(name, (DEFAULT_BOT,))
        error.param = section.path
        raise error
    return replace(bot, model=name)


def _instructions(bot: BotConfig, section: Section) -> BotConfig:
    text = "" if section.value is None else section.text()
    if len(text) > MAX_INSTRUCTIONS:
        raise InvalidOption(section.path, f"has {len(text)} characters; at most {MAX_INSTRUCTIONS}")
    return replace(bot, instructions=text)


def _modalities(bot: BotConfig, section: Section) -> BotConfig:
    if section.value is None:
        return replace(bot, speaks=True)
    wanted = set(section.texts(most=2))
    if not wanted or wanted - {"text", "audio"}:
        raise InvalidOption(section.path, 'has to be ["audio"] or ["text"]')
    return replace(bot, speaks="audio" in wanted)


def _voice(bot: BotConfig, section: Section) -> BotConfig:
    if section.value is None:
        return replace(bot, voice=None)
    if isinstance(section.value, dict):
        return replace(bot, voice=section.fields().text("id", default=None))
    name = section.text()
    if len(name) > MAX_VOICE_CHARACTERS:
        raise InvalidOption(section.path, f"has {len(name)} characters; at most {MAX_VOICE_CHARACTERS}")
    return replace(bot, voice=name or None)


def _speed(bot: BotConfig, section: Section) -> BotConfig:
    return replace(bot, speed=section.number(*SPEEDS, default=1.0))


def _format(bot: BotConfig, section: Section) -> BotConfig:
    return replace(bot, pcm=read_format(section, bot.pcm, rates_hz=RATES_HZ[:1]))


def _tool_choice(bot: BotConfig, section: Section) -> BotConfig:
    return replace(bot, tool_choice=CHOICES[0] if section.value is None else section.choice(CHOICES))


def _functions(bot: BotConfig, section: Section) -> BotConfig:
    return replace(bot, functions=read_functions(section.path, section.value))


_MERGERS: Mapping[str, Callable[[BotConfig, Section], BotConfig]] = {
    "model": _model,
    "instructions": _instructions,
    "output_modalities": _modalities,
    "voice": _voice,
    "speed": _speed,
    "output_format": _format,
    "tool_choice": _tool_choice,
    "tools": _functions,
}
