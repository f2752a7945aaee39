"""Every family of sherpa-onnx's models is loaded and heard with; what would end the process is refused before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine_rows import opened_tiny, speech
from lingting.domain import RecognizeOptions, Span
from lingting.domain.errors import ModelCorrupt, SettingsInvalid
from lingting.domain.hotwords import Hotword, Hotwords
from lingting.engines.base import Clip
from lingting.engines.registry import open_engine
from lingting.engines.sherpa.families import OFFLINE, ONLINE
from lingting.engines.sherpa.settings import BEAM, SherpaOnlineSettings, SherpaSettings
from lingting.testing import silence
from tiny_sherpa import MAKERS, make_sense_voice, make_streaming_transducer, without_metadata

pytestmark = pytest.mark.integration

MIXED = ("en", "zh")
WORDS = RecognizeOptions(word_times=True)


def settings_of(engine: str, family: str) -> SherpaSettings | SherpaOnlineSettings:
    make = SherpaSettings if engine == "sherpa" else SherpaOnlineSettings
    return make(languages=MIXED, family=family)


def test_every_family_has_a_tiny_model() -> None:
    assert set(MAKERS) == {("sherpa", name) for name in OFFLINE} | {("sherpa-online", name) for name in ONLINE}


@pytest.mark.parametrize("family", sorted(OFFLINE))
def test_a_clip_is_heard_by_each_family(family: str) -> None:
    engine = opened_tiny("sherpa", family, settings_of("sherpa", family))
    clips = [Clip(speech("en"), WORDS), Clip(silence(0.0), WORDS), Clip(speech("zh"), WORDS)]
    first, _, last = engine.finish(engine.compute(engine.prepare(clips)))
    engine.close()
    assert first.text
    assert last.text
    assert bool(first.words) is OFFLINE[family].has_times
    assert "".join(word.text for word in first.words) in {"", first.text}


@pytest.mark.parametrize("family", sorted(ONLINE))
def test_a_stream_is_heard_by_each_family_while_it_goes_on(family: str) -> None:
    engine = opened_tiny("sherpa-online", family, settings_of("sherpa-online", family))
    audio, stream = speech("en"), engine.open(WORDS)
    half = len(audio.samples) // 2
    draft = stream.accept(audio.cut(Span(0, half)))
    stream.accept(audio.cut(Span(half, len(audio.samples))))
    answer = stream.finish()
    stream.close()
    assert draft is not None
    assert answer.text.startswith(draft.text)
    assert bool(answer.words) is ONLINE[family].has_times


def test_sensevoice_says_which_language_it_hears_and_only_that() -> None:
    engine = opened_tiny("sherpa", "sense-voice", SherpaSettings(MIXED, "sense-voice", language="en"))
    (answer,) = engine.finish(engine.compute(engine.prepare([Clip(speech("zh"), WORDS)])))
    assert answer.language == "en"
    assert not set("<|>") & set(answer.text)


def test_whisper_is_told_the_language_that_a_caller_names() -> None:
    engine = opened_tiny("sherpa", "whisper", settings_of("sherpa", "whisper"))
    clips = [Clip(speech("en"), RecognizeOptions(language=language)) for language in ("zh", "en", "zh")]
    answers = engine.finish(engine.compute(engine.prepare(clips)))
    assert [answer.language for answer in answers] == ["zh", "en", "zh"]


@pytest.mark.parametrize("engine", ["sherpa", "sherpa-online"])
def test_a_beam_search_takes_hotwords_of_a_request(engine: str) -> None:
    make = SherpaSettings if engine == "sherpa" else SherpaOnlineSettings
    opened = opened_tiny(engine, "transducer", make(languages=MIXED, family="transducer", decoding=BEAM))
    assert opened.capabilities.hotwords
    options = RecognizeOptions(hotwords=Hotwords((Hotword("好好", weight=5.0), Hotword("unheard"))))

    def text(options: RecognizeOptions) -> str:
        if engine == "sherpa":
            (answer,) = opened.finish(opened.compute(opened.prepare([Clip(speech("en"), options)])))
            return str(answer.text)
        stream = opened.open(options)
        stream.accept(speech("en"))
        return str(stream.finish().text)

    assert text(options) != text(RecognizeOptions())


def corrupted(folder: Path, damage: Callable[[Path], None]) -> None:
    make_sense_voice(folder)
    damage(folder)


def missing_key(key: str) -> Callable[[Path], None]:
    return lambda folder: without_metadata(folder / "model.int8.onnx", key)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "model.int8.onnx").unlink(), "no file"),
        (lambda folder: (folder / "tokens.txt").unlink(), "tokens.txt"),
        (lambda folder: (folder / "model.int8.onnx").write_bytes(b"\0" * 4_096), "onnxruntime cannot load it"),
        (missing_key("lang_zh"), "lang_zh"),
        (missing_key("neg_mean"), "neg_mean"),
        (lambda folder: (folder / "tokens.txt").write_text("a b c\n"), "no token with a number"),
        (lambda folder: (folder / "tokens.txt").write_bytes(b"\xff 0\n"), "UTF-8"),
        (lambda folder: (folder / "tokens.txt").write_text(""), "empty"),
    ],
)
def test_a_damaged_model_is_refused_and_the_process_lives(
    tmp_path: Path, damage: Callable[[Path], None], told: str
) -> None:
    corrupted(tmp_path, damage)
    with pytest.raises(ModelCorrupt) as refused:
        open_engine("sherpa", tmp_path, settings_of("sherpa", "sense-voice"))
    assert told in refused.value.message


def test_an_encoder_of_another_kind_is_refused(tmp_path: Path) -> None:
    make_streaming_transducer(tmp_path)
    without_metadata(tmp_path / "encoder.onnx", "model_type")
    with pytest.raises(ModelCorrupt, match="model_type"):
        open_engine("sherpa-online", tmp_path, settings_of("sherpa-online", "transducer"))


@pytest.mark.parametrize(
    "given",
    [
        {"family": "sense-voice"},
        {"languages": MIXED},
        {"languages": MIXED, "family": "kaldi"},
        {"languages": MIXED, "family": "sense-voice", "decoding": BEAM},
        {"languages": ("xx",), "family": "sense-voice"},
        {"languages": MIXED, "family": "sense-voice", "provider": "tpu"},
        {"languages": MIXED, "family": "sense-voice", "language": "ko"},
        {"languages": MIXED, "family": "sense-voice", "threads": 1_000},
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, given: dict[str, object]) -> None:
    make_sense_voice(tmp_path)
    with pytest.raises(SettingsInvalid) as refused:
        open_engine("sherpa", tmp_path, SherpaSettings(**given))
    assert refused.value.param
