"""Word times from alignment paths made by hand."""

from __future__ import annotations

import pytest

from lingting.engines.whisper_align import SECONDS_PER_STEP, Alignment, align_words

pytestmark = pytest.mark.unit


def path_of(*first_steps: int) -> tuple[tuple[int, int], ...]:
    """One token begins at each step given; the last one is the end mark."""
    pairs = []
    for token, step in enumerate(first_steps):
        until = first_steps[token + 1] if token + 1 < len(first_steps) else step + 1
        pairs += [(token, at) for at in range(step, max(until, step + 1))]
    return tuple(pairs)


def aligned(words: list[str], first_steps: list[int], *, clip_seconds: float = 10.0):
    alignment = Alignment(path_of(*first_steps), (0.5,) * (len(first_steps) - 1))
    tokens = [[i] for i in range(len(first_steps))]
    return align_words(alignment, [*words, ""], tokens, clip_seconds=clip_seconds)


def test_each_word_ends_where_the_next_begins() -> None:
    words = aligned([" one", " two"], [10, 25, 40])
    assert [(w.text, w.start_seconds, w.end_seconds) for w in words] == [(" one", 0.2, 0.5), (" two", 0.5, 0.8)]


def test_marks_behind_belong_to_the_word_before() -> None:
    assert [w.text for w in aligned(["你", "好", "。"], [0, 10, 20, 22])] == ["你", "好。"]


def test_an_opening_quote_belongs_to_the_word_after() -> None:
    assert [w.text for w in aligned([" he", ' "', "yes", '"'], [0, 10, 12, 20, 22])] == [" he", ' "yes"']


def test_a_word_of_several_tokens_has_their_mean_probability() -> None:
    alignment = Alignment(path_of(0, 10, 20), (0.2, 0.8))
    (word,) = align_words(alignment, [" hello", ""], [[1, 2], [3]], clip_seconds=5.0)
    assert (word.end_seconds, word.probability) == (0.4, 0.5)


def test_a_first_word_stretched_over_a_pause_is_cut_from_the_left() -> None:
    first, *_ = aligned([" a", " b", " c", " d"], [0, 100, 110, 120, 130])
    assert first.start_seconds == pytest.approx(2.0 - 0.4)
    assert first.end_seconds == 2.0


def test_the_word_after_a_full_stop_is_cut_from_the_left() -> None:
    words = aligned([" a", " b", ".", " c", " d"], [0, 10, 20, 21, 120, 130])
    assert words[2].end_seconds - words[2].start_seconds < 0.5


def test_no_word_passes_the_end_of_the_clip() -> None:
    words = aligned([" one", " two"], [10, 200, 300], clip_seconds=3.0)
    assert all(0 <= w.start_seconds <= w.end_seconds <= 3.0 for w in words)


def test_starts_never_run_backwards() -> None:
    words = aligned([" a", ".", " b", " c"], [0, 10, 11, 150, 160])
    starts = [w.start_seconds for w in words]
    assert starts == sorted(starts)


def test_text_without_tokens_has_no_words() -> None:
    assert align_words(Alignment((), ()), [""], [[9]], clip_seconds=1.0) == ()


def test_steps_are_a_fiftieth_of_a_second() -> None:
    assert SECONDS_PER_STEP == 0.02
