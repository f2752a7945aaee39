"""How many tokens of a text are wrong, and which. Pure.

source    Levenshtein's distance: the fewest substitutions, deletions and insertions that make one list the other
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from lingting.proof.accuracy.tokens import tokens

__all__ = ["Difference", "Score", "differences", "score"]


@dataclass(frozen=True, slots=True)
class Score:
    """Of one text, or of several together."""

    tokens: int
    """Of the reference."""
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    def __add__(self, other: Score) -> Score:
        return Score(
            self.tokens + other.tokens,
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch that both texts share, or one in which they differ."""

    kind: str
    """equal, replace, delete or insert."""
    reference: tuple[str, ...]
    heard: tuple[str, ...]


def score(language: str, reference: str, heard: str) -> Score:
    """Count the errors of what was heard."""
    wanted, given = tokens(language, reference), tokens(language, heard)
    counts = {"replace": 0, "delete": 0, "insert": 0}
    for operation in Levenshtein.editops(wanted, given):
        counts[operation.tag] += 1
    return Score(len(wanted), counts["replace"], counts["delete"], counts["insert"])


def differences(reference: Sequence[str], heard: Sequence[str]) -> tuple[Difference, ...]:
    """Both lists of tokens, cut where they begin and cease to agree."""
    return tuple(
        Difference(
            operation.tag,
            tuple(reference[operation.src_start : operation.src_end]),
            tuple(heard[operation.dest_start : operation.dest_end]),
        )
        for operation in Levenshtein.opcodes(list(reference), list(heard))
    )
