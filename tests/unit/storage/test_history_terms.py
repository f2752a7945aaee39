"""By which words a text is found, and by which not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain.errors import InvalidOption
from lingting.storage.transcripts.history_terms import MAX_TERMS, fold, parse_query, terms_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("你好。", ["你好", "你", "好"]),
        ("你好，世界", ["你好", "好世", "世界", "你", "好", "世", "界"]),
        ("用iPhone15拍", ["用", "iphone15", "拍"]),
        ("Ｃａｆé", ["cafe"]),
        ("안녕 하세요", ["안녕", "녕하", "하세", "세요", "안", "녕", "하", "세", "요"]),
        ("が", ["が"]),
        ("สวัสดี", ["สว", "วั", "ัส", "สด", "ดี", "ส", "ว", "ั", "ด", "ี"]),
        ("don't", ["don", "t"]),
        ("", []),
        ("…！？ _", []),
    ],
)
def test_a_text_has_these_terms(text, terms) -> None:
    assert sorted(terms_of(text)) == sorted(terms)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("WORLD hello", "Hello, world."),
        ('"hello world"', "Hello, world."),
        ("世界你", "世界，你好"),
        ("好", "你好"),
        ("muller", "Herr Müller"),
        ("strasse", "die Straße"),
        ('"iphone15 拍"', "用 iPhone15 拍"),
        ("'quoted'", "a quoted word"),
        ('"open quote', "an open quote"),
    ],
)
def test_a_query_finds_a_text(query, text) -> None:
    asked = parse_query(query)
    assert set(asked.terms) <= set(terms_of(text))
    assert asked.matches(fold(text))


@pytest.mark.parametrize(
    ("query", "text"), [("wor", "world"), ('"world hello"', "hello world"), ("好你", "你好"), ("が", "か")]
)
def test_a_query_does_not_find_a_text(query, text) -> None:
    asked = parse_query(query)
    assert not (set(asked.terms) <= set(terms_of(text)) and asked.matches(fold(text)))


@pytest.mark.parametrize("query", ["", "   ", "!?", '""', "x" * 201])
def test_a_query_without_a_word_or_too_long_is_refused(query) -> None:
    with pytest.raises(InvalidOption):
        parse_query(query)


@given(st.text(alphabet=st.sampled_from("ab é世界好がค안 ,.\"'_1"), max_size=60))
def test_a_text_is_found_by_itself(text) -> None:
    words = text.replace('"', " ")
    if not terms_of(words):
        return
    asked = parse_query(f'"{words}"')
    assert set(asked.terms) <= set(terms_of(text))
    assert asked.matches(fold(text))


def test_a_long_text_has_a_bounded_number_of_terms() -> None:
    text = " ".join(f"word{i}" for i in range(MAX_TERMS + 10))
    assert terms_of(text)[-1] == f"word{MAX_TERMS - 1}"
