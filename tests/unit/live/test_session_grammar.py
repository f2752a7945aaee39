"""Whatever is said, asked, answered or ordered, a session keeps its four promises and the grammar of its events."""

from collections import deque
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.audio.vad_history import FRAME_SAMPLES
from lingting.domain import (
    SAMPLE_RATE_HZ,
    Closed,
    CloseReason,
    Committed,
    Event,
    Final,
    Hypothesis,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
    StreamOptions,
)
from lingting.domain.errors import EngineFailed
from lingting.live.asks import Ask, AskKind, Drop, Output
from lingting.live.session import Session

pytestmark = pytest.mark.unit

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
OPTIONS = StreamOptions(max_segment_seconds=5.0)


@dataclass
class Driver:
    """Plays the part of `driver.py`: keeps what was fed, answers in any order."""

    session: Session = field(default_factory=lambda: Session(OPTIONS))
    sound: list[np.ndarray] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    asks: deque[Ask] = field(default_factory=deque)
    dropped: set[int] = field(default_factory=set)
    seen: list[Ask] = field(default_factory=list)
    clock: float = 0.0

    def take(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Ask):
                self.asks.append(output)
                self.seen.append(output)
            elif isinstance(output, Drop):
                self.dropped.add(output.number)
            else:
                self.events.append(output)

    def hear(self, probabilities: list[float]) -> None:
        first = sum(len(part) for part in self.sound)
        samples = np.arange(first, first + FRAME_SAMPLES * len(probabilities), dtype=np.float32)
        self.sound.append(samples)
        self.clock += len(samples) / SAMPLE_RATE_HZ
        self.take(self.session.hear(samples, probabilities, now_seconds=self.clock))

    def answer(self, place: int, text: str | None) -> None:
        if not self.asks:
            return
        place %= len(self.asks)
        ask = self.asks[place]
        del self.asks[place]
        result = EngineFailed("it broke") if text is None else Hypothesis(text, "en")
        self.take(self.session.answer(ask.number, result, now_seconds=self.clock))

    def end(self) -> None:
        self.take(self.session.finish(np.zeros(0, np.float32), now_seconds=self.clock))
        while self.asks:
            self.answer(0, "the end")
        assert self.session.is_settled
        self.take(self.session.close(CloseReason.FINISHED))


def frames(probability: float, seconds: float) -> list[float]:
    return [probability] * round(seconds * SAMPLE_RATE_HZ / FRAME_SAMPLES)


def hear_seconds(driver: Driver, probability: float, seconds: float) -> None:
    rest = frames(probability, seconds)
    while rest:
        driver.hear(rest[:20])
        rest = rest[20:]


speech = st.tuples(st.just("hear"), st.sampled_from([0.0, 0.02, 0.3, 0.9, 1.0]), st.integers(1, 40))
answers = st.tuples(
    st.just("answer"),
    st.integers(0, 5),
    st.one_of(st.none(), st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)),
)
orders = st.tuples(st.sampled_from(["commit", "clear", "configure", "end_segment"]))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(speech, speech, answers, orders), max_size=60))
def test_every_promise_holds_whatever_happens(script) -> None:
    driver = Driver()
    for step in script:
        match step:
            case ("hear", probability, count):
                driver.hear([probability] * count)
            case ("answer", place, text):
                driver.answer(place, text)
            case ("commit",):
                driver.take(driver.session.commit(now_seconds=driver.clock))
            case ("clear",):
                driver.take(driver.session.clear(now_seconds=driver.clock))
            case ("configure",):
                driver.session.configure(replace(OPTIONS, silence_seconds=0.8))
            case _:
                driver.take(driver.session.end_segment(now_seconds=driver.clock))
    driver.end()
    hold(driver)


