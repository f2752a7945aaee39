"""From a token for each step to words with times, and the way through an attention table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from lingting.domain.errors import SettingsInvalid
from lingting.engines.hf_transformers.ctc import letters_of, words_of
from lingting.engines.hf_transformers.settings import TransformersSettings
from lingting.engines.hf_transformers.warping import likeliest_path

pytestmark = pytest.mark.unit

TEXTS = {1: "a", 2: "b", 3: " ", 4: "你", 5: "好"}


def spelled(*tokens: int):
    letters = letters_of(tokens, [0.5] * len(tokens), TEXTS, blank=0)
    return words_of(letters, step_seconds=0.02, clip_seconds=1.0)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ((), []),
        ((0, 0, 3, 9), []),
        ((0, 1, 1, 0, 1, 2, 2), ["aab"]),
        ((1, 3, 3, 0, 3, 2), ["a", " b"]),
        ((4, 4, 0, 4, 5), ["你", "你", "好"]),
        ((1, 2, 4, 1), ["ab", "你", "a"]),
    ],
)
def test_runs_are_one_letter_and_blanks_part_them(tokens: tuple[int, ...], words: list[str]) -> None:
    assert [word.text for word in spelled(*tokens)] == words


def test_a_word_lasts_from_its_first_step_to_behind_its_last_inside_the_clip() -> None:
    first, second = spelled(0, 1, 0, 2, 3, *([1] * 60))
    assert (first.start_seconds, first.end_seconds, first.probability) == (0.02, 0.08, 0.5)
    assert (second.start_seconds, second.end_seconds) == (0.1, 1.0)


def test_the_path_is_the_cheapest_that_never_falls() -> None:
    costs = np.random.default_rng(3).normal(size=(4, 6))
    path = likeliest_path(costs)
    assert path[0] == (0, 0)
    assert path[-1] == (3, 5)
    assert all(
        0 <= b - a <= 1 for before, after in itertools.pairwise(path) for a, b in zip(before, after, strict=True)
    )

    def cheapest(token: int, step: int) -> float:
        ways = [(token - 1, step - 1), (token - 1, step), (token, step - 1)]
        known = [cheapest(*way) for way in ways if min(way) >= 0]
        return costs[token, step] + min(known, default=0.0)

    assert sum(costs[place] for place in path) == pytest.approx(cheapest(3, 5))


def test_a_table_of_nothing_but_doubt_has_a_path() -> None:
    assert likeliest_path(np.full((2, 2), np.nan))[-1] == (1, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("device", "tpu"), ("dtype", "int8"), ("max_batch", 0), ("threads", -1), ("languages", ("Klingon",))],
)
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        TransformersSettings(**{name: value})
    assert refused.value.param == name
