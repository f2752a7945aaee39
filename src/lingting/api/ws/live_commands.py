"""Commands in live speech, for the dialects whose clients may name a pack of them."""

from __future__ import annotations

from dataclasses import replace

from lingting.api.ws.native.native_config import Config
from lingting.domain.errors import InvalidOption
from lingting.text.commands.intent_match import Matcher
from lingting.text.commands.intents import Intents

__all__ = ["matcher_of", "settled"]

NOBODY_TO_TELL = "commands are told to nobody here, or this key lacks the scope commands"


def matcher_of(config: Config, intents: Intents | None) -> Matcher | None:
    """raises    InvalidOption where there is no such pack"""
    if not config.options.intents or intents is None:
        return None
    return intents.matcher(config.options.intents, param="intents")


def settled(config: Config, intents: Intents | None, *, may_publish: bool) -> Config:
    """With what becomes of commands.

    raises    InvalidOption where there is no such pack, or nobody to tell
    """
    matcher_of(config, intents)
    if config.publish and not may_publish:
        raise InvalidOption("publish", NOBODY_TO_TELL)
    publishes = may_publish and config.publish is not False
    return replace(config, options=replace(config.options, publishes=publishes))
