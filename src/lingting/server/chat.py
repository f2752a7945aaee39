"""Opens the language model, where the settings name one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lingting.dialogue.asking import asked
from lingting.dialogue.chat import Chat, ChatParts
from lingting.dialogue.chat_models import ChatModel
from lingting.dialogue.chat_settings import ChatSettings
from lingting.domain import Clock, Redaction
from lingting.domain.errors import SettingsInvalid
from lingting.security.rate_limit import Limiter
from lingting.security.token_quota import TokenQuota
from lingting.services import Kept
from lingting.settings import Settings
from lingting.storage.usage_store import UsageStore
from lingting.telemetry import Telemetry

__all__ = ["open_chat"]

WARM_UP = ("你好，今天天气怎么样？", "Hello, how are you?")
"""Looked through at the start: what finds personal data and moods is read at its first text, in tenths of a second."""


@asynccontextmanager
async def open_chat(
    settings: Settings, kept: Kept, counting: tuple[Limiter, UsageStore], *, clock: Clock, telemetry: Telemetry
) -> AsyncIterator[Chat | None]:
    """None where no model is named.

    raises    SettingsInvalid
    """
    chosen = settings.built("chat", ChatSettings)
    if not chosen.is_on:
        yield None
        return
    limiter, usage = counting
    quota = TokenQuota(chosen.tokens_per_day, limiter.store, usage, clock)
    model = await asyncio.to_thread(_opened, chosen)
    chat = Chat(chosen, ChatParts(model, quota, kept.results, clock, telemetry.dialogue))
    try:
        yield chat
    finally:
        await chat.aclose()


def _opened(settings: ChatSettings) -> ChatModel:
    try:
        from lingting.dialogue.openai_chat import OpenAIChat
    except ImportError as problem:
        raise SettingsInvalid(
            "chat.base_url is set, but the client is not installed: pip install 'lingting[openai]'",
            param="chat.base_url",
        ) from problem
    model = OpenAIChat(settings)
    for text in WARM_UP:
        asked(text, Redaction(settings.redact))
    return model
