"""How a text sounds: an annotation of each segment, in Chinese and English. It never changes text.

The libraries it needs are the extra `mood`; whoever asks for moods calls `require_mood` first. Texts in other languages
have no mood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.util import find_spec

from lingting.domain import Segment
from lingting.domain.errors import InvalidOption
from lingting.domain.mood import Mood, mood_from
from lingting.text.language import script_language
from lingting.text.mood.sentiment_en import load_en, score_en
from lingting.text.mood.sentiment_zh import load_zh, score_zh
from lingting.text.script import CHINESE

__all__ = ["MAX_CHARACTERS", "load_moods", "mood_of", "require_mood", "with_moods"]

MAX_CHARACTERS = 2_000
"""Of one text; what is longer is judged by its beginning. Half a minute of speech has some 300."""
LIBRARIES = ("snownlp", "vaderSentiment")


@cache
def require_mood() -> None:
    """raises    InvalidOption where it is not installed"""
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise InvalidOption(
            "mood", f"needs {' and '.join(missing)} on the server: pip install 'lingting[mood]', or leave it out"
        )


@cache
def load_moods() -> None:
    """Read what moods need, once; some 0.2 s, and for a thread. What is not read before is read at the first text."""
    load_zh()
    load_en()


def mood_of(text: str, language: str) -> Mood | None:
    """The mood of one text; None in a language other than Chinese and English, and for no words.

    language    a Chinese text that is said to be English, or the other way, is taken for what it is written in
    """
    if language not in (*CHINESE, "en"):
        return None
    written = script_language(text)
    if written is None:
        return None
    text = text[:MAX_CHARACTERS]
    return mood_from(score_zh(text) if written == "zh" else score_en(text))


def with_moods(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The same segments, each with its mood."""
    return tuple(replace(segment, mood=mood_of(segment.text, segment.language)) for segment in segments)
