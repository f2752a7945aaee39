"""What counts as a token, and what does not count as an error."""

import pytest

from lingting.proof.accuracy.tokens import Unit, tokens, unit_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("language", "unit"),
    [
        ("en", "words"),
        ("en-US", "words"),
        ("fr", "words"),
        ("zh-CN", "characters"),
        ("ko", "characters"),
        ("zh-en", "mixed"),
        ("EN_zh", "mixed"),
        ("ja", "characters"),
    ],
)
def test_a_language_says_what_is_counted(language: str, unit: str) -> None:
    assert unit_of(language) == Unit(unit)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("增長3.5%。", "增长百分之三点五"),
        ("2021年", "二千零二十一年"),
        ("105 人", "一百零五人"),
        ("007", "零零七"),
        ("1234567890", "一二三四五六七八九零"),
        ("Ａ", ""),
    ],
)
def test_chinese_counts_characters_whatever_the_script_and_the_numbers(text: str, same: str) -> None:
    assert tokens("zh", text) == list(same)


def test_english_counts_words_whatever_the_case_and_the_marks() -> None:
    assert tokens("en", "It's twenty-one, Mr. Smith!") == tokens("en", "it is 21 mister smith")


def test_two_languages_count_characters_of_one_and_words_of_the_other() -> None:
    assert tokens("zh-en", "我用 iPhone 打 call。") == ["我", "用", "iphone", "打", "call"]


def test_other_languages_count_words_without_marks() -> None:
    assert tokens("fr", "C'est là, déjà.") == ["cest", "là", "déjà"]
