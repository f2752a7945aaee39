"""The Whisper engine with its real weights, on real speech and on silence."""

from __future__ import annotations

import csv
import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from faster_whisper.audio import decode_audio

from absent import absent, require_recordings
from lingting.domain import Audio, RecognizeOptions, Task
from lingting.domain.errors import EngineFailed, ModelMissing, SettingsInvalid, UnsupportedLanguage
from lingting.engines.base import Clip
from lingting.engines.catalog import Catalog
from lingting.engines.whisper import WhisperEngine, WhisperSettings

pytestmark = pytest.mark.model

SPEECH = Path(__file__).parents[3] / "shared" / "speech"
MODELS_VARIABLE = "LINGTING_MODELS_DIR"


@pytest.fixture(scope="module")
def model_dir() -> Path:
    models_dir = Path(os.environ.get(MODELS_VARIABLE) or platformdirs.user_cache_path("lingting") / "models")
    try:
        return Catalog.load(models_dir=models_dir, offline=True).locate("whisper-base")
    except ModelMissing:
        absent(f"no weights of whisper-base; pull them with `lingting models pull`, or set {MODELS_VARIABLE}")


@pytest.fixture(scope="module")
def engine(model_dir: Path) -> Iterator[WhisperEngine]:
    engine = WhisperEngine(model_dir)
    yield engine
    engine.close()


def speech(language: str, *, count: int, min_seconds: float = 2.0, max_seconds: float = 6.0) -> list[tuple[Audio, str]]:
    """Clean read speech with its transcript."""
    require_recordings(SPEECH)
    with (SPEECH / "manifest.tsv").open(encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file, delimiter="\t")
            if row["language"] == language
            and row["notes"].startswith("read")
            and "clean" in row["notes"]
            and min_seconds <= float(row["seconds"]) <= max_seconds
        ]
    return [(Audio(decode_audio(str(SPEECH / row["path"]))), row["transcript"]) for row in rows[:count]]


def recognise(engine: WhisperEngine, clips: list[Clip]):
    return engine.finish(engine.compute(engine.prepare(clips)))


def letters(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+|[一-鿿]", text.lower()))


def shared(text: str, reference: str) -> float:
    return len(letters(text) & letters(reference)) / max(1, len(letters(reference)))


def test_english_speech_becomes_its_words(engine: WhisperEngine) -> None:
    for audio, transcript in speech("en", count=2):
        (answer,) = recognise(engine, [Clip(audio, RecognizeOptions(language="en"))])
        assert shared(answer.text, transcript) > 0.7
        assert answer.language == "en"


def test_chinese_and_english_share_a_batch_and_keep_their_order(engine: WhisperEngine) -> None:
    chinese, english = speech("zh", count=2), speech("en", count=2)
    spoken = [chinese[0], english[0], chinese[1], english[1]]
    answers = recognise(engine, [Clip(audio, RecognizeOptions()) for audio, _ in spoken])
    assert [answer.language for answer in answers] == ["zh", "en", "zh", "en"]
    assert all(shared(answers[i].text, spoken[i][1]) > 0.7 for i in (1, 3))
    assert all(0.5 < answer.language_probability <= 1.0 for answer in answers)


def test_short_speech_is_not_encoded_as_30_seconds(engine: WhisperEngine) -> None:
    (audio, _), *_ = speech("en", count=1)
    options = RecognizeOptions(language="en")
    (answer,) = recognise(engine, [Clip(audio, options)])
    assert answer.window_seconds == engine.padded_seconds(Clip(audio, options)) < 15.0


def test_the_full_window_can_be_asked_for(engine: WhisperEngine) -> None:
    (audio, _), *_ = speech("en", count=1)
    (answer,) = recognise(engine, [Clip(audio, RecognizeOptions(language="en", adaptive_window=False))])
    assert answer.window_seconds == 30.0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_word_times_rise_and_spell_the_text(engine: WhisperEngine, language: str) -> None:
    (audio, _), *_ = speech(language, count=1)
    (answer,) = recognise(engine, [Clip(audio, RecognizeOptions(language=language, word_times=True))])
    starts = [word.start_seconds for word in answer.words]
    assert "".join(word.text for word in answer.words).strip() == answer.text
    assert starts == sorted(starts)
    assert all(0 <= w.start_seconds <= w.end_seconds <= audio.duration_seconds for w in answer.words)
    assert answer.words[-1].end_seconds > 0.5 * audio.duration_seconds


def test_word_times_are_for_those_who_ask(engine: WhisperEngine) -> None:
    (audio, _), *_ = speech("en", count=1)
    clips = [Clip(audio, RecognizeOptions(language="en", word_times=wanted)) for wanted in (False, True)]
    without, with_words = recognise(engine, clips)
    assert not without.words
    assert with_words.words


def test_translation_is_english(engine: WhisperEngine) -> None:
    (audio, _), *_ = speech("zh", count=1)
    options = RecognizeOptions(language="zh", task=Task.TRANSLATE, temperatures=(0.0,))
    (answer,) = recognise(engine, [Clip(audio, options)])
    assert re.search("[a-z]", answer.text)
    assert not re.search("[一-鿿]", answer.text)


def test_clips_with_and_without_a_prompt_share_a_batch(engine: WhisperEngine) -> None:
    (audio, _), *_ = speech("en", count=1)
    plain, prompted = recognise(
        engine,
        [Clip(audio, RecognizeOptions(language="en", prompt=prompt)) for prompt in ("", "A LIST OF WORDS IN CAPITALS")],
    )
    assert plain.text
    assert prompted.text


@pytest.mark.parametrize("samples", [0, 1, 100, 16_000, 480_000])
def test_silence_of_any_length_gets_an_answer_without_marks(engine: WhisperEngine, samples: int) -> None:
    options = RecognizeOptions(language="en", temperatures=(0.0,), word_times=True)
    (answer,) = recognise(engine, [Clip(Audio(np.zeros(samples, np.float32)), options)])
    assert "<|" not in answer.text
    assert answer.no_speech_prob > 0.3


def test_an_unknown_language_is_refused_before_the_device(engine: WhisperEngine) -> None:
    clip = Clip(Audio(np.zeros(16_000, np.float32)), RecognizeOptions(language="yue"))
    with pytest.raises(UnsupportedLanguage):
        engine.prepare([clip])


def test_a_batch_that_breaks_says_so(engine: WhisperEngine) -> None:
    batch = engine.prepare([Clip(Audio(np.zeros(16_000, np.float32)), RecognizeOptions(language="en"))])
    spoiled = type(batch)(tuple(_without_bands(item) for item in batch.items))
    with pytest.raises(EngineFailed):
        engine.compute(spoiled)


def test_no_clips_give_no_answers(engine: WhisperEngine) -> None:
    assert recognise(engine, []) == []


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        WhisperEngine(tmp_path)


@pytest.mark.parametrize(
    "wrong", [{"device": "tpu"}, {"compute_type": "int3"}, {"max_batch": 0}, {"replicas": -1}, {"threads": -1}]
)
def test_settings_out_of_range_are_named(wrong: dict[str, object]) -> None:
    (name,) = wrong
    with pytest.raises(SettingsInvalid, match=name):
        WhisperSettings(**wrong)


def _without_bands(item):
    return dataclasses.replace(item, features=item.features[:40])
