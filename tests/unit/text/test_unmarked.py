"""Text without its punctuation."""

import pytest

from lingting.text.unmarked import unmarked

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("你好，世界。", "你好世界"),
        ("他说：“好的！”……然后走了。", "他说好的然后走了"),
        ("版本3.5，明天8:30。", "版本3.5明天8:30"),
        ("你好,世界.再见", "你好世界再见"),
        ("Hello, world. It's 3.5, isn't it?", "Hello world It's 3.5 isn't it"),
        ("Mail a.b@example.org at 8:30!", "Mail a.b@example.org at 8:30"),
        ("yes—no", "yes no"),
        ("我用 Python，很好。", "我用 Python很好"),
        ("¿Qué? «Nada»", "Qué Nada"),
        ("안녕하세요. 반갑습니다!", "안녕하세요 반갑습니다"),
        ("call ***, or [PHONE].", "call *** or [PHONE]"),
    ],
)
def test_marks_go_and_words_stay(text, words) -> None:
    assert unmarked(text) == words
    assert unmarked(words) == words
