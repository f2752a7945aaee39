"""What a server of OpenAI's Realtime API says in a transcription session, each message with an id of its own. Pure.

Source: openai-python, types/realtime; for the older names and the flat session object, types/beta/realtime.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lingting.api.errors import openai_type
from lingting.api.ws.messages import write_object
from lingting.api.ws.openai_config import FLAT_FORMATS, FORMAT_NAMES, NoiseReduction, RealtimeConfig, TurnDetection
from lingting.domain.errors import LingtingError

__all__ = ["EventWriter", "ItemStatus", "session_object"]

TRANSCRIPTION = "conversation.item.input_audio_transcription"


class ItemStatus(Enum):
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


@dataclass(slots=True)
class EventWriter:
    """Writes one connection's events; `token` makes their ids unique."""

    token: str
    is_beta: bool = False
    """Older clients know other names of the same events."""
    count: int = 0

    def session(self, what: str, session: dict[str, object]) -> str:
        """`what` is created or updated."""
        return self._write(f"{'transcription_session' if self.is_beta else 'session'}.{what}", session=session)

    def error(
        self, kind: str, code: str, message: str, *, param: str | None = None, event_id: str | None = None
    ) -> str:
        error = {"type": kind, "code": code, "message": message, "param": param, "event_id": event_id}
        return self._write("error", error=error)

    def refusal(self, error: LingtingError, *, event_id: str | None = None) -> str:
        """`event_id` is the client's."""
        return self.error(openai_type(error), error.code, error.message, param=error.param, event_id=event_id)

    def speech_started(self, item_id: str, start_seconds: float) -> str:
        return self._write("input_audio_buffer.speech_started", audio_start_ms=_ms(start_seconds), item_id=item_id)

    def speech_stopped(self, item_id: str, end_seconds: float) -> str:
        return self._write("input_audio_buffer.speech_stopped", audio_end_ms=_ms(end_seconds), item_id=item_id)

    def committed(self, item_id: str, previous: str | None) -> str:
        return self._write("input_audio_buffer.committed", previous_item_id=previous, item_id=item_id)

    def cleared(self) -> str:
        return self._write("input_audio_buffer.cleared")

    def added(self, item_id: str, previous: str | None) -> str:
        kind = "conversation.item.created" if self.is_beta else "conversation.item.added"
        return self._write(kind, previous_item_id=previous, item=_item(item_id, ItemStatus.IN_PROGRESS))

    def done(self, item_id: str, previous: str | None) -> list[str]:
        """Nothing for older clients, who know no such event."""
        if self.is_beta:
            return []
        item = _item(item_id, ItemStatus.COMPLETED)
        return [self._write("conversation.item.done", previous_item_id=previous, item=item)]

    def deleted(self, item_id: str) -> str:
        return self._write("conversation.item.deleted", item_id=item_id)

    def delta(self, item_id: str, delta: str) -> str:
        return self._write(f"{TRANSCRIPTION}.delta", item_id=item_id, content_index=0, delta=delta)

    def completed(self, item_id: str, transcript: str, *, seconds: float, languages: tuple[str, ...]) -> str:
        return self._write(
            f"{TRANSCRIPTION}.completed",
            item_id=item_id,
            content_index=0,
            transcript=transcript,
            usage={"type": "duration", "seconds": round(max(0.0, seconds), 3)},
            languages=[{"code": code} for code in languages],
        )

    def failed(self, item_id: str, *, code: str, message: str) -> str:
        error = {"type": "server_error", "code": code, "message": message, "param": None}
        return self._write(f"{TRANSCRIPTION}.failed", item_id=item_id, content_index=0, error=error)

    def _write(self, kind: str, **fields: object) -> str:
        self.count += 1
        return write_object({"type": kind, "event_id": f"event_{self.token}{self.count:06d}"} | fields)


def session_object(config: RealtimeConfig, session_id: str, *, served: str, flat: bool = False) -> dict[str, object]:
    """What holds in the session, in the nested shape or the older flat one."""
    parts = _parts(config, served)
    if flat:
        name = next((name for name, pcm in FLAT_FORMATS.items() if pcm == config.pcm), "pcm16")
        return {
            "id": session_id,
            "object": "realtime.transcription_session",
            "input_audio_format": name,
            "input_audio_transcription": parts["transcription"],
            "input_audio_noise_reduction": parts["noise_reduction"],
            "turn_detection": parts["turn_detection"],
            "include": parts["include"],
            "modalities": ["text", "audio"],
        }
    include = parts.pop("include")
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
        "format": _format(config),
        "transcription": transcription,
        "noise_reduction": _noise_reduction(reduction) if reduction else None,
        "turn_detection": _turns(config.turn_detection) if config.turn_detection else None,
        "include": None if config.include is None else list(config.include),
    }


def _format(config: RealtimeConfig) -> dict[str, object]:
    kind = {"type": FORMAT_NAMES[config.pcm.encoding]}
    return kind | ({"rate": config.pcm.rate_hz} if config.pcm.encoding == "s16le" else {})


def _turns(turns: TurnDetection) -> dict[str, object]:
    if turns.kind == "semantic_vad":
        return {"type": turns.kind, "eagerness": turns.eagerness}
    return {
        "type": turns.kind,
        "threshold": turns.threshold,
        "prefix_padding_ms": turns.prefix_padding_ms,
        "silence_duration_ms": turns.silence_duration_ms,
    }


def _noise_reduction(reduction: NoiseReduction) -> dict[str, object]:
    return {"type": reduction.kind, "strength": reduction.strength}


def _item(item_id: str, status: ItemStatus) -> dict[str, object]:
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": status.value,
        "role": "user",
        "content": [{"type": "input_audio", "transcript": None}],
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)
