"""The planner: pieces short enough for an engine, cut in silence, nothing lost, memory bounded."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import SAMPLE_RATE_HZ, RecognizeOptions, Span
from lingting.recognition.long_audio import Piece, Planner, PlanSettings, plan_for

pytestmark = pytest.mark.unit

HZ = SAMPLE_RATE_HZ


class ScriptedDetector:
    """Knows where speech is, and tells once it has heard past its end."""

    def __init__(self, spans: list[Span]) -> None:
        self._waiting = list(spans)
        self._heard = 0

    def accept(self, samples) -> list[Span]:
        self._heard += len(samples)
        ready = [span for span in self._waiting if span.end_samples < self._heard]
        self._waiting = self._waiting[len(ready) :]
        return ready

    def finish(self) -> list[Span]:
        ready = [Span(s.start_samples, min(s.end_samples, self._heard)) for s in self._waiting]
        self._waiting = []
        return [span for span in ready if span.start_samples < self._heard]

    @property
    def speaking(self) -> bool:
        return bool(self._waiting) and self._waiting[0].start_samples < self._heard

    @property
    def settled_samples(self) -> int:
        return self._waiting[0].start_samples if self.speaking else self._heard

    def quietest_cut(self, start_samples: int, end_samples: int) -> int:
        return (start_samples + end_samples) // 2


def run(spans: list[Span], length: int, *, block: int = HZ, settings: PlanSettings | None = None) -> list[Piece]:
    planner = Planner(ScriptedDetector(spans), settings or PlanSettings())
    tape = np.arange(length, dtype=np.float32)
    pieces = []
    for start in range(0, length, block):
        pieces += planner.accept(tape[start : start + block])
    return pieces + planner.finish()


def seconds(start: float, end: float) -> Span:
    return Span(int(start * HZ), int(end * HZ))


def test_neighbouring_speech_shares_a_piece() -> None:
    pieces = run([seconds(1, 3), seconds(3.25, 6)], 10 * HZ)
    assert [piece.span for piece in pieces] == [seconds(1, 6)]
    assert pieces[0].speech_seconds == 4.75


def test_a_long_pause_ends_a_piece() -> None:
    pieces = run([seconds(1, 3), seconds(8, 9)], 10 * HZ)
    assert [piece.span for piece in pieces] == [seconds(1, 3), seconds(8, 9)]


def test_each_span_stands_alone_when_languages_may_switch() -> None:
    pieces = run(
        [seconds(1, 3), seconds(3.5, 6)], 10 * HZ, settings=plan_for(RecognizeOptions(per_segment_language=True))
    )
    assert len(pieces) == 2


def test_silence_gives_no_piece() -> None:
    assert run([], 100 * HZ) == []


def test_no_audio_gives_no_piece() -> None:
    assert run([], 0) == []


def test_speech_without_a_pause_leaves_before_it_ends() -> None:
    planner = Planner(ScriptedDetector([seconds(0, 300)]), PlanSettings())
    pieces = [piece for _ in range(60) for piece in planner.accept(np.zeros(HZ, dtype=np.float32))]
    assert len(pieces) == 2


def test_a_piece_carries_the_sound_of_its_span() -> None:
    for piece in run([seconds(1, 3), seconds(40, 90)], 100 * HZ, block=777):
        assert len(piece.audio.samples) == piece.span.length_samples
        assert piece.audio.samples[0] == piece.span.start_samples


@st.composite
def scripts(draw) -> tuple[list[Span], int]:
    position, spans = 0, []
    for _ in range(draw(st.integers(0, 8))):
        start = position + draw(st.integers(1, 4 * HZ))
        position = start + draw(st.integers(1, 70 * HZ))
        spans.append(Span(start, position))
    return spans, position + draw(st.integers(0, 5 * HZ))


@given(scripts(), st.sampled_from([4_001, HZ, 10 * HZ]))
def test_pieces_cover_all_speech_once_in_order(script, block) -> None:
    spans, length = script
    pieces = run(spans, length, block=block)
    limit = PlanSettings().max_piece_seconds * HZ
    assert all(0 < piece.span.length_samples <= limit for piece in pieces)
    for before, after in itertools.pairwise(pieces):
        assert before.span.end_samples <= after.span.start_samples
    for span in spans:
        covered = sum(
            max(0, min(p.span.end_samples, span.end_samples) - max(p.span.start_samples, span.start_samples))
            for p in pieces
        )
        assert covered == span.length_samples


def test_a_piece_knows_whether_it_was_cut_without_a_pause() -> None:
    pieces = run([seconds(1, 70)], 75 * HZ)
    assert len(pieces) > 2
    assert [piece.is_cut for piece in pieces] == [True] * (len(pieces) - 1) + [False]
