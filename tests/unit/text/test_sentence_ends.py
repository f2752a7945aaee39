import pytest

from lingting.text.sentence_ends import ends_sentence

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" dinner.", " Then"),
        (" really?", " yes"),
        ("吗？", "好"),
        ("结束。", "下"),
        (' said."', " He"),
        (" end.", ""),
        (" it is I.", ""),
        ("ठीक।", " है"),
    ],
)
def test_these_end_a_sentence(before: str, after: str) -> None:
    assert ends_sentence(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" Mr.", " Dashwood"),
        (" J.", " Smith"),
        (" e.g.", " This"),
        (" 3.", "14"),
        (" approx.", " Ten"),
        (" etc.", " and"),
        (" dinner,", " Then"),
        ("", " Then"),
        (" word", ""),
    ],
)
def test_these_do_not_end_a_sentence(before: str, after: str) -> None:
    assert not ends_sentence(before, after)
