"""A transcript as bytes and back, for what is kept sealed.

Keeps everything that a caller was shown. Fields at their defaults are left out; unknown ones are passed over, so that
an older server reads what a newer one has kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lingting.domain import Segment, Suppression, Transcript, Word

__all__ = ["decode_transcript", "encode_transcript", "from_json", "to_json"]

Json = dict[str, Any]  # Any: what JSON holds


def encode_transcript(transcript: Transcript) -> Json:
    """The transcript in what JSON knows."""
    return {
        "language": transcript.language,
        "language_probability": transcript.language_probability,
        "duration_seconds": transcript.duration_seconds,
        "speech_seconds": transcript.speech_seconds,
        "engine": transcript.engine,
        "model": transcript.model,
        "attempts": list(transcript.attempts),
        "segments": [_segment(segment) for segment in transcript.segments],
        "suppressed": [[gone.start_seconds, gone.end_seconds, gone.reason] for gone in transcript.suppressed],
    }


def decode_transcript(body: Mapping[str, Any]) -> Transcript:  # Any: what JSON holds
    """The transcript that was encoded so."""
    return Transcript(
        segments=tuple(_read_segment(segment) for segment in body["segments"]),
        language=body["language"],
        duration_seconds=body["duration_seconds"],
        language_probability=body["language_probability"],
        speech_seconds=body["speech_seconds"],
        suppressed=tuple(Suppression(start, end, reason) for start, end, reason in body["suppressed"]),
        engine=body["engine"],
        model=body["model"],
        attempts=tuple(body["attempts"]),
    )


def to_json(body: Mapping[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "surrogatepass")


def from_json(data: bytes) -> Json:
    body: Json = json.loads(data.decode("utf-8", "surrogatepass"))
    return body


SEGMENT_FIELDS = (
    "id", "start_seconds", "end_seconds", "text", "language",
    "avg_logprob", "no_speech_prob", "compression_ratio", "temperature", "channel", "speaker",
)  # fmt: skip


def _segment(segment: Segment) -> Json:
    body: Json = {name: getattr(segment, name) for name in SEGMENT_FIELDS}
    if segment.tokens:
        body["tokens"] = list(segment.tokens)
    if segment.words:
        body["words"] = [_word(word) for word in segment.words]
    return body


def _read_segment(body: Json) -> Segment:
    fields = {name: body[name] for name in SEGMENT_FIELDS if name in body}
    words = tuple(_read_word(word) for word in body.get("words", ()))
    return Segment(**fields, words=words, tokens=tuple(body.get("tokens", ())))


def _word(word: Word) -> list[object]:
    return [word.text, word.start_seconds, word.end_seconds, word.probability, list(word.tokens)]


def _read_word(body: list[Any]) -> Word:  # Any: what JSON holds
    text, start_seconds, end_seconds, probability, tokens = body[:5]
    return Word(text, start_seconds, end_seconds, probability, tuple(tokens))
