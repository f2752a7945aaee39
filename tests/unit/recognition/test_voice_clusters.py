"""Prints become persons: made vectors, no sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.engines.voices import Prints
from lingting.recognition.voice_clusters import VoiceRules, speakers_of

pytestmark = pytest.mark.unit
STEP_SECONDS = 0.4
FOUND_OUT = VoiceRules(same_voice=0.8, change_cost=0.1)
VOICES = np.eye(4, 16, dtype=np.float32)


def heard(*who: tuple[int, int], wobble: float = 0.05, seed: int = 1) -> Prints:
    """Prints of persons, each so many steps long."""
    rng = np.random.default_rng(seed)
    vectors = np.concatenate([np.repeat(VOICES[person : person + 1], steps, axis=0) for person, steps in who])
    vectors = vectors + wobble * rng.standard_normal(vectors.shape).astype(np.float32)
    starts = STEP_SECONDS * np.arange(len(vectors))
    spans = np.stack([starts, starts + STEP_SECONDS], axis=1)
    return Prints(spans, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


def test_persons_are_counted_in_the_order_in_which_they_are_heard() -> None:
    labels, voices = speakers_of([heard((2, 15), (0, 15)), heard((0, 15), (1, 20))], FOUND_OUT)
    assert [list(dict.fromkeys(found.tolist())) for found in labels] == [[0, 1], [1, 2]]
    assert len(voices) == 3


def test_one_person_is_one_however_long() -> None:
    labels, _ = speakers_of([heard((1, 40), seed=seed) for seed in range(5)], FOUND_OUT)
    assert {int(label) for found in labels for label in found} == {0}


def test_a_change_is_placed_where_it_is() -> None:
    labels, _ = speakers_of([heard((0, 20), (1, 20))], FOUND_OUT)
    assert np.flatnonzero(np.diff(labels[0])).tolist() == [19]


def test_one_odd_window_makes_no_turn() -> None:
    labels, _ = speakers_of([heard((0, 20), (3, 1), (0, 20), (1, 30))], FOUND_OUT)
    assert labels[0][:41].tolist() == [0] * 41


def test_no_more_persons_are_found_than_were_asked_for() -> None:
    pieces = [heard((0, 20)), heard((1, 20)), heard((2, 20))]
    labels, voices = speakers_of(pieces, VoiceRules(same_voice=0.8, change_cost=0.1, count=2))
    assert len(voices) == len({int(label) for found in labels for label in found}) == 2


def test_two_alike_are_told_apart_when_there_are_two() -> None:
    near = (VOICES[0] + 0.3 * VOICES[1])[np.newaxis]
    other = heard((0, 25))
    alike = Prints(other.spans, np.repeat(near / np.linalg.norm(near), 25, axis=0).astype(np.float32))
    assert len(speakers_of([other, alike], FOUND_OUT)[1]) == 1
    assert len(speakers_of([other, alike], VoiceRules(same_voice=0.8, change_cost=0.0, count=2))[1]) == 2


def test_nothing_heard_is_nobody() -> None:
    nothing = Prints(np.zeros((0, 2)), np.zeros((0, 16), np.float32))
    labels, voices = speakers_of([nothing, nothing], FOUND_OUT)
    assert [len(found) for found in labels] == [0, 0]
    assert len(voices) == 0


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), max_size=3), max_size=4), st.integers(0, 5))
def test_every_part_has_a_person_and_every_person_a_part(talk, count) -> None:
    pieces = [heard(*who) if who else Prints(np.zeros((0, 2)), np.zeros((0, 16), np.float32)) for who in talk]
    labels, voices = speakers_of(pieces, VoiceRules(same_voice=0.8, change_cost=0.1, count=count))
    assert [len(found) for found in labels] == [len(piece.vectors) for piece in pieces]
    named = [int(label) for found in labels for label in found]
    assert list(dict.fromkeys(named)) == list(range(len(voices)))
    assert not count or len(voices) <= count
