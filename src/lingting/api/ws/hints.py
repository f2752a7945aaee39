"""Words that a client expects, as other vendors' protocols list them: as many as the model can be told."""

from __future__ import annotations

from collections.abc import Sequence

from lingting.api.http.fields import is_encodable
from lingting.domain.errors import InvalidOption
from lingting.domain.options import MAX_PROMPT_CHARACTERS

__all__ = ["fitting"]

SEPARATOR_CHARACTERS = 2


def fitting(words: Sequence[object], *, param: str) -> tuple[str, ...]:
    """The first that fit; clients of these protocols send long lists, and expect no more than help.

    raises    InvalidOption for what is no text
    """
    taken: list[str] = []
    characters = 0
    for word in words:
        if not isinstance(word, str) or not is_encodable(word):
            raise InvalidOption(param, "is no list of texts")
        characters += len(word.strip()) + SEPARATOR_CHARACTERS
        if characters > MAX_PROMPT_CHARACTERS:
            break
        if word.strip():
            taken.append(word.strip())
    return tuple(taken)