def hold(driver: Driver) -> None:
    """Assert the grammar of `domain/events.py` and the promises of `session.py`."""
    events = driver.events
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[-1], Closed)
    assert not any(isinstance(event, Closed) for event in events[:-1])
    begun = [event.segment for event in events if isinstance(event, SpeechStarted)]
    assert begun == list(range(1, len(begun) + 1))
    assert [event.segment for event in events if isinstance(event, SpeechEnded)] == begun
    assert [event.segment for event in events if isinstance(event, Final | SegmentFailed)] == begun
    ended: set[int] = set()
    stable: dict[int, str] = {}
    for event in events:
        if isinstance(event, SpeechEnded):
            assert 0.0 <= event.start_seconds <= event.end_seconds <= driver.session.heard_seconds
            ended.add(event.segment)
        if isinstance(event, Partial):
            assert event.segment not in ended
            assert event.stable.startswith(stable.get(event.segment, ""))
            stable[event.segment] = event.stable
    spans = [(e.start_seconds, e.end_seconds) for e in events if isinstance(e, SpeechEnded)]
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))
    commits = [event for event in events if isinstance(event, Committed)]
    assert [event.number for event in commits] == list(range(1, len(commits) + 1))
    whole = np.concatenate(driver.sound) if driver.sound else np.zeros(0, np.float32)
    for ask in driver.seen:
        first = int(ask.audio.samples[0])
        assert np.array_equal(ask.audio.samples, whole[first : first + len(ask.audio.samples)])


def test_a_pause_asks_for_the_final_and_the_end_says_it_at_once() -> None:
    driver = Driver()
    hear_seconds(driver, 0.9, 4.0)
    hear_seconds(driver, 0.0, 0.34)
    (guess,) = [ask for ask in driver.asks if ask.kind is AskKind.FINAL]
    driver.asks.remove(guess)
    driver.take(driver.session.answer(guess.number, Hypothesis("hello there", "en"), now_seconds=driver.clock))
    assert not any(isinstance(event, Final) for event in driver.events)
    hear_seconds(driver, 0.0, 0.3)
    (final,) = [event for event in driver.events if isinstance(event, Final)]
    assert (final.text, final.lag_seconds) == ("hello there", 0.0)


def test_speech_that_goes_on_drops_the_guess() -> None:
    driver = Driver()
    hear_seconds(driver, 0.9, 4.0)
    hear_seconds(driver, 0.0, 0.4)
    (guess,) = [ask for ask in driver.asks if ask.kind is AskKind.FINAL]
    hear_seconds(driver, 0.9, 0.1)
    assert guess.number in driver.dropped
    assert not any(isinstance(event, SpeechEnded) for event in driver.events)


@pytest.mark.parametrize("silence_seconds", [0.2, 0.5, 2.0])
def test_a_silence_that_was_asked_for_is_exact_to_the_frame(silence_seconds) -> None:
    driver = Driver(Session(StreamOptions(silence_seconds=silence_seconds, adaptive_silence=False)))
    hear_seconds(driver, 0.9, 1.0)
    silent = 0
    while not any(isinstance(event, SpeechEnded) for event in driver.events):
        driver.hear([0.0])
        silent += 1
    assert abs(silent * FRAME_SAMPLES / SAMPLE_RATE_HZ - silence_seconds) <= FRAME_SAMPLES / SAMPLE_RATE_HZ


def test_few_words_are_given_more_silence_and_many_less() -> None:
    waits = []
    for seconds in (1.0, 5.0, 13.0):
        driver = Driver(Session(StreamOptions()))
        hear_seconds(driver, 0.9, seconds)
        silent = 0
        while not any(isinstance(event, SpeechEnded) for event in driver.events):
            driver.hear([0.0])
            silent += 1
        waits.append(silent * FRAME_SAMPLES / SAMPLE_RATE_HZ)
    assert waits[0] > waits[1] > waits[2]


def test_endless_speech_is_cut_at_its_quietest_point_and_nothing_is_lost() -> None:
    driver = Driver()
    hear_seconds(driver, 0.9, 4.0)
    driver.hear([0.55] * 5)
    hear_seconds(driver, 0.9, 3.0)
    driver.end()
    hold(driver)
    first, second = [event for event in driver.events if isinstance(event, SpeechEnded)][:2]
    assert 4.0 <= first.end_seconds <= 4.2
    assert second.start_seconds == first.end_seconds


def test_nothing_is_asked_while_nobody_speaks() -> None:
    driver = Driver()
    hear_seconds(driver, 0.02, 600.0)
    assert not driver.seen
    assert not driver.events
