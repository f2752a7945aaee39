"""Going on from shown text: nothing shown is taken back, nothing said after it is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.live.continuation import continue_after, units

pytestmark = pytest.mark.unit

TEXTS = st.text(st.sampled_from("ab c.,，。你好世界天 \n"), max_size=40)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_what_was_shown_stays(emitted, final) -> None:
    assert continue_after(emitted, final).startswith(emitted)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_a_final_that_goes_on_from_it_is_taken_as_it_is(emitted, rest) -> None:
    assert continue_after(emitted, emitted + rest) == emitted + rest


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_units_give_the_text_back(text) -> None:
    assert "".join(units(text)) == text.rstrip()


@pytest.mark.parametrize(
    ("emitted", "final", "expected"),
    [
        ("", "anything", "anything"),
        ("shown", "", "shown"),
        ("Hello world", "Hello, world. How are you?", "Hello world. How are you?"),
        ("hello there", "Hello there, my friend", "hello there, my friend"),
        ("The cat", "cat sat down", "The cat sat down"),
        ("So we", "Well, so we go home", "So we go home"),
        ("two plus too", "two plus two is four", "two plus too is four"),
        ("recog", "recognition works", "recognition works"),
        ("one two three", "1 2 3 four five", "one two three four five"),
        ("你好世", "你好，世界。", "你好世界。"),
        ("今天天气很好", "今天天氣很好我們出去", "今天天气很好我們出去"),
        ("我们去北京", "我们要去北京看雪", "我们去北京看雪"),
        ("他说", "他说 OK 就好", "他说 OK 就好"),
        ("use 中文", "用中文 and English", "use 中文 and English"),
    ],
)
def test_the_final_is_aligned_behind_what_was_shown(emitted, final, expected) -> None:
    assert continue_after(emitted, final) == expected


def test_most_of_a_long_final_is_kept_though_its_beginning_differs() -> None:
    words = [f"word{i}" for i in range(200)]
    emitted = " ".join(["Word0", "slip", *words[2:100]])
    result = continue_after(emitted, " ".join(words))
    assert result == " ".join([emitted, *words[100:]])


def test_a_repeated_word_does_not_swallow_what_lies_between() -> None:
    assert continue_after("we goes", "we go and then we goes on") == "we goes and then we goes on"


def test_a_text_without_any_likeness_costs_no_more_than_its_bound() -> None:
    emitted, final = (" ".join(f"{letter}{i}" for i in range(2_000)) for letter in "ab")
    assert continue_after(emitted, final) == emitted
