"""What a server of OpenAI's Realtime API says of one response, from its creation to its end. Pure.

Source: openai-python, types/realtime; for the older names of content, types/beta/realtime.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lingting.api.ws.dialect import Later, Message
from lingting.api.ws.openai.bot_config import BotConfig
from lingting.api.ws.openai.events import EventWriter, ItemStatus
from lingting.api.ws.openai.formats import format_object
from lingting.audio.pcm import to_pcm
from lingting.audio.resample import StreamResampler
from lingting.dialogue.chat.chat_models import Tokens, ToolCall
from lingting.domain import Samples
from lingting.speech.hub import SPEECH_RATE_HZ

__all__ = ["Outcome", "ReplyEvents"]

PIECE_SAMPLES = SPEECH_RATE_HZ // 2
"""Of one delta, so that none is large."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a response ended."""

    status: str
    reason: str | None = None
    error: Mapping[str, object] | None = None
    tokens: Tokens | None = None


@dataclass(slots=True)
class ReplyEvents:
    """Writes the events of one response. Its item is said with its first word or sound."""

    writer: EventWriter
    bot: BotConfig
    """As it was when the response began."""
    id: str
    item_id: str
    conversation_id: str
    text: str = ""
    sound_seconds: float = 0.0
    previous: str | None = None
    has_item: bool = False
    _output: list[object] = field(default_factory=list, init=False)
    """Items that are whole."""
    _resampler: StreamResampler | None = field(init=False)

    def __post_init__(self) -> None:
        pcm = self.bot.pcm
        is_other = pcm.rate_hz != SPEECH_RATE_HZ
        self._resampler = StreamResampler(SPEECH_RATE_HZ, pcm.rate_hz) if is_other else None

    def created(self) -> str:
        return self.writer.write("response.created", response=self._response("in_progress", []))

    def begin(self, previous: str | None) -> list[Message]:
        """The item, after the one before it."""
        self.has_item, self.previous = True, previous
        item = self._item(ItemStatus.IN_PROGRESS.value, with_content=False)
        return [
            self._write("response.output_item.added", output_index=0, item=item),
            self.writer.added_item(item, previous),
            self._write("response.content_part.added", **self._place, part=self._part()),
        ]

    def say(self, text: str) -> str:
        """The next words."""
        self.text += text
        kind = "output_audio_transcript" if self.bot.speaks else "output_text"
        return self._write(f"response.{kind}.delta", **self._place, delta=text)

    def sound(self, samples: Samples) -> Iterator[Later]:
        """The next sound; made in a thread."""
        self.sound_seconds += len(samples) / SPEECH_RATE_HZ
        for first in range(0, len(samples), PIECE_SAMPLES):
            yield self._sound(samples[first : first + PIECE_SAMPLES], is_last=False)

    def end_message(self, *, is_whole: bool = True) -> list[Message | Later]:
        """The end of the words and the sound, if there were any."""
        if not self.has_item or self._output:
            return []
        item = self._item(ItemStatus.COMPLETED.value if is_whole else "incomplete", with_content=True)
        self._output.append(item)
        return [
            *self._ends(),
            self._write("response.content_part.done", **self._place, part=self._part()),
            *self.writer.done_item(item, self.previous),
            self._write("response.output_item.done", output_index=0, item=item),
        ]

    def call(self, call: ToolCall, item_id: str, previous: str | None) -> list[str]:
        """A function of the client that the model wants called."""
        index, about = len(self._output), {"item_id": item_id, "call_id": call.id}
        item: dict[str, object] = {"id": item_id, "object": "realtime.item", "type": "function_call"}
        item |= {"name": call.name, "call_id": call.id}
        begun = item | {"status": ItemStatus.IN_PROGRESS.value, "arguments": ""}
        whole = item | {"status": ItemStatus.COMPLETED.value, "arguments": call.arguments}
        self._output.append(whole)
        arguments = "response.function_call_arguments"
        return [
            self._write("response.output_item.added", output_index=index, item=begun),
            self.writer.added_item(begun, previous),
            self._write(f"{arguments}.delta", output_index=index, **about, delta=call.arguments),
            self._write(f"{arguments}.done", output_index=index, **about, name=call.name, arguments=call.arguments),
            *self.writer.done_item(whole, previous),
            self._write("response.output_item.done", output_index=index, item=whole),
        ]

    def done(self, outcome: Outcome) -> list[Message | Later]:
        """The end of the response."""
        said = self.end_message(is_whole=outcome.status == "completed")
        response = self._response(outcome.status, self._output) | {
            "status_details": _details(outcome),
            "usage": None if outcome.tokens is None else _usage(outcome.tokens),
        }
        return [*said, self.writer.write("response.done", response=response)]

    def _ends(self) -> Iterator[Message | Later]:
        if not self.bot.speaks:
            yield self._write("response.output_text.done", **self._place, text=self.text)
            return
        if self._resampler is not None:
            yield self._sound(np.zeros(0, np.float32), is_last=True)
        yield self._write("response.output_audio.done", **self._place)
        yield self._write("response.output_audio_transcript.done", **self._place, transcript=self.text)

    def _sound(self, samples: Samples, *, is_last: bool) -> Later:
        def make() -> dict[str, object]:
            sound, resampler = samples, self._resampler
            if resampler is not None:
                sound = resampler.push(samples[None])[0]
                sound = np.concatenate((sound, resampler.finish()[0])) if is_last else sound
            return {"delta": base64.b64encode(to_pcm(sound, self.bot.pcm.encoding)).decode()}

        return self.writer.later("response.output_audio.delta", make, response_id=self.id, **self._place)

    def _write(self, kind: str, **fields: object) -> str:
        return self.writer.write(kind, response_id=self.id, **fields)

    @property
    def _place(self) -> dict[str, object]:
        return {"item_id": self.item_id, "output_index": 0, "content_index": 0}

    def _part(self) -> dict[str, object]:
        if self.bot.speaks:
            return {"type": "audio", "transcript": self.text}
        return {"type": "text", "text": self.text}

    def _item(self, status: str, *, with_content: bool) -> dict[str, object]:
        older, part = self.writer.is_beta, self._part()
        content = part if older else part | {"type": f"output_{part['type']}"}
        return {
            "id": self.item_id,
            "object": "realtime.item",
            "type": "message",
            "status": status,
            "role": "assistant",
            "content": [content] if with_content else [],
        }

    def _response(self, status: str, output: list[object]) -> dict[str, object]:
        bot = self.bot
        made: dict[str, object] = {"object": "realtime.response", "id": self.id, "status": status}
        made |= {"status_details": None, "output": output, "conversation_id": self.conversation_id}
        if self.writer.is_beta:
            return made | {"modalities": ["text", "audio"] if bot.speaks else ["text"], "usage": None}
        made |= {"output_modalities": bot.modalities, "max_output_tokens": "inf", "usage": None, "metadata": None}
        return made | {"audio": {"output": {"format": format_object(bot.pcm), "voice": bot.shown_voice}}}


def _details(outcome: Outcome) -> dict[str, object] | None:
    if outcome.status == "completed":
        return None
    details: dict[str, object] = {"type": outcome.status}
    details |= {} if outcome.reason is None else {"reason": outcome.reason}
    return details | ({} if outcome.error is None else {"error": outcome.error})


def _usage(tokens: Tokens) -> dict[str, object]:
    """All of it words: sound costs no tokens here."""
    return {
        "total_tokens": tokens.all,
        "input_tokens": tokens.read,
        "output_tokens": tokens.written,
        "input_token_details": {"text_tokens": tokens.read, "audio_tokens": 0, "cached_tokens": 0},
        "output_token_details": {"text_tokens": tokens.written, "audio_tokens": 0},
    }
