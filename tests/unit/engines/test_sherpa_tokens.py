"""What sherpa-onnx answers becomes text, words with times and a language; hotwords become what it takes."""

from __future__ import annotations

import pytest

from lingting.domain import RecognizeOptions
from lingting.domain.hotwords import Hotword, Hotwords
from lingting.engines.sherpa.families import OFFLINE
from lingting.engines.sherpa.folder import FoundModel, Vocabulary
from lingting.engines.sherpa.tokens import Heard, Said, hotword_lines, said_of

pytestmark = pytest.mark.unit

WORDS = RecognizeOptions(word_times=True)
MIXED = ("zh", "en")


def model(*symbols: str) -> FoundModel:
    return FoundModel(OFFLINE["sense-voice"], {}, Vocabulary(frozenset(symbols)))


def heard(said: Said, *, options: RecognizeOptions = WORDS, symbols: tuple[str, ...] = ("▁he", "llo")):
    return said_of(said, Heard(3.0, options), model(*symbols), MIXED)


def test_pieces_of_a_word_are_one_word_and_chinese_characters_are_each_their_own() -> None:
    said = Said("hello world你好", [" he", "llo", " world", "你", "好"], [0.1, 0.2, 0.5, 1.0, 1.2])
    words = heard(said).words
    assert [word.text for word in words] == ["hello", " world", "你", "好"]
    assert words[0].start_seconds == 0.1
    assert words[0].end_seconds == pytest.approx(0.5)


def test_a_token_lasts_until_the_next_or_not_for_long() -> None:
    words = heard(Said("你好", ["你", "好"], [0.5, 2.9])).words
    assert [(word.start_seconds, word.end_seconds) for word in words] == [(0.5, pytest.approx(0.9)), (2.9, 3.0)]


def test_a_mark_belongs_to_the_word_before_it() -> None:
    assert [word.text for word in heard(Said("你好，", ["你", "好", "，"], [0.1, 0.2, 0.3])).words] == ["你", "好，"]


def test_a_word_is_as_sure_as_its_least_sure_token() -> None:
    answer = heard(Said("hello", [" he", "llo"], [0.1, 0.2], [0.0, -0.5]))
    assert answer.words[0].probability == pytest.approx(0.6065, abs=1e-3)
    assert answer.avg_logprob == -0.25


def test_marks_of_the_model_are_no_text() -> None:
    assert heard(Said("<|zh|><|HAPPY|><unk>你好")).text == "你好"


def test_a_model_that_only_knows_capitals_is_written_small() -> None:
    answer = heard(Said("HELLO 你", [" HE", "LLO", "你"], [0.1, 0.2, 0.4]), symbols=("▁HE", "LLO", "你"))
    assert answer.text == "hello 你"
    assert [word.text for word in answer.words] == ["hello", " 你"]


def test_words_are_not_made_where_nobody_wants_them() -> None:
    assert heard(Said("你", ["你"], [0.1]), options=RecognizeOptions()).words == ()


@pytest.mark.parametrize(
    ("wished", "told", "text", "language", "probability"),
    [
        ("en", "<|zh|>", "你好", "en", 1.0),
        (None, "<|en|>", "你好", "en", 0.5),
        (None, "<|ko|>", "hello", "en", 0.5),
        (None, "", "你好", "zh", 0.5),
    ],
)
def test_the_language_is_the_callers_else_the_models_else_that_of_the_script(
    wished: str | None, told: str, text: str, language: str, probability: float
) -> None:
    answer = heard(Said(text, language=told), options=RecognizeOptions(language=wished))
    assert (answer.language, answer.language_probability) == (language, probability)


def lines(*words: str, cuts_words: bool = True, symbols: tuple[str, ...] = ("语", "音", "▁SP", "EECH")) -> str:
    hotwords = Hotwords(tuple(Hotword(word) for word in words))
    return hotword_lines(hotwords, Vocabulary(frozenset(symbols)), score=2.0, cuts_words=cuts_words)


def test_hotwords_are_written_as_the_model_writes() -> None:
    assert lines("语音", "speech") == "语音 :2.00/SPEECH :2.00"


def test_a_hotword_that_the_model_cannot_write_is_left_out() -> None:
    assert lines("语言", "语/音", "jazz") == ""


def test_words_that_nobody_can_cut_into_tokens_are_left_out() -> None:
    assert lines("语音", "speech", cuts_words=False) == "语音 :2.00"


def test_the_weight_of_a_hotword_is_its_share_of_the_score() -> None:
    hotwords = Hotwords((Hotword("语", weight=1.5),))
    assert hotword_lines(hotwords, Vocabulary(frozenset("语")), score=2.0, cuts_words=False) == "语 :3.00"
