"""What a streaming engine gets to hear of live segments: each sound once, where that can be."""

from __future__ import annotations

import pytest

from lingting.domain import RecognizeOptions
from lingting.engines.base import Clip, Origin
from lingting.engines.fake_stream import FakeStreamEngine
from lingting.recognition.stream_desk import IDLE_SECONDS, StreamDesk
from lingting.testing import VirtualClock, clip_of, silence

pytestmark = pytest.mark.unit

SECOND = 16_000


def live(seconds: float, *, stream: str = "a", segment: int = 1, final: bool = False, words: bool = False) -> Clip:
    return Clip(silence(seconds), RecognizeOptions(word_times=words), Origin(stream, segment, is_final=final))


def heard(engine: FakeStreamEngine) -> list[float]:
    """How many seconds each stream of the engine has heard in all."""
    return [sum(map(len, stream.heard)) / SECOND for stream in engine.streams]


@pytest.fixture
def engine() -> FakeStreamEngine:
    return FakeStreamEngine()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def desk(engine: FakeStreamEngine, clock: VirtualClock) -> StreamDesk:
    return StreamDesk(engine, clock)


def text(desk: StreamDesk, clip: Clip) -> str:
    (answer,) = desk.finish(desk.compute(desk.prepare([clip])))
    return answer.text


def test_a_recording_has_a_stream_to_itself_and_leaves_none(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    assert text(desk, clip_of(5)) == "5.0 seconds of speech"
    assert heard(engine) == [5.0]
    assert (engine.open_streams, desk.kept) == (0, 0)


def test_what_comes_at_once_is_heard_in_stretches(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, clip_of(1.75))
    assert [len(stretch) / SECOND for stretch in engine.streams[0].heard] == [0.5, 0.5, 0.5, 0.25]


def test_a_draft_hears_only_what_is_new_and_answers_for_all(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    assert [text(desk, live(seconds)) for seconds in (0.5, 1.0, 1.5)] == [
        "0.5 seconds of speech",
        "1.0 seconds of speech",
        "1.5 seconds of speech",
    ]
    assert heard(engine) == [1.5]


def test_a_draft_with_nothing_new_answers_what_was_said_last(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, live(1.0))
    assert text(desk, live(1.0)) == "1.0 seconds of speech"
    assert heard(engine) == [1.0]


def test_a_final_hears_the_rest_and_leaves_nothing(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, live(1.0))
    assert text(desk, live(1.5, final=True)) == "1.5 seconds of speech"
    assert heard(engine) == [1.5]
    assert (engine.streams[0].finished, engine.open_streams, desk.kept) == (1, 0, 0)


def test_words_come_with_the_final_that_asks_for_them_whatever_its_drafts_asked(desk: StreamDesk) -> None:
    assert desk.compute(live(1.0)).words == ()
    assert len(desk.compute(live(2.0, final=True, words=True)).words) == 4
    assert desk.compute(live(2.0, segment=2, final=True)).words == ()


def test_a_speaker_who_goes_on_is_heard_from_the_start_where_the_engine_has_ended(
    engine: FakeStreamEngine, desk: StreamDesk
) -> None:
    text(desk, live(1.0, final=True))
    assert text(desk, live(2.0)) == "2.0 seconds of speech"
    assert heard(engine) == [1.0, 2.0]


def test_a_speaker_who_goes_on_is_heard_on_where_the_engine_can(clock: VirtualClock) -> None:
    engine = FakeStreamEngine(goes_on=True)
    desk = StreamDesk(engine, clock)
    text(desk, live(1.0, final=True))
    assert text(desk, live(2.0, final=True)) == "2.0 seconds of speech"
    assert heard(engine) == [2.0]
    assert desk.kept == 1


def test_a_newer_segment_closes_the_one_before(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, live(3.0))
    assert text(desk, live(1.0, segment=2)) == "1.0 seconds of speech"
    assert [stream.is_closed for stream in engine.streams] == [True, False]


def test_a_late_final_of_an_older_segment_leaves_the_newer_one_alone(
    engine: FakeStreamEngine, desk: StreamDesk
) -> None:
    text(desk, live(1.0, segment=2))
    assert text(desk, live(3.0, segment=1, final=True)) == "3.0 seconds of speech"
    assert text(desk, live(1.5, segment=2)) == "1.5 seconds of speech"
    assert heard(engine) == [1.5, 3.0]


def test_a_clip_shorter_than_what_was_heard_is_heard_from_its_start(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, live(3.0))
    assert text(desk, live(2.0, final=True)) == "2.0 seconds of speech"
    assert heard(engine) == [3.0, 2.0]
    assert engine.open_streams == 0


def test_streams_do_not_hear_each_other(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, live(1.0, stream="a"))
    assert text(desk, live(2.0, stream="b")) == "2.0 seconds of speech"
    assert heard(engine) == [1.0, 2.0]


def test_a_clip_costs_what_was_not_heard_yet(desk: StreamDesk) -> None:
    assert desk.padded_seconds(live(4.0)) == 4.0
    text(desk, live(4.0))
    assert desk.padded_seconds(live(4.5)) == pytest.approx(0.5)
    assert desk.padded_seconds(live(4.5, segment=2)) == 4.5
    assert desk.padded_seconds(live(4.5, stream="b")) == 4.5
    assert desk.padded_seconds(clip_of(4.5)) == 4.5


def test_what_nobody_asks_for_is_closed_after_a_while(
    engine: FakeStreamEngine, desk: StreamDesk, clock: VirtualClock
) -> None:
    text(desk, live(1.0, stream="gone"))
    clock.advance(IDLE_SECONDS / 2)
    text(desk, live(1.0, stream="here"))
    clock.advance(IDLE_SECONDS / 2)
    desk.sweep()
    assert [stream.is_closed for stream in engine.streams] == [True, False]
    assert text(desk, live(2.0, stream="gone")) == "2.0 seconds of speech"


def test_the_oldest_of_too_many_is_closed(engine: FakeStreamEngine, clock: VirtualClock) -> None:
    desk = StreamDesk(engine, clock, max_kept=2)
    for stream in "abac":
        text(desk, live(1.0, stream=stream))
    assert [stream.is_closed for stream in engine.streams] == [False, True, False]


def test_a_stream_that_breaks_is_closed_and_begun_anew(clock: VirtualClock) -> None:
    faults = iter([ValueError("broken")])
    engine = FakeStreamEngine(lambda clip: next(faults, "mended"))
    desk = StreamDesk(engine, clock)
    with pytest.raises(ValueError, match="broken"):
        text(desk, live(1.0))
    assert engine.open_streams == 0
    assert text(desk, live(1.5)) == "mended"
    assert heard(engine)[1] == 1.5


def test_nothing_is_kept_once_it_has_closed(engine: FakeStreamEngine, desk: StreamDesk) -> None:
    text(desk, live(1.0))
    desk.close()
    text(desk, live(1.0, stream="late"))
    assert engine.open_streams == 0
