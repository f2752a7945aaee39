"""Marks by a model: letters, words and times stay as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Effort, Hypothesis, Punctuation, RecognizeOptions, Word
from lingting.domain.errors import InvalidOption
from lingting.recognition.marking import Marker, added_marks, require_marker

pytestmark = pytest.mark.unit

WANTED = RecognizeOptions(punctuation=Punctuation.MODEL)


class Scripted:
    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def mark(self, text: str) -> str:
        self.asked.append(text)
        return self.answer


def said(text: str, *words: str, language: str = "zh") -> Hypothesis:
    timed = tuple(Word(word, float(index), index + 1.0, 0.9) for index, word in enumerate(words))
    return Hypothesis(text, language, words=timed)


async def marked(model: Scripted, hypothesis: Hypothesis, options: RecognizeOptions = WANTED) -> Hypothesis:
    marker = Marker(model)
    try:
        return await marker.marked(hypothesis, options)
    finally:
        await marker.aclose()


async def test_words_get_the_marks_that_follow_them_and_keep_their_times() -> None:
    before = said("你好吗我很好", "你好吗", "我", "很好")
    after = await marked(Scripted("你好吗？我很好。"), before)
    assert after.text == "你好吗？我很好。"
    assert [word.text for word in after.words] == ["你好吗？", "我", "很好。"]
    assert [word.start_seconds for word in after.words] == [0.0, 1.0, 2.0]


async def test_marks_after_latin_letters_are_narrow() -> None:
    before = said(" how are you", " how", " are", " you", language="en")
    after = await marked(Scripted("how are you？"), before)
    assert (after.text, [word.text for word in after.words]) == ("how are you?", [" how", " are", " you?"])


@pytest.mark.parametrize(
    ("hypothesis", "options"),
    [
        (said("你好，吗我很好"), WANTED),
        (said("你好"), WANTED),
        (said("안녕하세요 여러분", language="ko"), WANTED),
        (said("你好吗我很好"), RecognizeOptions()),
        (said("你好吗我很好"), RecognizeOptions(punctuation=Punctuation.MODEL, effort=Effort.DRAFT)),
    ],
    ids=["has marks", "too short", "another language", "not wanted", "a draft"],
)
async def test_the_model_is_not_asked_where_it_has_nothing_to_say(hypothesis, options) -> None:
    model = Scripted("?")
    assert await marked(model, hypothesis, options) == hypothesis
    assert model.asked == []


async def test_words_that_spell_something_else_are_left_alone() -> None:
    before = said("你好吗我很好", "你好", "吗")
    assert await marked(Scripted("你好吗？我很好。"), before) == before


@pytest.mark.parametrize("answer", ["你好吗？我很坏。", "你好吗？", "。你好吗我很好", "", "你好吗我很好吗"])
def test_an_answer_that_changes_more_than_marks_is_not_taken(answer) -> None:
    assert added_marks("你好吗我很好", answer) == {}


@given(st.text(), st.text())
def test_any_two_texts_can_be_compared(text, answer) -> None:
    for index, mark in added_marks(text, answer).items():
        assert 0 <= index < len(text)
        assert mark


def test_asking_without_a_model_is_refused() -> None:
    with pytest.raises(InvalidOption, match=r"punctuation\.model"):
        require_marker(WANTED, None)
    require_marker(RecognizeOptions(), None)
