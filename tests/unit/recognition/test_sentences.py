"""Words into sentences: by marks, by pauses, and never too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Word
from lingting.recognition.sentences import LONGEST_SENTENCE_SECONDS, sentences

pytestmark = pytest.mark.unit


def spoken(*texts: str, pause_seconds: float = 0.0, word_seconds: float = 0.3) -> list[Word]:
    starts = [index * (word_seconds + pause_seconds) for index in range(len(texts))]
    return [Word(text, start, start + word_seconds, 1.0) for text, start in zip(texts, starts, strict=True)]


def lines(words: list[Word]) -> list[str]:
    return ["".join(word.text for word in run) for run in sentences(words)]


def test_a_full_stop_ends_a_sentence() -> None:
    assert lines(spoken(" Stop.", " Go", " on.")) == [" Stop.", " Go on."]


def test_a_decimal_point_does_not() -> None:
    assert lines(spoken(" 3.", "5", " percent")) == [" 3.5 percent"]


def test_chinese_marks_end_a_sentence() -> None:
    assert lines(spoken("你好。", "再见")) == ["你好。", "再见"]


def test_a_pause_ends_a_sentence() -> None:
    assert lines(spoken("一", "二", pause_seconds=1.0)) == ["一", "二"]


def test_a_long_sentence_ends_at_a_clause() -> None:
    assert lines(spoken("一", "二，", "三", word_seconds=7.0)) == ["一二，", "三"]


def test_speech_without_marks_is_cut_all_the_same() -> None:
    runs = list(sentences(spoken(*"字" * 200)))
    assert max(run[-1].end_seconds - run[0].start_seconds for run in runs) < LONGEST_SENTENCE_SECONDS + 1


@given(st.lists(st.sampled_from([" a", " b.", "。", "，", "!"]), max_size=50))
def test_no_word_is_lost_or_moved(texts) -> None:
    words = spoken(*texts)
    assert [word for run in sentences(words) for word in run] == words
