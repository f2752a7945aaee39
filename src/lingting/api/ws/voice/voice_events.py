"""What the bot says and does, in the words of `/v1/chat/voice`; its sound as binary frames."""

from __future__ import annotations

from collections.abc import Iterator

from lingting.api.ws.dialect import Message
from lingting.api.ws.messages import write_object
from lingting.api.ws.native.native_events import ms
from lingting.audio.pcm import to_pcm
from lingting.dialogue.talk.talk_events import (
    BotCalled,
    BotSlept,
    FloorTaken,
    ReplyAsks,
    ReplyDucked,
    ReplyEnded,
    ReplyMade,
    ReplySound,
    ReplyStarted,
    ReplyText,
    TalkEnded,
    TalkEvent,
    TalkProblem,
)
from lingting.domain.conversation import TurnStages
from lingting.speech.hub import SPEECH_RATE_HZ
from lingting.text.commands.intents import match_fields

__all__ = ["REPLY_SOUND", "talk_messages"]

FRAME_SAMPLES = SPEECH_RATE_HZ // 2
"""Of one binary frame, so that none is large."""
REPLY_SOUND = {"encoding": "LINEAR16", "sample_rate": SPEECH_RATE_HZ, "channels": 1}
"""Of the binary frames."""

Fields = dict[str, object]


def talk_messages(event: TalkEvent) -> list[Message]:
    """One JSON message; for sound, a JSON message and a binary frame for each half second."""
    if isinstance(event, ReplySound):
        return list(_sound(event))
    kind, fields = _fields(event)
    return [write_object({"type": kind, "transcript": "", **fields})]


def _sound(event: ReplySound) -> Iterator[Message]:
    for first in range(0, len(event.samples), FRAME_SAMPLES):
        part = event.samples[first : first + FRAME_SAMPLES]
        about: Fields = {"type": "REPLY_AUDIO", "transcript": "", "reply": event.reply}
        about["audio_ms"] = ms(len(part) / SPEECH_RATE_HZ)
        if event.is_filler:
            about["filler"] = True
        yield write_object(about)
        yield to_pcm(part, "s16le")


def _fields(event: TalkEvent) -> tuple[str, Fields]:  # noqa: C901, PLR0911 - one for each event
    match event:
        case FloorTaken(floor):
            return "FLOOR", {"floor": floor}
        case ReplyStarted():
            return "REPLY_STARTED", _started(event)
        case ReplyText(reply, text):
            return "REPLY_TEXT", {"reply": reply, "text": text}
        case ReplyAsks(reply, calls):
            wanted = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]
            return "REPLY_CALLS", {"reply": reply, "calls": wanted}
        case ReplyMade():
            return "REPLY_MADE", _made(event)
        case ReplyDucked(reply, is_ducked):
            return "REPLY_DUCKED", {"reply": reply, "ducked": is_ducked}
        case TalkProblem(reply, code, message):
            return "PROBLEM", {"reply": reply, "code": code, "message": message}
        case ReplyEnded():
            return "REPLY_ENDED", _ended(event)
        case BotCalled(phrase):
            return "CALLED", {"phrase": phrase}
        case BotSlept(reason):
            return "SLEPT", {"reason": reason}
        case TalkEnded(reason):
            return "TALK_ENDED", {"reason": reason}
        case ReplySound():
            raise AssertionError("sound is worded as frames")


def _started(event: ReplyStarted) -> Fields:
    fields: Fields = {"reply": event.reply, "kind": event.kind, "asked": event.asked_text, "language": event.language}
    if event.command is not None:
        fields["command"] = match_fields(event.command)
    return fields


def _made(event: ReplyMade) -> Fields:
    fields: Fields = {"reply": event.reply}
    if event.tokens is not None:
        fields["tokens"] = {"read": event.tokens.read, "written": event.tokens.written}
    if event.is_cut:
        fields["cut"] = True
    return fields


def _ended(event: ReplyEnded) -> Fields:
    fields: Fields = {
        "reply": event.reply,
        "heard": event.heard_text,
        "cut": event.was_cut,
        "conversation": event.conversation,
        "timings": _timings(event.stages),
    }
    if event.failure is not None:
        fields["failure"] = event.failure
    return fields


def _timings(stages: TurnStages) -> Fields:
    """Whole milliseconds; what did not happen is left out."""
    times = {
        "final_ms": stages.final_seconds,
        "asked_ms": stages.asked_seconds,
        "first_token_ms": stages.first_token_seconds,
        "first_audio_ms": stages.first_audio_seconds,
        "ended_ms": stages.ended_seconds,
    }
    return {name: ms(seconds) for name, seconds in times.items() if seconds is not None}
