"""Where a text is cut, so that its beginning is heard early."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.speech.clauses import MAX_WEIGHT, clauses

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "eager", "pieces"),
    [
        ("It rained. He stayed at home.", False, ["It rained. He stayed at home."]),
        ("It rained all day. He stayed.", False, ["It rained all day. ", "He stayed."]),
        ("Dr. Smith paid 3.50 at the U.S. Open.", False, ["Dr. Smith paid 3.50 at the U.S. Open."]),
        ("Well then, it rained.", True, ["Well then, ", "it rained."]),
        ("Well then, it rained.", False, ["Well then, it rained."]),
        ("你好，今天天气怎么样？", True, ["你好，", "今天天气怎么样？"]),
        ("你好，今天天气怎么样？好。", False, ["你好，今天天气怎么样？", "好。"]),
        ("", True, []),
    ],
)
def test_a_text_is_cut_at_its_marks(text, eager, pieces) -> None:
    assert clauses(text, eager=eager) == pieces


@given(st.text(alphabet='ab ，。,.!你好\n"', max_size=400), st.booleans())
def test_the_pieces_are_the_text_and_none_is_too_long(text, eager) -> None:
    pieces = clauses(text, eager=eager)
    assert "".join(pieces) == (text if text.strip() else "")
    assert all(len(piece) <= MAX_WEIGHT for piece in pieces)


def test_a_text_without_marks_is_cut_between_words() -> None:
    pieces = clauses("word " * 100, eager=True)
    assert len(pieces) > 1
    assert all(piece.startswith("word") for piece in pieces)
