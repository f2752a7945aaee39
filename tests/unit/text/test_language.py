"""The language of a text: by script, by the model, and among those that are possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.text.language import language_of, script_language

pytestmark = pytest.mark.unit

TEXTS = [
    ("你好", "zh"),
    ("请问今天的会议几点开始", "zh"),
    ("東京大學在哪裡", "zh"),
    ("我哋去边度食嘢呀", "yue"),
    ("我想买一个iPhone手机", "zh"),
    ("请帮我 check 一下 email", "zh"),
    ("let us meet at the hotel in 北京 tomorrow", "en"),
    ("hello", "en"),
    ("OK", "en"),
    ("the weather is nice today", "en"),
    ("I'd like to order a coffee, please", "en"),
    ("bonjour tout le monde, comment ça va", "fr"),
    ("Guten Morgen, wie geht es Ihnen", "de"),
    ("¿dónde está la biblioteca?", "es"),
    ("Привет, как дела?", "ru"),
    ("こんにちは世界", "ja"),
    ("안녕하세요 여러분", "ko"),
    ("", ""),
    ("123 …", ""),
]


@pytest.mark.parametrize(("text", "language"), TEXTS)
def test_a_text_is_told_by_its_language(text, language) -> None:
    assert language_of(text).language == language


@pytest.mark.parametrize("text", [text for text, language in TEXTS if language])
def test_only_what_is_possible_is_found(text) -> None:
    assert language_of(text, ("zh", "en")).language in ("zh", "en")


def test_a_mixed_text_says_how_much_of_it_is_chinese() -> None:
    assert 0.5 < language_of("请帮我 check 一下 email").han_ratio < 0.8


@pytest.mark.parametrize(("text", "written"), [("我爱你", "zh"), ("ok ok", "en"), ("用Python写", "zh"), ("12", None)])
def test_the_script_tells_chinese_from_english(text, written) -> None:
    assert script_language(text) == written


@given(st.text(max_size=80))
def test_nothing_raises_on_any_text(text) -> None:
    found = language_of(text)
    assert 0.0 <= found.probability <= 1.0
    assert 0.0 <= found.han_ratio <= 1.0
