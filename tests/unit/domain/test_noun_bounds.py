"""Where the nouns' ranges end, and that joined texts lose nothing of any script."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Audio, RecognizeOptions, Segment, Span, Transcript, VadOptions, Word
from lingting.domain.errors import InvalidOption, UnsupportedLanguage
from lingting.domain.languages import LANGUAGES, normalize_language
from lingting.domain.transcript import join_texts

pytestmark = pytest.mark.unit

LATIN, CHINESE, JAPANESE, KOREAN = "aZé9.,!?", "你好。，！", "かなカナ「」", "한국"


@pytest.mark.parametrize(
    "wishes",
    [
        {"beam_size": 1},
        {"beam_size": 10},
        {"temperatures": (0.0,)},
        {"temperatures": (1.0,) * 6},
        {"prompt": "字" * 1_000},
        {"channel": 0},
        {"channel": 255},
        {"language": None},
    ],
)
def test_the_ends_of_a_range_belong_to_it(wishes) -> None:
    options = RecognizeOptions(**wishes)
    assert {name: getattr(options, name) for name in wishes} == wishes


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("threshold", 0.05, 0.95),
        ("min_silence_seconds", 0.05, 10.0),
        ("min_speech_seconds", 0.0, 5.0),
        ("pad_seconds", 0.0, 2.0),
    ],
)
def test_voice_detection_takes_its_range_and_nothing_beside_it(name, low, high) -> None:
    assert getattr(VadOptions(**{name: low}), name) == low
    assert getattr(VadOptions(**{name: high}), name) == high
    for outside in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), math.nan, math.inf):
        with pytest.raises(InvalidOption) as refused:
            VadOptions(**{name: outside})
        assert refused.value.param == f"vad_{name}"


def test_a_temperature_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidOption, match="temperature"):
        RecognizeOptions(temperatures=(0.0, math.nan))


def test_options_stay_as_they_were_made() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RecognizeOptions().language = "en"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_goes_by_its_code_and_its_name(code) -> None:
    assert normalize_language(code.upper()) == code
    assert normalize_language(LANGUAGES[code].title()) == code
    assert normalize_language(LANGUAGES[code].replace("_", " ")) == code


@given(st.text(max_size=20))
def test_any_text_is_a_language_or_refused(text) -> None:
    try:
        code = normalize_language(text)
    except UnsupportedLanguage:
        return
    assert code in LANGUAGES


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["我用", "Python", "写代码", "。"], "我用Python写代码。"),
        (["OK，", "let's go."], "OK，let's go."),
        (["カタカナ", "ひらがな"], "カタカナひらがな"),
        (["안녕하세요", "여러분"], "안녕하세요 여러분"),
        (["ＡＢＣ", "abc"], "ＡＢＣabc"),
        (["𠮷野家", "です"], "𠮷野家です"),
        ([" \n", "\u3000你好\u3000", "\t"], "你好"),
    ],
)
def test_only_scripts_with_spaces_get_one(texts, joined) -> None:
    assert join_texts(texts) == joined


@given(st.lists(st.text(max_size=8)))
def test_joining_keeps_every_character_of_any_script_in_order(texts) -> None:
    assert "".join(join_texts(texts).split()) == "".join("".join(texts).split())


@given(st.lists(st.text(LATIN, min_size=1, max_size=4)))
def test_latin_pieces_never_run_together(texts) -> None:
    assert join_texts(texts) == " ".join(texts)


@given(st.lists(st.text(CHINESE + JAPANESE, max_size=4)))
def test_chinese_and_japanese_pieces_never_come_apart(texts) -> None:
    assert join_texts(texts) == "".join(texts)


@given(st.lists(st.text(LATIN + CHINESE + KOREAN + " ", max_size=5)))
def test_joining_what_is_joined_changes_nothing(texts) -> None:
    assert join_texts([join_texts(texts)]) == join_texts(texts)


def test_a_transcripts_words_are_those_of_its_segments_in_order() -> None:
    words = [Word(text, start, start + 1.0, 0.9) for start, text in enumerate(("One", " two", " three"))]
    segments = (
        Segment(0, 0.0, 2.0, "One two", "en", words=tuple(words[:2])),
        Segment(1, 2.0, 2.0, "", "en"),
        Segment(2, 2.0, 3.0, "three", "en", words=tuple(words[2:])),
    )
    transcript = Transcript(segments, "en", 3.0)
    assert transcript.words == tuple(words)
    assert transcript.text == "One two three"


def test_nothing_said_is_an_empty_transcript() -> None:
    transcript = Transcript((), "en", 3.0)
    assert (transcript.text, transcript.words) == ("", ())


def test_a_span_may_be_empty_and_knows_its_length() -> None:
    assert (Span(0, 0).length_samples, Span(3, 10).length_samples) == (0, 7)


@pytest.mark.parametrize("rate_hz", [0, -16_000])
def test_audio_has_a_rate(rate_hz) -> None:
    with pytest.raises(ValueError, match="rate_hz"):
        Audio(np.zeros(3, np.float32), rate_hz)


def test_the_length_of_audio_goes_by_its_rate() -> None:
    assert Audio(np.zeros(8_000, np.float32), 8_000).duration_seconds == 1.0
    assert Audio(np.zeros(0, np.float32)).duration_seconds == 0.0


def test_a_cut_keeps_the_rate_and_the_memory() -> None:
    audio = Audio(np.arange(10, dtype=np.float32), 8_000)
    part = audio.cut(Span(2, 5))
    assert part.rate_hz == 8_000
    assert np.shares_memory(part.samples, audio.samples)
