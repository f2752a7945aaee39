"""Words that a client expects, as other vendors' protocols list them: hotwords, as far as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from lingting.domain import Hotword, Hotwords
from lingting.domain.errors import InvalidOption
from lingting.domain.hotwords import MAX_HOTWORDS

__all__ = ["hinted"]


def hinted(before: Hotwords, words: Sequence[object], *, param: str) -> Hotwords:
    """The words in place of those that were listed before; packs stay.

    Clients of these protocols send long lists and whole sentences, and expect no more than help: what is no hotword is
    left out, and so is what is more than a list may hold.

    raises    InvalidOption for what is no text
    """
    taken: list[Hotword] = []
    for word in words:
        if not isinstance(word, str):
            raise InvalidOption(param, "is no list of texts")
        with suppress(InvalidOption):
            taken.append(Hotword(word.strip()))
    return Hotwords((*taken[:MAX_HOTWORDS], *before.of_packs))
