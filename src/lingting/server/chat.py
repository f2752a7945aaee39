"""Opens the language model, where the settings name one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from lingting.audio.turn_ends import TURN_MODEL, TurnEnds
from lingting.audio.wake_words import require_wake_words
from lingting.dialogue.chat.asking import Asked, asked
from lingting.dialogue.chat.chat import Chat, ChatParts, ChatTools
from lingting.dialogue.chat.chat_models import ChatModel
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.keeping import ConversationKeeper, KeepSettings
from lingting.dialogue.chat.like_questions import LikeQuestions
from lingting.dialogue.chat.toolkit import Toolkit
from lingting.dialogue.talk.talk_hub import TalkHub
from lingting.dialogue.talk.talk_parts import TalkParts
from lingting.dialogue.talk.talk_settings import TalkSettings
from lingting.dialogue.wake.wake import Wake
from lingting.dialogue.wake.wake_settings import SLEEP_WORDS
from lingting.domain import Call, Clock, Redaction, RedactMode
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.domain.intents import IntentMatch
from lingting.engines.remote_address import is_loopback
from lingting.jobs.command_messages import CommandSource
from lingting.jobs.commands import CommandDesk
from lingting.security.rate_limit import Limiter
from lingting.security.token_quota import TokenQuota
from lingting.server.engine import load_catalog
from lingting.services import Kept
from lingting.settings import Settings
from lingting.speech.hub import SpeechHub
from lingting.speech.settings import SpeechSettings
from lingting.storage.caching.cached_results import CachedResults
from lingting.storage.usage_store import UsageStore
from lingting.telemetry import Telemetry
from lingting.text.commands.intents import Intents

__all__ = ["ChatNeeds", "open_chat", "open_talks"]

WARM_UP = ("你好，今天天气怎么样？", "Hello, how are you?")
"""Looked through at the start: what finds personal data and moods is read at its first text, in tenths of a second."""


@dataclass(frozen=True, slots=True)
class ChatNeeds:
    """What a chat is built upon."""

    kept: Kept
    limiter: Limiter
    usage: UsageStore
    intents: Intents
    commands: CommandDesk


@asynccontextmanager
async def open_chat(
    settings: Settings, needs: ChatNeeds, *, clock: Clock, telemetry: Telemetry
) -> AsyncIterator[Chat | None]:
    """None where no model is named.

    raises    SettingsInvalid
    """
    chosen = settings.built("chat", ChatSettings)
    if not chosen.is_on:
        yield None
        return
    _require_voices_here(chosen, settings.built("speech", SpeechSettings))
    await asyncio.to_thread(_require_wake, settings.built("talk", TalkSettings))
    tools = await asyncio.to_thread(_tools, chosen, needs.intents, needs.commands)
    quota = TokenQuota(chosen.tokens_per_day, needs.limiter.store, needs.usage, clock)
    model = await asyncio.to_thread(_opened, chosen)
    alike = await asyncio.to_thread(_alike, chosen, needs.kept.results, clock)
    keeper = ConversationKeeper(needs.kept.conversations, _keeping(settings, chosen), telemetry.dialogue)
    chat = Chat(chosen, ChatParts(model, quota, needs.kept.results, clock, telemetry.dialogue, keeper, tools, alike))
    needs.kept.eraser.watch(chat.forget)
    try:
        yield chat
    finally:
        await chat.aclose()


async def open_talks(
    settings: Settings, chat: Chat | None, speech: SpeechHub, *, clock: Clock, telemetry: Telemetry
) -> TalkHub | None:
    """Spoken conversations; None where no model is named.

    raises    SettingsInvalid; ModelMissing, ModelCorrupt, EngineUnavailable for the model of the ends of turns
    """
    if chat is None:
        return None
    chosen = settings.built("talk", TalkSettings)
    ends = await asyncio.to_thread(_turn_ends, settings, chosen.turn_model) if chosen.turn_model else None
    judge = None if ends is None else ends.probability
    return TalkHub(TalkParts(chat, speech, clock, chosen, telemetry.dialogue, judge))


def _turn_ends(settings: Settings, name: str) -> TurnEnds:
    if name != TURN_MODEL:
        raise SettingsInvalid(
            f"talk.turn_model: {name[:40]!r} is not known; use {TURN_MODEL!r}, or leave it empty",
            param="talk.turn_model",
        )
    return TurnEnds(load_catalog(settings).locate(name))


def _keeping(settings: Settings, chosen: ChatSettings) -> KeepSettings:
    """Stored as the server's history is, and with at least what that hides of people."""
    mode = chosen.redact if chosen.redact is not RedactMode.OFF else settings.redaction.floor().mode
    return KeepSettings(
        chosen.keep_seconds if settings.history.enabled else 0.0,
        Redaction(RedactMode.MASK if mode is RedactMode.TOKEN else mode),
        is_required=settings.history.required,
    )


