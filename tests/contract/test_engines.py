"""What every batch engine of the registry promises; a new row is held to it without editing this file."""

from dataclasses import replace

import numpy as np
import pytest

from engine_rows import names, opened, speech
from lingting.domain import SAMPLE_RATE_HZ, Audio, RecognizeOptions
from lingting.engines.base import Clip, EngineKind
from lingting.testing import noise, silence

pytestmark = pytest.mark.contract

ENGLISH = RecognizeOptions(language="en", beam_size=1)
CHINESE = replace(ENGLISH, language="zh")


@pytest.fixture(scope="module", params=names(EngineKind.BATCH))
def engine_name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def engine(engine_name):
    engine = opened(engine_name)
    yield engine
    engine.close()


def answers(engine, *clips: Clip):
    return engine.finish(engine.compute(engine.prepare(clips)))


def test_the_capabilities_make_sense(engine) -> None:
    capabilities = engine.capabilities
    assert capabilities.sample_rate_hz == SAMPLE_RATE_HZ
    assert capabilities.max_audio_seconds > 0
    assert capabilities.max_batch >= 1
    assert capabilities.replicas >= 1
    assert capabilities.languages
    assert not capabilities.streaming


def test_equal_wishes_have_equal_keys(engine) -> None:
    assert hash(engine.batch_key(ENGLISH)) == hash(engine.batch_key(replace(ENGLISH)))
    assert engine.batch_key(ENGLISH) == engine.batch_key(replace(ENGLISH))


@pytest.mark.parametrize("seconds", [0.1, 1.0, 12.0, 28.0])
def test_padding_never_shortens_a_clip(engine, seconds) -> None:
    padded = engine.padded_seconds(Clip(silence(seconds), ENGLISH))
    assert seconds <= padded + 1e-9
    assert padded <= max(seconds, engine.capabilities.max_audio_seconds)


def test_a_batch_is_answered_in_order_whatever_it_mixes(engine) -> None:
    clips = [
        Clip(silence(0.1), ENGLISH),
        Clip(noise(2.0, level=0.01), CHINESE),
        Clip(silence(5.0), replace(ENGLISH, language=None)),
        Clip(Audio(np.zeros(0, dtype=np.float32)), CHINESE),
    ]
    found = answers(engine, *clips)
    assert len(found) == len(clips)
    spoken = {"zh", "en"} & engine.capabilities.languages
    assert {hypothesis.language for hypothesis in found[:2]} >= spoken
    assert all(0.0 <= hypothesis.language_probability <= 1.0 for hypothesis in found)


def test_an_answer_does_not_depend_on_its_neighbours(engine) -> None:
    clip = Clip(noise(3.0, level=0.05, seed=3), ENGLISH)
    alone = answers(engine, clip)[0]
    among = answers(engine, Clip(silence(3.0), ENGLISH), clip)[1]
    assert among.language == alone.language
    assert abs(among.no_speech_prob - alone.no_speech_prob) < 0.1


def test_word_times_lie_inside_the_clip_in_order(engine) -> None:
    clip = Clip(noise(4.0, level=0.05), replace(ENGLISH, word_times=True))
    hypothesis = answers(engine, clip)[0]
    times = [(word.start_seconds, word.end_seconds) for word in hypothesis.words]
    assert times == sorted(times)
    assert all(0.0 <= start <= end <= 4.0 + 1e-6 for start, end in times)
    spoken = "".join(word.text for word in hypothesis.words)
    assert spoken.split() == hypothesis.text.split()


def test_words_are_given_only_when_asked_for(engine) -> None:
    assert answers(engine, Clip(noise(2.0), ENGLISH))[0].words == ()


def test_languages_spoken_in_one_batch_come_back_in_its_order(engine) -> None:
    clips = [Clip(speech(language), replace(ENGLISH, language=language)) for language in ("zh", "en")]
    found = answers(engine, *clips, Clip(silence(0.1), ENGLISH), *clips)
    assert [hypothesis.language for hypothesis in found] == ["zh", "en", "en", "zh", "en"]
    assert [hypothesis.text for hypothesis in found[:2]] == [hypothesis.text for hypothesis in found[3:]]
    assert all(hypothesis.text.strip() for hypothesis in found[:2])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_words_of_speech_spell_its_text_in_order_inside_the_clip(engine, language) -> None:
    if not engine.capabilities.word_times:
        pytest.skip("this engine gives no word times, and says so")
    audio = speech(language)
    (hypothesis,) = answers(engine, Clip(audio, replace(ENGLISH, language=language, word_times=True)))
    assert len(hypothesis.words) > 1
    assert "".join(word.text for word in hypothesis.words).strip() == hypothesis.text.strip()
    times = [time for word in hypothesis.words for time in (word.start_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert 0.0 <= times[0] <= times[-1] <= audio.duration_seconds + 1e-6
    assert all(0.0 <= word.probability <= 1.0 for word in hypothesis.words)


def test_a_clip_almost_as_long_as_allowed_is_answered(engine) -> None:
    seconds = min(28.0, engine.capabilities.max_audio_seconds)
    (hypothesis,) = answers(engine, Clip(noise(seconds, level=0.01), replace(ENGLISH, temperatures=(0.0,))))
    assert hypothesis.language == "en"


def test_a_full_batch_is_answered(engine) -> None:
    count = engine.capabilities.max_batch
    found = answers(engine, *(Clip(silence(0.1 * (i + 1)), ENGLISH) for i in range(count)))
    assert len(found) == count


def test_closing_one_engine_leaves_another_at_work(engine, engine_name) -> None:
    other = opened(engine_name)
    other.close()
    assert len(answers(engine, Clip(silence(0.5), ENGLISH))) == 1
