"""What a server of OpenAI's Realtime API says of what it hears, each message with an id of its own. Pure.

Source: openai-python, types/realtime; for the older names and the flat session object, types/beta/realtime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from lingting.api.errors import openai_type
from lingting.api.ws.dialect import Later
from lingting.api.ws.messages import write_object
from lingting.domain.errors import LingtingError

__all__ = ["EventWriter", "ItemStatus"]

OLDER = {
    "conversation.item.added": "conversation.item.created",
    **{
        f"response.output_{what}.{how}": f"response.{what}.{how}"
        for what in ("audio", "audio_transcript", "text")
        for how in ("delta", "done")
    },
}
"""Names that clients of before know events by."""
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

    def session(self, what: str, session: Mapping[str, object]) -> str:
        """`what` is created or updated."""
        is_older = self.is_beta and session["object"] == "realtime.transcription_session"
        return self.write(f"{'transcription_session' if is_older else 'session'}.{what}", session=session)

    def error(
        self, kind: str, code: str, message: str, *, param: str | None = None, event_id: str | None = None
    ) -> str:
        error = {"type": kind, "code": code, "message": message, "param": param, "event_id": event_id}
        return self.write("error", error=error)

    def refusal(self, error: LingtingError, *, event_id: str | None = None) -> str:
        """`event_id` is the client's."""
        return self.error(openai_type(error), error.code, error.message, param=error.param, event_id=event_id)

    def speech_started(self, item_id: str, start_seconds: float) -> str:
        return self.write("input_audio_buffer.speech_started", audio_start_ms=_ms(start_seconds), item_id=item_id)

    def speech_stopped(self, item_id: str, end_seconds: float) -> str:
        return self.write("input_audio_buffer.speech_stopped", audio_end_ms=_ms(end_seconds), item_id=item_id)

    def committed(self, item_id: str, previous: str | None) -> str:
        return self.write("input_audio_buffer.committed", previous_item_id=previous, item_id=item_id)

    def cleared(self) -> str:
        return self.write("input_audio_buffer.cleared")

    def added(self, item_id: str, previous: str | None) -> str:
        return self.added_item(_item(item_id, ItemStatus.IN_PROGRESS), previous)

    def added_item(self, item: Mapping[str, object], previous: str | None) -> str:
        return self.write("conversation.item.added", previous_item_id=previous, item=item)

    def done(self, item_id: str, previous: str | None) -> list[str]:
        return self.done_item(_item(item_id, ItemStatus.COMPLETED), previous)

    def done_item(self, item: Mapping[str, object], previous: str | None) -> list[str]:
        """Nothing for older clients, who know no such event."""
        return [] if self.is_beta else [self.write("conversation.item.done", previous_item_id=previous, item=item)]

    def deleted(self, item_id: str) -> str:
        return self.write("conversation.item.deleted", item_id=item_id)

    def delta(self, item_id: str, delta: str) -> str:
        return self.write(f"{TRANSCRIPTION}.delta", item_id=item_id, content_index=0, delta=delta)

    def completed(self, item_id: str, transcript: str, *, seconds: float, languages: tuple[str, ...]) -> str:
        return self.write(
            f"{TRANSCRIPTION}.completed",
            item_id=item_id,
            content_index=0,
            transcript=transcript,
            usage={"type": "duration", "seconds": round(max(0.0, seconds), 3)},
            languages=[{"code": code} for code in languages],
        )

    def failed(self, item_id: str, *, code: str, message: str) -> str:
        error = {"type": "server_error", "code": code, "message": message, "param": None}
        return self.write(f"{TRANSCRIPTION}.failed", item_id=item_id, content_index=0, error=error)

    def write(self, kind: str, **fields: object) -> str:
        """`kind` by its name of today."""
        return write_object(self._head(kind) | fields)

    def later(self, kind: str, make: Callable[[], dict[str, object]], **fields: object) -> Later:
        """The same with fields that take more than a moment to make; its id is taken now."""
        head = self._head(kind) | fields
        return lambda: write_object(head | make())

    def _head(self, kind: str) -> dict[str, object]:
        self.count += 1
        name = OLDER.get(kind, kind) if self.is_beta else kind
        return {"type": name, "event_id": f"event_{self.token}{self.count:06d}"}


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
