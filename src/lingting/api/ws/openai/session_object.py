"""The session object of OpenAI's Realtime API, which shows what holds, in the nested shape or the older flat one. Pure.

Source: openai-python, types/realtime; for the flat shape, types/beta/realtime.
"""

from __future__ import annotations

from lingting.api.ws.openai.bot_config import BotConfig
from lingting.api.ws.openai.config import NoiseReduction, RealtimeConfig
from lingting.api.ws.openai.formats import FLAT_FORMATS, format_object
from lingting.domain import PcmFormat

__all__ = ["session_object"]


def session_object(config: RealtimeConfig, session_id: str, *, served: str, flat: bool = False) -> dict[str, object]:
    """What holds in the session, in the nested shape or the older flat one."""
    parts = _parts(config, served)
    bot = config.bot
    if flat:
        heard = {
            "id": session_id,
            "input_audio_format": _flat_format(config.pcm),
            "input_audio_transcription": parts["transcription"],
            "input_audio_noise_reduction": parts["noise_reduction"],
            "turn_detection": parts["turn_detection"],
            "include": parts["include"],
        }
        if bot is not None:
            return heard | _flat_bot(bot)
        return heard | {"object": "realtime.transcription_session", "modalities": ["text", "audio"]}
    include = parts.pop("include")
    if bot is not None:
        return {"id": session_id, "audio": {"input": parts, "output": _output(bot)}, "include": include} | _bot(bot)
    return {
        "type": "transcription",
        "id": session_id,
        "object": "realtime.transcription_session",
        "audio": {"input": parts},
        "include": include,
    }


def _parts(config: RealtimeConfig, served: str) -> dict[str, object]:
    wanted, reduction = config.transcription, config.noise_reduction
    transcription: dict[str, object] = {
        "model": wanted.model or served,
        "language": wanted.language,
        "prompt": wanted.prompt,
    }
    if wanted.languages:
        transcription["languages"] = list(wanted.languages)
    if wanted.keywords:
        transcription["keywords"] = list(wanted.keywords)
    return {
        "format": format_object(config.pcm),
        "transcription": transcription,
        "noise_reduction": _noise_reduction(reduction) if reduction else None,
        "turn_detection": _turns(config) if config.turn_detection else None,
        "include": None if config.include is None else list(config.include),
    }


def _turns(config: RealtimeConfig) -> dict[str, object]:
    turns = config.turn_detection
    assert turns is not None, "turns are detected"
    answers: dict[str, object] = {}
    if config.bot is not None:
        answers = {"create_response": turns.create_response, "interrupt_response": turns.interrupt_response}
    if turns.kind == "semantic_vad":
        return {"type": turns.kind, "eagerness": turns.eagerness} | answers
    return {
        "type": turns.kind,
        "threshold": turns.threshold,
        "prefix_padding_ms": turns.prefix_padding_ms,
        "silence_duration_ms": turns.silence_duration_ms,
    } | answers


def _bot(bot: BotConfig) -> dict[str, object]:
    return {
        "type": "realtime",
        "object": "realtime.session",
        "model": bot.model,
        "output_modalities": bot.modalities,
        "max_output_tokens": "inf",
    } | _behaviour(bot)


def _flat_bot(bot: BotConfig) -> dict[str, object]:
    return {
        "object": "realtime.session",
        "model": bot.model,
        "modalities": ["text", "audio"] if bot.speaks else ["text"],
        "voice": bot.shown_voice,
        "speed": bot.speed,
        "output_audio_format": _flat_format(bot.pcm),
        "max_response_output_tokens": "inf",
    } | _behaviour(bot)


def _behaviour(bot: BotConfig) -> dict[str, object]:
    tools = [
        {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
        for tool in bot.functions
    ]
    return {"instructions": bot.instructions, "tools": tools, "tool_choice": bot.tool_choice}


def _output(bot: BotConfig) -> dict[str, object]:
    return {"format": format_object(bot.pcm), "voice": bot.shown_voice, "speed": bot.speed}


def _flat_format(pcm: PcmFormat) -> str:
    return next((name for name, each in FLAT_FORMATS.items() if each == pcm), "pcm16")


def _noise_reduction(reduction: NoiseReduction) -> dict[str, object]:
    return {"type": reduction.kind, "strength": reduction.strength}
