"""Recordings in two languages: what is possible, when the other is tried, and which answer stands."""

import pytest

from lingting.domain import Hypothesis, RecognizeOptions, Task
from lingting.domain.errors import InvalidOption, UnsupportedLanguage
from lingting.recognition.second_opinion import asked_again, likelier, relabelled

pytestmark = pytest.mark.unit

BOTH = RecognizeOptions(language="zh-en")


def said(text: str, language: str, probability: float = 1.0, logprob: float = -0.2) -> Hypothesis:
    return Hypothesis(text, language, probability, avg_logprob=logprob)


@pytest.mark.parametrize("given", ["zh-en", "ZH_EN", " zh-en "])
def test_a_mix_is_two_languages_detected_for_each_stretch(given) -> None:
    options = RecognizeOptions(language=given)
    assert (options.language, options.languages, options.per_segment_language) == (None, ("zh", "en"), True)


@pytest.mark.parametrize(("given", "language"), [("zh-CN", "zh"), ("en-US", "en"), ("pt-BR", "pt"), ("zh", "zh")])
def test_a_locale_is_no_mix(given, language) -> None:
    options = RecognizeOptions(language=given, languages=("zh", "en"))
    assert (options.language, options.languages) == (language, ())


def test_one_possible_language_is_the_language() -> None:
    assert RecognizeOptions(languages=("zh-CN", "zh")).language == "zh"


def test_an_unknown_possible_language_is_refused() -> None:
    with pytest.raises(UnsupportedLanguage):
        RecognizeOptions(languages=("zh", "klingon"))


def test_too_many_possible_languages_are_refused() -> None:
    with pytest.raises(InvalidOption, match="at most 16"):
        RecognizeOptions(languages=("zh", "en") * 9)


def test_a_sure_answer_is_not_doubted() -> None:
    assert asked_again(said("你好", "zh", 0.99), BOTH) is None


def test_an_unsure_answer_is_tried_in_the_other_language() -> None:
    assert asked_again(said("你好", "zh", 0.51), BOTH) == "en"


def test_text_in_the_other_script_is_tried_in_the_other_language() -> None:
    assert asked_again(said("how are you", "zh", 0.99), BOTH) == "en"


@pytest.mark.parametrize(
    "options",
    [
        RecognizeOptions(),
        RecognizeOptions(languages=("zh", "en", "de")),
        RecognizeOptions(language="zh-en", task=Task.TRANSLATE),
    ],
)
def test_only_a_pair_of_languages_is_tried_twice(options) -> None:
    assert asked_again(said("你好", "zh", 0.3), options) is None


def test_nothing_said_is_not_tried_again() -> None:
    assert asked_again(said(" ", "zh", 0.3), BOTH) is None


def test_the_text_that_its_engine_believes_more_stands() -> None:
    first, second = said("耗啊油", "zh", logprob=-0.9), said("how are you", "en", logprob=-0.2)
    assert likelier(first, second) is second
    assert likelier(second, first) is second
    assert likelier(first, said("", "en", logprob=0.0)) is first


def test_a_text_is_called_by_the_language_it_is_written_in() -> None:
    assert relabelled(said("how are you", "zh"), BOTH).language == "en"
    assert relabelled(said("你好吗", "en"), BOTH).language == "zh"
    assert relabelled(said("how are you", "zh"), RecognizeOptions()).language == "zh"
    assert relabelled(said("how are you", "en"), BOTH).language == "en"
