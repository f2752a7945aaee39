"""Deepgram's words for what was recognised, the same in live results and in answers for recordings."""

from __future__ import annotations

import math
import unicodedata
import uuid
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from lingting.domain import Word

__all__ = ["CHANNEL", "alternative", "bare", "metadata_fields", "model_info", "model_uuid", "seconds"]

CHANNEL = [0, 1]
"""The only one, of one."""
DIGITS = 4
NAMESPACE = uuid.UUID("5d1a42e6-3f0c-4d7b-9b0e-6a6c69746e67")
"""Of ids that are made of a model's name, so that they are the same on every machine."""
INNER_MARKS = "'’-."
"""Marks that belong to a word when they stand inside it."""


def bare(text: str) -> str:
    """The text in small letters and without marks, but for those inside words."""
    kept = [
        sign
        for i, sign in enumerate(text)
        if not unicodedata.category(sign).startswith("P") or (sign in INNER_MARKS and _is_inside(text, i))
    ]
    return " ".join("".join(kept).casefold().split())


def _is_inside(text: str, i: int) -> bool:
    return 0 < i < len(text) - 1 and text[i - 1].isalnum() and text[i + 1].isalnum()


def alternative(
    text: str, words: Sequence[Word], *, avg_logprob: float = 0.0, with_marks: bool = True
) -> dict[str, object]:
    """One transcript with its words.

    avg_logprob    for the confidence where there are no words to take it from
    """
    if words:
        confidence = sum(word.probability for word in words) / len(words)
    else:
        confidence = math.exp(min(0.0, avg_logprob)) if text else 0.0
    told = [_word(word, with_marks=with_marks) for word in words]
    return {
        "transcript": text if with_marks else bare(text),
        "confidence": round(confidence, DIGITS),
        "words": [word for word in told if word["word"]],
    }


def _word(word: Word, *, with_marks: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "word": bare(word.text) or word.text.strip(),
        "start": seconds(word.start_seconds),
        "end": seconds(word.end_seconds),
        "confidence": round(word.probability, DIGITS),
    }
    return fields | {"punctuated_word": word.text.strip()} if with_marks else fields


def metadata_fields(  # noqa: PLR0913 - the fields of the protocol
    *, request_id: str, sha256: str, began_at: datetime, duration_seconds: float, channels: int, model: str
) -> dict[str, object]:
    """What is told once of a request as a whole."""
    identity = model_uuid(model)
    return {
        "transaction_key": "deprecated",
        "request_id": request_id,
        "sha256": sha256,
        "created": began_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "duration": seconds(duration_seconds),
        "channels": channels,
        "models": [identity],
        "model_info": {identity: model_info(model)},
    }


def model_info(model: str) -> dict[str, str]:
    return {"name": model, "version": version("lingting"), "arch": "lingting"}


def model_uuid(model: str) -> str:
    return str(uuid.uuid5(NAMESPACE, model))


def seconds(value: float) -> float:
    return round(value, 3)
