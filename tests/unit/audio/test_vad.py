"""The segmenter's rules, and its promise that cutting the audio changes nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.audio.vad import FRAME_SAMPLES, Segmenter, SpeechDetector
from lingting.audio.vad_models import EnergyScorer, SileroModel
from lingting.domain import Span, VadOptions

pytestmark = pytest.mark.unit

SECOND_FRAMES = 16_000 / FRAME_SAMPLES


class _Replay:
    """Scores a frame by its first sample."""

    def score(self, frames):
        return frames[:, 0].copy()


def _frames(*runs):
    return list(itertools.chain.from_iterable([probability] * count for probability, count in runs))


def _segment(probabilities, options, total=None):
    segmenter = Segmenter(options)
    total = len(probabilities) * FRAME_SAMPLES if total is None else total
    return segmenter.accept(probabilities) + segmenter.finish(total)


BARE = VadOptions(pad_seconds=0.0, min_silence_seconds=0.32, min_speech_seconds=0.096)


def test_speech_between_silences_is_one_span():
    assert _segment(_frames((0.0, 20), (0.9, 30), (0.0, 20)), BARE) == [Span(20 * 512, 50 * 512)]


def test_a_pause_shorter_than_the_minimum_does_not_end_a_span():
    assert _segment(_frames((0.9, 20), (0.0, 9), (0.9, 20), (0.0, 20)), BARE) == [Span(0, 49 * 512)]
    assert len(_segment(_frames((0.9, 20), (0.0, 10), (0.9, 20), (0.0, 20)), BARE)) == 2


def test_a_burst_shorter_than_the_minimum_is_no_speech():
    assert _segment(_frames((0.0, 9), (0.9, 2), (0.0, 30)), BARE) == []


def test_between_the_two_thresholds_speech_goes_on_but_does_not_begin():
    assert _segment(_frames((0.4, 50)), BARE) == []
    assert _segment(_frames((0.9, 10), (0.4, 50), (0.0, 20)), BARE) == [Span(0, 60 * 512)]


def test_padding_stays_inside_the_audio():
    options = VadOptions(pad_seconds=1.0, min_silence_seconds=0.32)
    assert _segment(_frames((0.0, 5), (0.9, 20), (0.0, 12)), options, total=37 * 512 - 100) == [Span(0, 37 * 512 - 100)]


def test_close_neighbours_split_the_gap_between_them():
    options = VadOptions(pad_seconds=0.5, min_silence_seconds=0.32)
    first, second = _segment(_frames((0.0, 40), (0.9, 20), (0.0, 20), (0.9, 20), (0.0, 40)), options)
    assert first == Span(40 * 512 - 8_000, 70 * 512)
    assert second == Span(70 * 512, 100 * 512 + 8_000)


def test_speech_at_the_end_runs_to_the_end():
    assert _segment(_frames((0.0, 20), (0.9, 20)), BARE, total=40 * 512 - 7) == [Span(20 * 512, 40 * 512 - 7)]


def test_speaking_ignores_a_click_and_sees_a_word():
    segmenter = Segmenter(BARE)
    segmenter.accept(_frames((0.0, 5), (0.9, 2)))
    assert not segmenter.speaking
    segmenter.accept([0.9])
    assert segmenter.speaking
    segmenter.accept([0.0] * 10)
    assert not segmenter.speaking


PROBABILITIES = st.lists(st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]), st.integers(1, 30)), max_size=20).map(
    lambda runs: _frames(*runs)
)
OPTIONS = st.builds(
    VadOptions,
    threshold=st.sampled_from([0.1, 0.5, 0.9]),
    min_silence_seconds=st.sampled_from([0.05, 0.3, 0.8]),
    min_speech_seconds=st.sampled_from([0.0, 0.1, 0.5]),
    pad_seconds=st.sampled_from([0.0, 0.1, 0.3, 1.0]),
)


@settings(max_examples=150, deadline=None)
@given(
    probabilities=PROBABILITIES,
    options=OPTIONS,
    cuts=st.lists(st.integers(0, 100_000), max_size=10),
    odd=st.integers(0, 511),
)
def test_the_spans_are_the_same_however_the_audio_is_cut(probabilities, options, cuts, odd):
    samples = np.repeat(np.float32(probabilities), FRAME_SAMPLES)[: max(0, len(probabilities) * FRAME_SAMPLES - odd)]
    whole = SpeechDetector(_Replay(), options)
    expected = whole.accept(samples) + whole.finish()

    pieces = SpeechDetector(_Replay(), options)
    got: list[Span] = []
    settled = 0
    for start, end in itertools.pairwise([0, *sorted(min(cut, len(samples)) for cut in cuts), len(samples)]):
        spans = pieces.accept(samples[start:end])
        assert all(span.start_samples >= settled for span in spans)
        got += spans
        assert pieces.settled_samples >= settled
        settled = pieces.settled_samples
    tail = pieces.finish()
    assert all(span.start_samples >= settled for span in tail)
    assert got + tail == expected


@settings(max_examples=150, deadline=None)
@given(probabilities=PROBABILITIES, options=OPTIONS)
def test_spans_run_forward_and_never_overlap(probabilities, options):
    total = len(probabilities) * FRAME_SAMPLES
    edges = [edge for span in _segment(probabilities, options) for edge in (span.start_samples, span.end_samples)]
    assert edges == sorted(edges)
    assert all(edge <= total for edge in edges)


def test_the_quietest_cut_is_the_middle_of_the_longest_pause():
    detector = SpeechDetector(_Replay(), BARE)
    probabilities = _frames((0.9, 40), (0.1, 3), (0.9, 40), (0.1, 9), (0.9, 40))
    detector.accept(np.repeat(np.float32(probabilities), FRAME_SAMPLES))
    assert detector.quietest_cut(0, 132 * 512) == pytest.approx(87.5 * 512, abs=512)


def test_the_quietest_cut_stays_in_its_range_and_knows_what_it_forgot():
    detector = SpeechDetector(_Replay(), BARE)
    detector.accept(np.repeat(np.float32(_frames((0.0, 50), (0.9, 2_000))), FRAME_SAMPLES))
    assert detector.quietest_cut(0, 10_000) == 5_000
    latest = 2_050 * 512
    assert latest - 5_000 <= detector.quietest_cut(latest - 5_000, latest) <= latest
    assert detector.quietest_cut(latest + 100, latest + 300) == latest + 200


def _voice_like(seconds=3.0):
    times = np.arange(int(seconds * 16_000)) / 16_000
    gate = (np.sin(2 * np.pi * 0.8 * times) > 0).astype(np.float32)
    buzz = sum(np.sin(2 * np.pi * 140 * k * times) / k for k in range(1, 20))
    return (0.1 * gate * buzz).astype(np.float32)


def test_silero_gives_the_same_probabilities_one_by_one_and_at_once():
    model = SileroModel()
    frames = _voice_like()[: 93 * 512].reshape(-1, 512)
    at_once = model.scorer().score(frames)
    scorer = model.scorer()
    one_by_one = np.concatenate([scorer.score(frame[np.newaxis]) for frame in frames])
    assert at_once.shape == (93,)
    assert np.abs(at_once - one_by_one).max() < 1e-4


def test_silero_hears_nothing_in_silence():
    assert SileroModel().scorer().score(np.zeros((50, 512), np.float32)).max() < 0.1


def test_energy_finds_the_loud_parts_and_no_others():
    detector = SpeechDetector(EnergyScorer(), VadOptions(pad_seconds=0.0, min_silence_seconds=0.2))
    sound = np.random.default_rng(2).standard_normal(48_000).astype(np.float32) * 0.001
    sound[16_000:32_000] += _voice_like(1.0) * 4 + 0.05
    spans = detector.accept(sound) + detector.finish()
    assert len(spans) == 1
    assert abs(spans[0].start_samples - 16_000) <= 512
    assert abs(spans[0].end_samples - 32_000) <= 512