def _require_wake(talk: TalkSettings) -> None:
    """What wakes the bot of clients that name nothing themselves, at the start and not at their first word.

    raises    SettingsInvalid; EngineUnavailable for fixed words whose package is not installed
    """
    if not talk.wake.is_on and talk.sleep_words == SLEEP_WORDS:
        return
    try:
        require_wake_words(talk.wake_words)
        Wake(talk.wake)
    except InvalidOption as problem:
        raise SettingsInvalid(problem.message, param=problem.param) from problem


def _require_voices_here(chat: ChatSettings, speech: SpeechSettings) -> None:
    """Data that is put back into a reply would leave with what a voice elsewhere is told to say."""
    if chat.redact is RedactMode.TAG and chat.restore_tags and _speaks_elsewhere(speech):
        raise SettingsInvalid(
            "chat.restore_tags: replies with personal data would be sent to voices on another machine; "
            "set it to false, or take remote and edge out of speech.engines",
            param="chat.restore_tags",
        )


def _speaks_elsewhere(speech: SpeechSettings) -> bool:
    if "edge" in speech.engines:
        return True
    return "remote" in speech.engines and not is_loopback(urlsplit(speech.remote_url).hostname or "")


def _alike(settings: ChatSettings, results: CachedResults | None, clock: Clock) -> LikeQuestions | None:
    if not settings.cache_similarity or not settings.cache or results is None:
        return None
    from lingting.text.commands.intent_recall import open_embedder

    embed = open_embedder("chat.cache_similarity")
    embed(WARM_UP)
    return LikeQuestions(embed, settings.cache_similarity, clock)


def _tools(settings: ChatSettings, intents: Intents, desk: CommandDesk) -> ChatTools | None:
    if not settings.tools:
        return None
    if not desk.has_receivers:
        raise SettingsInvalid(
            "chat.tools: commands are told to nobody here; set commands.mqtt_url or commands.webhook_url",
            param="chat.tools",
        )
    try:
        kit = Toolkit([intents.matcher(name).pack for name in dict.fromkeys(settings.tools)])
    except InvalidOption as unknown:
        raise SettingsInvalid(f"chat.tools: {unknown.message}", param="chat.tools") from unknown

    def tell(call: Call, said: Asked, match: IntentMatch) -> None:
        source = CommandSource("request", call.request_id, call.principal.owner)
        desk.say(match, source, language=said.language, text=said.text)

    return ChatTools(kit, tell)


def _opened(settings: ChatSettings) -> ChatModel:
    try:
        from lingting.dialogue.chat.openai_chat import OpenAIChat
    except ImportError as problem:
        raise SettingsInvalid(
            "chat.base_url is set, but the client is not installed: pip install 'lingting[openai]'",
            param="chat.base_url",
        ) from problem
    model = OpenAIChat(settings)
    for text in WARM_UP:
        asked(text, Redaction(settings.redact))
    return model
