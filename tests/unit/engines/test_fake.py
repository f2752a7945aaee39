"""The scripted engine does what its script says, since every other test believes it."""

import threading
from dataclasses import replace

import pytest

from lingting.domain import Hypothesis, RecognizeOptions
from lingting.engines.base import Clip
from lingting.engines.fake import FAKE_CAPABILITIES, FakeEngine, Gate
from lingting.testing import clip_of

pytestmark = pytest.mark.unit


def run(engine: FakeEngine, *clips: Clip) -> list[Hypothesis]:
    return engine.finish(engine.compute(engine.prepare(clips)))


def test_without_a_script_it_says_how_much_it_heard() -> None:
    answers = run(FakeEngine(), clip_of(5), clip_of(0.14))
    assert [answer.text for answer in answers] == ["5.0 seconds of speech", "0.1 seconds of speech"]


def test_answers_are_given_in_order_and_then_it_says_how_much_it_heard() -> None:
    engine = FakeEngine(["one", Hypothesis("two", "de")])
    assert [answer.text for answer in run(engine, clip_of(1), clip_of(1))] == ["one", "two"]
    assert run(engine, clip_of(1))[0].text == "1.0 seconds of speech"


def test_an_error_in_the_script_takes_the_whole_batch() -> None:
    engine = FakeEngine(lambda clip: ValueError("no") if clip.audio.duration_seconds > 1 else "fine")
    with pytest.raises(ValueError, match="no"):
        run(engine, clip_of(1), clip_of(2))
    assert run(engine, clip_of(1))[0].text == "fine"


def test_the_language_is_the_caller_s_or_english() -> None:
    answers = run(FakeEngine(), clip_of(1, RecognizeOptions(language="zh")), clip_of(1))
    assert [answer.language for answer in answers] == ["zh", "en"]


def test_words_share_the_clip_evenly_when_asked_for() -> None:
    clip = clip_of(4, RecognizeOptions(word_times=True))
    (answer,) = run(FakeEngine(), clip)
    assert "".join(word.text for word in answer.words) == answer.text == "4.0 seconds of speech"
    assert [(word.start_seconds, word.end_seconds) for word in answer.words] == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_an_empty_answer_has_no_words() -> None:
    (answer,) = run(FakeEngine([""]), clip_of(4, RecognizeOptions(word_times=True)))
    assert answer.words == ()


def test_it_keeps_what_it_was_given() -> None:
    engine, first, second = FakeEngine(), clip_of(1), clip_of(2)
    prepared = engine.prepare([first, second])
    assert (engine.prepared, engine.computed) == ([(first, second)], [])
    engine.compute(prepared)
    assert engine.computed[0].clips == (first, second)
    assert engine.computed[0].thread == threading.current_thread().name


def test_compute_stops_at_the_gate_until_let_through() -> None:
    gate = Gate()
    engine = FakeEngine(gate=gate)
    finished = threading.Event()
    thread = threading.Thread(target=lambda: (run(engine, clip_of(1)), finished.set()))
    thread.start()
    gate.wait_for_arrival()
    assert not finished.is_set()
    gate.let_through()
    thread.join(timeout=30)
    assert finished.is_set()


def test_its_record_key_and_cost_are_as_configured() -> None:
    capabilities = replace(FAKE_CAPABILITIES, max_batch=2)
    engine = FakeEngine(capabilities=capabilities, key=lambda options: options.task, padded=lambda _: 30.0)
    assert engine.capabilities is capabilities
    assert engine.batch_key(RecognizeOptions()) == RecognizeOptions().task
    assert engine.padded_seconds(clip_of(1)) == 30.0


def test_a_closed_engine_is_not_used() -> None:
    engine = FakeEngine()
    engine.close()
    with pytest.raises(AssertionError, match="closed"):
        engine.prepare([clip_of(1)])
