"""How far two texts of the same speech are apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.text.disagreement import disagreement

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("Turn on the light.", "turn on the LIGHT", 0.0),
        ("turn on the light", "turn off the light", 0.25),
        ("打开灯。", "打开灯", 0.0),
        ("打开 灯", "打开灯", 0.0),
        ("打开灯", "打开门", 1 / 3),
        ("打开 light", "打开light", 0.0),
        ("", "", 0.0),
        ("something", "", 1.0),
        ("one two", "three four", 1.0),
    ],
)
def test_words_or_characters_are_compared(one, other, apart) -> None:
    assert disagreement(one, other) == pytest.approx(apart)


@given(st.text(), st.text())
def test_it_is_a_share_whatever_is_said(one, other) -> None:
    assert 0.0 <= disagreement(one, other) <= 1.0
    assert disagreement(one, other) == disagreement(other, one)
    assert disagreement(one, one) == 0.0
