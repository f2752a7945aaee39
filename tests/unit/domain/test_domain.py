"""The nouns: what they refuse, and how texts join."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Audio, RecognizeOptions, Segment, Span, Transcript, VadOptions, errors
from lingting.domain.errors import InvalidOption, LingtingError, UnsupportedLanguage
from lingting.domain.languages import LANGUAGES, normalize_language
from lingting.domain.transcript import join_texts

pytestmark = pytest.mark.unit

ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, LingtingError)]


@pytest.mark.parametrize(
    ("given_code", "code"),
    [("zh", "zh"), ("zh-CN", "zh"), ("ZH_hans", "zh"), ("cmn-Hans-CN", "zh"), ("Chinese", "zh"), ("yue", "yue"),
     ("en-US", "en"), ("English", "en"), (" en ", "en"), ("haitian_creole", "ht"), ("nb-NO", "no")],
)  # fmt: skip
def test_languages_go_by_many_names(given_code, code) -> None:
    assert normalize_language(given_code) == code


@pytest.mark.parametrize("given_code", ["", "klingon", "zz", "中文", "x" * 10_000])
def test_an_unknown_language_is_refused_with_the_known_ones(given_code) -> None:
    with pytest.raises(UnsupportedLanguage, match="zh") as refused:
        normalize_language(given_code)
    assert len(refused.value.message) < 1_000


def test_there_are_as_many_languages_as_whisper_has() -> None:
    assert len(LANGUAGES) == 100


@pytest.mark.parametrize(
    "wishes",
    [
        {"beam_size": 0},
        {"beam_size": 11},
        {"temperatures": ()},
        {"temperatures": (1.5,)},
        {"temperatures": (0.0,) * 7},
        {"prompt": "字" * 1_001},
        {"channel": -1},
        {"language": "klingon"},
    ],
)
def test_options_out_of_range_are_refused_by_name(wishes) -> None:
    with pytest.raises(InvalidOption) as refused:
        RecognizeOptions(**wishes)
    assert refused.value.param in ("temperature", *wishes)


@pytest.mark.parametrize("name", ["threshold", "min_silence_seconds", "min_speech_seconds", "pad_seconds"])
def test_voice_detection_out_of_range_is_refused(name) -> None:
    with pytest.raises(InvalidOption):
        VadOptions(**{name: 99.0})


def test_options_keep_the_houses_language_code() -> None:
    assert RecognizeOptions(language="zh-CN").language == "zh"


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["Hello.", "World."], "Hello. World."),
        (["你好。", "再见。"], "你好。再见。"),
        (["你好", "OK"], "你好OK"),
        (["  a ", "", " b"], "a b"),
        ([], ""),
    ],
)
def test_texts_join_as_their_scripts_do(texts, joined) -> None:
    assert join_texts(texts) == joined


@given(st.lists(st.text(alphabet="ab好。 ", max_size=6)))
def test_joining_loses_no_letter(texts) -> None:
    assert "".join(join_texts(texts).split()) == "".join("".join(texts).split())


@given(st.lists(st.text(alphabet="ab好。", max_size=4)), st.text(alphabet="ab好。", max_size=4))
def test_what_was_said_only_grows(texts, more) -> None:
    said = join_texts(texts)
    assert join_texts([said, more]).startswith(said)


def test_a_transcript_reads_as_its_segments() -> None:
    segments = tuple(Segment(i, i, i + 1, text, "en") for i, text in enumerate(("One.", "Two.")))
    assert Transcript(segments, "en", 2.0).text == "One. Two."


@pytest.mark.parametrize("ends", [(-1, 2), (3, 2)])
def test_a_span_runs_forward(ends) -> None:
    with pytest.raises(ValueError, match="forward"):
        Span(*ends)


@pytest.mark.parametrize("samples", [np.zeros(3), np.zeros((2, 2), np.float32), np.zeros(3, np.int16)])
def test_audio_is_float32_and_mono(samples) -> None:
    with pytest.raises(ValueError, match="float32"):
        Audio(samples)


def test_a_cut_shares_the_samples() -> None:
    audio = Audio(np.arange(10, dtype=np.float32))
    assert audio.cut(Span(2, 5)).samples.tolist() == [2, 3, 4]


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_stands_in_the_tree_and_the_list(kind) -> None:
    assert kind.__name__ in errors.__all__
    assert kind is LingtingError or kind.__name__ in (errors.__doc__ or "")


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ERRORS]
    assert sorted(codes) == sorted(set(codes))
