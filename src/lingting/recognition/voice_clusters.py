"""Which prints are of the same person: pure numbers, no sound.

Stretches in which the voice does not change become units; units that sound alike are joined, the most alike first,
until so many are left as were asked for, or the rest differ. Then every part is given anew to the person it sounds
like, where a change has to pay for itself, so that one odd window makes no turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lingting.engines.voices import Prints

__all__ = ["VoiceRules", "speakers_of"]

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]

MAX_UNITS = 600
"""Joined with each other, the longest ones; the rest of a long recording goes to who it sounds like."""
ROUNDS = 3
"""Of hearing again whose each part is; more change nothing."""


@dataclass(frozen=True, slots=True)
class VoiceRules:
    """What decides who is who."""

    same_voice: float
    """As `VoiceModel` has it."""
    change_cost: float
    count: int = 0
    """How many there are, at most; 0 finds out."""
    min_seconds: float = 4.0
    """Who says less in all is thought to be one of the others, unless all say as little."""


def speakers_of(pieces: Sequence[Prints], rules: VoiceRules) -> tuple[list[Labels], Floats]:
    """Who is heard in each part of each piece, and the voice of each person, shape (persons, size).

    Persons are counted from 0 in the order in which they are first heard.
    """
    if not any(len(piece.vectors) for piece in pieces):
        return [np.zeros(0, np.int64) for _ in pieces], np.zeros((0, 0), np.float32)
    voices = _joined(*_units(pieces, rules), rules)
    labels = [_follow(piece, voices, rules) for piece in pieces]
    for _ in range(ROUNDS):
        voices = _heard_again(pieces, labels, len(voices))
        labels = [_follow(piece, voices, rules) for piece in pieces]
    order = list(dict.fromkeys(int(label) for found in labels for label in found))
    places = np.full(len(voices), -1)
    places[order] = np.arange(len(order))
    return [places[found] for found in labels], voices[order]


def _units(pieces: Sequence[Prints], rules: VoiceRules) -> tuple[Floats, NDArray[np.float64]]:
    """The mean voice of each stretch without a change, and how many seconds it has."""
    vectors, seconds = [], []
    for piece in pieces:
        for first, last in _stretches(piece, rules):
            vectors.append(piece.vectors[first:last].mean(axis=0))
            seconds.append(float((piece.spans[first:last, 1] - piece.spans[first:last, 0]).sum()))
    return _unit_length(np.stack(vectors)), np.array(seconds)


def _stretches(piece: Prints, rules: VoiceRules) -> list[tuple[int, int]]:
    """Cut where what comes before and after sounds least alike, if it does not sound like one voice."""
    count = len(piece.vectors)
    if rules.change_cost == 0:
        return [(index, index + 1) for index in range(count)]
    likeness = np.ones(count)
    for index in range(1, count):
        before = piece.vectors[max(index - _REACH, 0) : index].mean(axis=0)
        after = piece.vectors[index : index + _REACH].mean(axis=0)
        likeness[index] = _cosine(before, after)
    cuts = [
        index
        for index in range(1, count)
        if likeness[index] < rules.same_voice + _CHANGE_MARGIN
        and likeness[index] == likeness[max(index - _REACH // 2, 0) : index + _REACH // 2 + 1].min()
    ]
    return list(zip([0, *cuts], [*cuts, count], strict=True)) if count else []


_REACH = 4
"""Parts that are looked at on each side of a change: as long as a window."""
_CHANGE_MARGIN = 0.08
"""Cutting too often costs little, as what belongs together is joined again."""


def _joined(units: Floats, seconds: NDArray[np.float64], rules: VoiceRules) -> Floats:
    """The voices of the persons: joined as far as they sound alike, or else until no more are left than were asked for.

    Those who say little are no persons yet: an odd second at a change of voices sounds like nobody.
    """
    longest = np.sort(np.argsort(-seconds, kind="stable")[:MAX_UNITS])
    weights = seconds[longest].copy()
    sums: Floats = (units[longest] * weights[:, np.newaxis]).astype(np.float32)
    alike = _alike(sums)
    best, best_weights, reached = sums.copy(), weights.copy(), 0
    while np.count_nonzero(weights) > 1:
        one, other = (int(place) for place in np.unravel_index(int(np.argmax(alike)), alike.shape))
        if not rules.count and alike[one, other] < rules.same_voice:
            break
        sums[one] += sums[other]
        weights[one] += weights[other]
        weights[other] = 0.0
        row = _unit_length(sums) @ _unit_length(sums[one : one + 1])[0]
        row[weights == 0.0] = _NEVER
        row[one] = _NEVER
        alike[one, :] = alike[:, one] = row
        alike[other, :] = alike[:, other] = _NEVER
        persons = min(_persons(weights, rules), rules.count)
        if persons >= reached:
            best, best_weights, reached = sums.copy(), weights.copy(), persons
    enough = _persons(best_weights, rules) or np.count_nonzero(best_weights)
    heaviest = np.sort(np.argsort(-best_weights, kind="stable")[: min(enough, rules.count or enough)])
    return _unit_length(best[heaviest])


_NEVER = -2.0
"""Less alike than any two voices."""


def _persons(weights: NDArray[np.float64], rules: VoiceRules) -> int:
    return int(np.count_nonzero(weights >= rules.min_seconds))


def _alike(sums: Floats) -> Floats:
    directions = _unit_length(sums)
    alike: Floats = directions @ directions.T
    np.fill_diagonal(alike, _NEVER)
    return alike


def _follow(piece: Prints, voices: Floats, rules: VoiceRules) -> Labels:
    """The likeliest course of voices through a piece (Viterbi's method)."""
    count = len(piece.vectors)
    if not count:
        return np.zeros(0, np.int64)
    scores = piece.vectors @ voices.T
    came_from = np.zeros((count, len(voices)), np.int64)
    best = scores[0].astype(np.float64)
    for index in range(1, count):
        changed = int(np.argmax(best))
        is_change = best[changed] - rules.change_cost > best
        came_from[index] = np.where(is_change, changed, np.arange(len(voices)))
        best = np.where(is_change, best[changed] - rules.change_cost, best) + scores[index]
    labels = np.zeros(count, np.int64)
    labels[-1] = int(np.argmax(best))
    for index in range(count - 1, 0, -1):
        labels[index - 1] = came_from[index, labels[index]]
    return labels


def _heard_again(pieces: Sequence[Prints], labels: Sequence[Labels], count: int) -> Floats:
    """The mean voice of each person, of those parts that are given to them; who has none goes."""
    sums = np.zeros((count, pieces[0].vectors.shape[1]), np.float32)
    for piece, found in zip(pieces, labels, strict=True):
        np.add.at(sums, found, piece.vectors * (piece.spans[:, 1] - piece.spans[:, 0])[:, np.newaxis])
    return _unit_length(sums[np.abs(sums).sum(axis=1) > 0])


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))


def _unit_length(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    made: Floats = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return made
