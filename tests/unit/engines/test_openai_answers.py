"""What is set of an OpenAI-compatible server, and what its answers mean."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from lingting.domain import RecognizeOptions
from lingting.domain.errors import AudioTooLong, EngineFailed, InvalidOption, SettingsInvalid, UnsupportedLanguage
from lingting.domain.options import Task
from lingting.engines.base import Clip
from lingting.engines.openai_compatible.answers import Answer, Senseless, hypothesis_of, parse_answer
from lingting.engines.openai_compatible.settings import OpenAISettings, read_key
from lingting.engines.registry import open_engine
from lingting.testing import silence

pytestmark = pytest.mark.unit
KEYLESS = OpenAISettings(base_url="http://127.0.0.1:1/v1", key_env="")


def answer(**fields: object) -> Answer:
    return parse_answer(json.dumps({"text": "Hello, world.", **fields}).encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "http://example.org/v1"),
        ("base_url", "ftp://example.org"),
        ("base_url", "https://user:word@example.org/v1"),
        ("base_url", "https://example.org/v1?key=1"),
        ("model", ""),
        ("model", "a\nb"),
        ("answer_format", "srt"),
        ("languages", ()),
        ("languages", ("Klingon",)),
        ("max_audio_seconds", 0.0),
        ("total_seconds", math.nan),
        ("max_retries", -1),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: object) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        OpenAISettings(**{name: value})
    assert refused.value.param == name
    assert name in refused.value.message


def test_a_server_of_ones_own_needs_no_encryption_on_this_machine_or_where_it_is_allowed() -> None:
    assert OpenAISettings(base_url="http://[::1]:8000/v1").base_url
    assert OpenAISettings(base_url="http://asr.internal/v1", allow_plain_http=True).base_url


def test_a_key_that_is_missing_is_told_by_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="SOME_KEY"):
        read_key(OpenAISettings(key_env="SOME_KEY"), {})
    with pytest.raises(SettingsInvalid, match="key_file"):
        read_key(OpenAISettings(key_file=str(tmp_path / "none")), {})
    assert read_key(KEYLESS, {}) == ""


def test_a_file_goes_before_the_environment_and_a_wrong_key_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("from-the-file\n")
    assert read_key(OpenAISettings(key_file=str(file)), {"OPENAI_API_KEY": "other"}) == "from-the-file"
    file.write_text("two lines\nof it")
    with pytest.raises(SettingsInvalid) as refused:
        read_key(OpenAISettings(key_file=str(file)), {})
    assert "lines" not in refused.value.message


def test_words_are_promised_where_they_can_be_asked_for() -> None:
    assert OpenAISettings().gives_words
    assert not OpenAISettings(model="gpt-4o-transcribe").gives_words
    assert not OpenAISettings(answer_format="json").gives_words


def test_a_plain_answer_is_text() -> None:
    assert answer() == Answer("Hello, world.")


def test_segments_bring_their_scores_by_length_of_text() -> None:
    segments = [
        {"text": "abc", "avg_logprob": -0.2, "no_speech_prob": 0.0, "compression_ratio": 1.5},
        {"text": "a", "avg_logprob": -1.0, "no_speech_prob": 0.4, "compression_ratio": 0.9},
    ]
    heard = answer(segments=segments, language="english")
    assert heard.avg_logprob == pytest.approx(-0.4)
    assert heard.no_speech_prob == pytest.approx(0.1)
    assert heard.compression_ratio == 1.5
    assert heard.language == "en"


def test_log_probabilities_of_tokens_stand_in_for_those_of_segments() -> None:
    assert answer(logprobs=[{"logprob": -0.1}, {"logprob": -0.3}, {}]).avg_logprob == pytest.approx(-0.2)


def test_words_spell_the_text_wherever_the_server_puts_them() -> None:
    words = [{"word": "Hello", "start": 0.1, "end": 0.4}, {"word": "world", "start": 0.5, "end": 9.0}]
    asked = RecognizeOptions(language="en", word_times=True)
    for fields in ({"words": words}, {"segments": [{"words": words[:1]}, {"words": words[1:]}]}):
        heard = hypothesis_of(answer(**fields), asked, ("en",), duration_seconds=2.0)
        assert [word.text for word in heard.words] == ["Hello,", " world."]
        assert heard.words[-1].end_seconds == 2.0
    assert hypothesis_of(answer(words=words), RecognizeOptions(), ("en",), duration_seconds=2.0).words == ()


@pytest.mark.parametrize(
    ("fields", "options", "language", "probability"),
    [
        ({"language": "chinese"}, RecognizeOptions(), "zh", 1.0),
        ({"languages": [{"code": "de"}]}, RecognizeOptions(), "de", 1.0),
        ({"language": "klingon"}, RecognizeOptions(), "en", 0.5),
        ({"text": "你好，世界"}, RecognizeOptions(), "zh", 0.5),
        ({"language": "french"}, RecognizeOptions(language="zh"), "zh", 1.0),
        ({"language": "french"}, RecognizeOptions(language="zh", task=Task.TRANSLATE), "en", 1.0),
    ],
)
def test_the_language_is_the_callers_or_the_servers_or_guessed(fields, options, language, probability) -> None:
    heard = hypothesis_of(answer(**fields), options, ("en", "zh", "de"), duration_seconds=1.0)
    assert (heard.language, heard.language_probability) == (language, probability)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"{}",
        b'{"text": 1}',
        json.dumps({"text": "a" * 100_001}).encode(),
        b'{"text": "a", "segments": 1}',
        b'{"text": "a", "segments": ["a"]}',
        b'{"text": "a", "segments": [{"avg_logprob": "high"}]}',
        b'{"text": "a", "segments": [{"avg_logprob": NaN}]}',
        b'{"text": "a", "words": [{"word": "a"}]}',
        b'{"text": "a", "words": [{"word": "a", "start": true, "end": 1}]}',
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(Senseless):
        parse_answer(body)


async def test_what_it_cannot_do_is_refused_before_anything_is_sent() -> None:
    engine = open_engine("openai", OpenAISettings(base_url=KEYLESS.base_url, key_env="", languages=("en",)))
    with pytest.raises(UnsupportedLanguage):
        await engine.transcribe(Clip(silence(0.5), RecognizeOptions(language="zh")))
    with pytest.raises(InvalidOption, match="translate"):
        await engine.transcribe(Clip(silence(0.5), RecognizeOptions(task=Task.TRANSLATE)))
    with pytest.raises(AudioTooLong):
        await engine.transcribe(Clip(silence(30.5), RecognizeOptions()))
    with pytest.raises(EngineFailed):
        await engine.transcribe(Clip(type(silence(0.1))(silence(0.1).samples, 8_000), RecognizeOptions()))
    assert (await engine.transcribe(Clip(silence(0.0), RecognizeOptions(language="en")))).text == ""
    await engine.aclose()
