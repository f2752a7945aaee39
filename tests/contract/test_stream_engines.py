"""What every streaming engine of the registry promises; a new row is held to it without editing this file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import pytest

from engine_rows import names, opened, speech
from lingting.domain import SAMPLE_RATE_HZ, Audio, Hypothesis, RecognizeOptions, Span
from lingting.engines.base import EngineKind, EngineStream, StreamEngine
from lingting.testing import noise, silence

pytestmark = pytest.mark.contract

WORDS = RecognizeOptions(word_times=True)
STRETCH_SAMPLES = SAMPLE_RATE_HZ // 2


@pytest.fixture(scope="module", params=names(EngineKind.STREAM))
def engine_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def engine(engine_name: str) -> Iterator[StreamEngine]:
    engine = opened(engine_name)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def spoken(engine: StreamEngine) -> Audio:
    """In a language of the engine's, or in another: then it hears words that were not said."""
    return speech(*sorted(engine.capabilities.languages))


def stretches(audio: Audio) -> Iterator[Audio]:
    for start in range(0, len(audio.samples), STRETCH_SAMPLES):
        yield audio.cut(Span(start, min(start + STRETCH_SAMPLES, len(audio.samples))))


def hear(stream: EngineStream, audio: Audio) -> Hypothesis:
    for stretch in stretches(audio):
        stream.accept(stretch)
    return stream.finish()


def heard(engine: StreamEngine, audio: Audio, options: RecognizeOptions = WORDS) -> Hypothesis:
    stream = engine.open(options)
    try:
        return hear(stream, audio)
    finally:
        stream.close()


def is_the_same(text: str, other: str) -> bool:
    """But for a word or two: Kaldi adds noise of its own to what it hears."""
    return SequenceMatcher(None, text, other, autojunk=False).ratio() > 0.8


def test_the_capabilities_make_sense(engine: StreamEngine) -> None:
    capabilities = engine.capabilities
    assert capabilities.streaming
    assert capabilities.sample_rate_hz == SAMPLE_RATE_HZ
    assert capabilities.max_audio_seconds > 0
    assert capabilities.replicas >= 1
    assert capabilities.languages


def test_text_comes_while_the_sound_does_and_only_when_it_changed(engine: StreamEngine, spoken: Audio) -> None:
    stream = engine.open(WORDS)
    said = [answer.text for stretch in stretches(spoken) if (answer := stream.accept(stretch)) is not None]
    stream.close()
    assert len(said) > 1
    assert all(before != after for before, after in pairwise(said))


def test_drafts_carry_no_words(engine: StreamEngine, spoken: Audio) -> None:
    stream = engine.open(WORDS)
    said = [answer for stretch in stretches(spoken) if (answer := stream.accept(stretch)) is not None]
    stream.close()
    assert all(answer.words == () for answer in said)


def test_the_words_spell_the_text_in_order_inside_the_audio(engine: StreamEngine, spoken: Audio) -> None:
    if not engine.capabilities.word_times:
        pytest.skip("this engine gives no word times, and says so")
    answer = heard(engine, spoken)
    assert answer.text.strip()
    assert "".join(word.text for word in answer.words) == answer.text
    times = [time for word in answer.words for time in (word.start_seconds, word.end_seconds)]
    assert times == sorted(times)
    assert 0.0 <= times[0] <= times[-1] <= spoken.duration_seconds + 1e-6
    assert all(0.0 <= word.probability <= 1.0 for word in answer.words)
    assert answer.avg_logprob <= 0.0


def test_words_are_given_only_when_asked_for(engine: StreamEngine, spoken: Audio) -> None:
    assert heard(engine, spoken, RecognizeOptions()).words == ()


def test_an_answer_names_a_language_the_engine_knows(engine: StreamEngine) -> None:
    for language in (None, *sorted(engine.capabilities.languages)[:2]):
        answer = heard(engine, silence(1.0), RecognizeOptions(language=language))
        assert answer.language in engine.capabilities.languages
        assert answer.language == (language or answer.language)


def test_what_another_stream_said_before_changes_nothing(engine: StreamEngine, spoken: Audio) -> None:
    before = heard(engine, spoken)
    abandoned = engine.open(WORDS)
    abandoned.accept(noise(2.0, level=0.2))
    abandoned.close()
    after = heard(engine, spoken)
    assert is_the_same(after.text, before.text)
    assert after.words[0].start_seconds == pytest.approx(before.words[0].start_seconds, abs=0.2)


def test_streams_side_by_side_do_not_hear_each_other(engine: StreamEngine, spoken: Audio) -> None:
    alone = heard(engine, spoken).text
    places = min(2, engine.capabilities.replicas) if engine.capabilities.thread_safe else 1
    with ThreadPoolExecutor(places) as threads:
        answers = list(threads.map(lambda _: heard(engine, spoken).text, range(places)))
    assert all(is_the_same(answer, alone) for answer in answers)


def test_a_stream_that_heard_nothing_says_nothing_wrong(engine: StreamEngine) -> None:
    stream = engine.open(WORDS)
    assert stream.accept(Audio(np.zeros(0, dtype=np.float32))) is None
    stream.finish()
    stream.close()
    untouched = engine.open(WORDS)
    untouched.finish()
    untouched.close()


def test_a_stream_that_goes_on_answers_for_all_of_it(engine: StreamEngine, spoken: Audio) -> None:
    stream = engine.open(WORDS)
    if not stream.goes_on:
        stream.close()
        pytest.skip("nothing may follow the end of this engine's streams, and they say so")
    first = hear(stream, spoken)
    both = hear(stream, spoken)
    stream.close()
    assert both.text.startswith(first.text)
    assert both.words[: len(first.words)] == first.words
    assert both.words[len(first.words)].start_seconds >= spoken.duration_seconds - 1e-6


def test_a_stream_closes_twice_and_after_its_end(engine: StreamEngine) -> None:
    stream = engine.open(WORDS)
    stream.accept(silence(0.5))
    stream.finish()
    stream.close()
    stream.close()


def test_closing_one_engine_leaves_another_at_work(engine: StreamEngine, engine_name: str, spoken: Audio) -> None:
    other = opened(engine_name)
    other.close()
    assert heard(engine, spoken).text
