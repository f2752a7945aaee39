"""Windows, batches and doubts, as numbers in and decisions out."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lingting.engines.whisper_window import (
    FULL_WINDOW_SECONDS,
    MAX_TOKENS,
    Answer,
    Stage,
    WindowPolicy,
    compression_ratio,
    find_repetition,
    share_batches,
)

pytestmark = pytest.mark.unit

POLICY = WindowPolicy()
GOOD = Answer(
    tokens=(1, 2, 3),
    text="three good words",
    avg_logprob=-0.2,
    no_speech_prob=0.01,
    temperature=0.0,
    window_seconds=8.0,
    compression_ratio=0.9,
)
few = settings(max_examples=30)
seconds = st.floats(0.0, FULL_WINDOW_SECONDS)


@few
@given(seconds)
def test_windows_hold_their_clip_and_grow_up_to_30_s(clip_seconds: float) -> None:
    windows = POLICY.windows_seconds(clip_seconds)
    assert max(clip_seconds, POLICY.min_seconds) <= windows[0]
    assert list(windows) == sorted(set(windows))
    assert windows[-1] == FULL_WINDOW_SECONDS


@few
@given(seconds, seconds)
def test_a_longer_clip_never_gets_a_shorter_window(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert POLICY.windows_seconds(short)[0] <= POLICY.windows_seconds(long)[0]


@few
@given(seconds)
def test_windows_are_whole_steps(clip_seconds: float) -> None:
    for window in POLICY.windows_seconds(clip_seconds):
        assert window / POLICY.step_seconds == pytest.approx(round(window / POLICY.step_seconds))


def test_a_caller_who_refuses_short_windows_gets_the_full_one() -> None:
    assert POLICY.windows_seconds(1.0, adaptive=False) == (FULL_WINDOW_SECONDS,)


def test_a_long_clip_has_the_full_window_alone() -> None:
    assert POLICY.windows_seconds(29.0) == (FULL_WINDOW_SECONDS,)


@few
@given(seconds)
def test_the_bound_on_tokens_leaves_room_for_fast_speech(clip_seconds: float) -> None:
    assert min(MAX_TOKENS, 6 * clip_seconds) <= POLICY.max_tokens(clip_seconds) <= MAX_TOKENS


def test_a_good_answer_stands() -> None:
    assert POLICY.doubt(GOOD, 2.0, stage=Stage.FIRST) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"compression_ratio": 3.0}, "compression"),
        ({"text": "好的好的"}, "repeated"),
        ({"tokens": tuple(range(500))}, "too_long"),
        ({"avg_logprob": -1.5}, "logprob"),
    ],
)
def test_each_sign_of_trouble_has_its_reason(change: dict[str, object], reason: str) -> None:
    assert POLICY.doubt(dataclasses.replace(GOOD, **change), 10.0, stage=Stage.LAST) == reason


def test_silence_is_not_decoded_again() -> None:
    silence = dataclasses.replace(GOOD, avg_logprob=-2.0, no_speech_prob=0.9)
    assert POLICY.doubt(silence, 2.0, stage=Stage.LAST) is None


def test_of_doubtful_answers_the_likeliest_that_does_not_loop_is_best() -> None:
    loop = dataclasses.replace(GOOD, compression_ratio=5.0, avg_logprob=-0.1)
    poor = dataclasses.replace(GOOD, avg_logprob=-1.4)
    poorer = dataclasses.replace(GOOD, avg_logprob=-1.9)
    assert POLICY.best([loop, poorer, poor]) is poor


def test_when_all_loop_the_likeliest_is_best() -> None:
    loops = [dataclasses.replace(GOOD, compression_ratio=5.0, avg_logprob=p) for p in (-0.9, -0.3)]
    assert POLICY.best(loops) is loops[1]


@pytest.mark.parametrize(
    ("stage", "avg_logprob", "reason"),
    [
        (Stage.FIRST, -0.9, "logprob"),
        (Stage.MIDDLE, -0.9, None),
        (Stage.MIDDLE, -3.0, None),
        (Stage.LAST, -0.9, None),
        (Stage.LAST, -1.1, "logprob"),
    ],
)
def test_an_unlikely_answer_gets_one_longer_window(stage: Stage, avg_logprob: float, reason: str | None) -> None:
    unlikely = dataclasses.replace(GOOD, avg_logprob=avg_logprob)
    assert POLICY.doubt(unlikely, 2.0, stage=stage) == reason


def test_an_echo_at_the_end_raises_doubt() -> None:
    echo = dataclasses.replace(GOOD, text="Try again. Fail again and again. Fail better. Fail better.")
    assert POLICY.doubt(echo, 10.0, stage=Stage.MIDDLE) == "repeated"


def test_a_digit_said_twice_at_the_end_stands() -> None:
    number = dataclasses.replace(GOOD, text="my number is 1 2 3 4 4")
    assert POLICY.doubt(number, 10.0, stage=Stage.FIRST) is None


@pytest.mark.parametrize(
    ("text", "letters"), [("", 0), ("abcd", 0), ("好的好的", 2), ("so it is it is", 4), ("it is it is so", 0)]
)
def test_an_echo_is_measured_in_letters(text: str, letters: int) -> None:
    assert find_repetition(text).echo_letters == letters


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("", 0.0),
        ("abc", 0.0),
        ("The tents. The tents.", 1.0),
        ("电视台电视台", 1.0),
        ("Zero zero", 1.0),
        ("2015年6月7日2015年6月7日", 1.0),
        ("xy abcabc", 6 / 8),
        ("abcdefgab", 0.0),
    ],
)
def test_the_share_of_repeated_text_ignores_marks_and_case(text: str, share: float) -> None:
    assert find_repetition(text).share == pytest.approx(share)


@few
@given(st.text(max_size=60))
def test_the_share_of_repeated_text_is_a_share(text: str) -> None:
    assert 0.0 <= find_repetition(text).share <= 1.0


def test_repeated_text_compresses_and_speech_does_not() -> None:
    assert compression_ratio("谢谢大家" * 30) > 2.0
    assert compression_ratio("the cat sat on the mat") < 1.5
    assert compression_ratio("") == 1.0


@few
@given(st.lists(st.sampled_from([8.0, 9.0, 14.0, 22.0, 30.0]), max_size=40), st.integers(1, 8))
def test_every_clip_is_in_exactly_one_group_within_the_bounds(windows: list[float], max_batch: int) -> None:
    groups = share_batches(windows, max_batch=max_batch, max_waste_ratio=1.3)
    assert sorted(position for group in groups for position in group) == list(range(len(windows)))
    for group in groups:
        own = [windows[position] for position in group]
        assert len(group) <= max_batch
        assert max(own) * len(own) <= 1.3 * sum(own) + 1e-9


def test_like_windows_share_one_batch() -> None:
    assert share_batches([8.0, 8.0, 9.0], max_batch=8, max_waste_ratio=1.3) == [[0, 1, 2]]


def test_a_short_clip_does_not_pay_for_a_long_one() -> None:
    assert share_batches([30.0, 5.0], max_batch=8, max_waste_ratio=1.3) == [[1], [0]]


def test_long_chinese_is_decoded_with_time_marks_and_english_is_not() -> None:
    assert POLICY.wants_timestamps(20.0, "zh")
    assert not POLICY.wants_timestamps(4.0, "zh")
    assert not POLICY.wants_timestamps(25.0, "en")


ONCE = "Concorde returned to its place amidst the tents."


def test_a_sentence_that_cannot_have_been_said_twice_was_said_once() -> None:
    again = f"{ONCE} {ONCE} Concorde returned to"
    assert POLICY.said_once(again, 3.3) == sum(map(str.isalnum, ONCE))
    assert POLICY.said_once("今天天气怎么样今天天气怎么样", 1.6) == 7
    assert POLICY.said_once("2015年6月7日2015年6月7日", 2.9) == 9


@pytest.mark.parametrize(
    ("text", "clip_seconds"),
    [
        (f"{ONCE} {ONCE}", 6.0),  # there was time to say it again
        (f"{ONCE} {ONCE} And so did we.", 3.3),  # it goes on
        ("5 5 5 5 5 5 5 5 5 5 5 5", 1.6),  # one alone is too little for the clip
        (ONCE, 3.3),
        ("", 1.0),
    ],
)
def test_what_may_have_been_said_again_is_not_taken_for_once(text: str, clip_seconds: float) -> None:
    assert POLICY.said_once(text, clip_seconds) is None


def test_a_sentence_that_was_stopped_as_it_began_anew_was_said_once() -> None:
    stopped = "城市文化和体育设施城市文化"
    assert POLICY.said_once(stopped, 2.5) is None
    assert POLICY.said_once(stopped, 2.5, is_cut=True) == 9
    assert POLICY.said_once(stopped, 4.0, is_cut=True) is None, "there was time for both"


@pytest.mark.parametrize(
    "text",
    ["城市文化和体育设施城市文化", "其中其中其中其", "x x x x x x", "相关公公公公公公公", f"{ONCE} Concorde returned"],
)
def test_what_begins_anew_is_a_loop(text: str) -> None:
    assert POLICY.is_looping(text)


@pytest.mark.parametrize("text", ["", "好", "我们先看一下天气再决定我们", ONCE, f"{ONCE} Con", "看一看"])
def test_what_goes_on_is_none(text: str) -> None:
    assert not POLICY.is_looping(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("The weather is is is is is", "The weather is"),
        ("相关公公公公公公公", "相关公"),
        ("We said that it is, that it is, that it is, that", "We said that it is"),
        ("x x x x x x", None),  # nothing else
        (ONCE, None),
        ("", None),
    ],
)
def test_a_loop_is_left_after_its_first_round(text: str, left: str | None) -> None:
    assert POLICY.before_loop(text) == (None if left is None else sum(map(str.isalnum, left)))


@few
@given(seconds)
def test_usual_speech_takes_no_more_than_any(clip_seconds: float) -> None:
    assert 0 < POLICY.usual_tokens(clip_seconds) <= POLICY.max_tokens(clip_seconds)
