"""Questions whose replies are kept, found again in other words: the same gist, and near enough by meaning.

Neither is enough alone. A small embedder puts questions that differ in one word, a number or a negation as near to each
other as two wordings of one question (docs/chat.md has the figures), so the gist must be the same first. Promises: what
is known has a bound in number and in age; embedding runs in a thread, and only where the gist is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from cachetools import TTLCache
from numpy.typing import NDArray

from lingting.dialogue.chat.gist import gist
from lingting.domain import Clock

__all__ = ["Embed", "LikeQuestions"]

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to unit vectors, shape (texts, dimensions)."""
MAX_GISTS = 5_000
MAX_WORDINGS = 4
"""Of one gist."""
KEPT_SECONDS = 3_600.0
_Key = tuple[str, tuple[str, ...]]


class LikeQuestions:
    """Those of a server. Belongs to one event loop.

    bound    the least cosine of two questions with one reply
    """

    def __init__(self, embed: Embed, bound: float, clock: Clock) -> None:
        self._embed = embed
        self._bound = bound
        self._known: TTLCache[_Key, dict[str, str]] = TTLCache(MAX_GISTS, KEPT_SECONDS, timer=clock.monotonic)

    async def nearest(self, scope: str, question: str, language: str) -> str | None:
        """Under what the reply to the nearest question of the same scope is kept.

        scope    what else must agree: whose it is, the model, the prompt, the language
        """
        wordings = self._known.get((scope, gist(question, language)))
        if not wordings:
            return None
        known = list(wordings)
        vectors = await asyncio.to_thread(self._embed, [question, *known])
        alike = vectors[1:] @ vectors[0]
        best = int(np.argmax(alike))
        return wordings.get(known[best]) if alike[best] >= self._bound else None

    def clear(self) -> None:
        """Forget all questions; whose they are is not known here."""
        self._known.clear()

    def add(self, scope: str, question: str, language: str, *, name: str) -> None:
        """A reply is kept under this name."""
        about = gist(question, language)
        if about:
            wordings = self._known.setdefault((scope, about), {})
            wordings.pop(question, None)
            wordings[question] = name
            while len(wordings) > MAX_WORDINGS:
                del wordings[next(iter(wordings))]
