"""Live events without the phrase that they begin with. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lingting.domain import Final, Partial, Word

__all__ = ["final_from", "partial_from"]


def partial_from(event: Partial, end: int) -> Partial:
    """The partial from that place of its text on."""
    return replace(event, stable=event.stable[end:], tail=event.tail[max(0, end - len(event.stable)) :])


def final_from(event: Final, end: int, *, stable: str = "") -> Final:
    """The final from that place of its text on, with the words that spell it.

    stable    what was last shown of it as stable
    """
    return replace(event, text=event.text[end:], words=_words_from(event.words, end), stable=stable)


def _words_from(words: Sequence[Word], end: int) -> tuple[Word, ...]:
    """A word that the cut goes through keeps its times and its rest."""
    if not words:
        return ()
    reached = len(words[0].text.lstrip()) - len(words[0].text)  # the text begins where the first word does
    kept = []
    for word in words:
        reached += len(word.text)
        if reached > end:
            kept.append(word if reached - len(word.text) >= end else replace(word, text=word.text[end - reached :]))
    return tuple(kept)
