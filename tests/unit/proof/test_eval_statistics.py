"""Errors, intervals and quantiles on numbers that are known."""

import pytest

from lingting.proof.accuracy.intervals import difference_interval, rate_interval
from lingting.proof.accuracy.scoring import Difference, Score, differences, score
from lingting.proof.figures import Spread, quantile

pytestmark = pytest.mark.unit


def test_errors_are_told_apart() -> None:
    found = score("en", "the quick brown fox jumps", "the quick red fox jumps high")
    assert found == Score(tokens=5, substitutions=1, deletions=0, insertions=1)
    assert found.errors == 2


def test_scores_add_up() -> None:
    assert score("zh", "你好", "你") + score("zh", "再见", "再见了") == Score(4, 0, 1, 1)


def test_differences_show_what_was_said_and_what_was_heard() -> None:
    assert differences(["a", "b", "c"], ["a", "x", "c", "d"]) == (
        Difference("equal", ("a",), ("a",)),
        Difference("replace", ("b",), ("x",)),
        Difference("equal", ("c",), ("c",)),
        Difference("insert", (), ("d",)),
    )


def test_an_interval_agrees_with_the_normal_one_where_that_holds() -> None:
    """400 utterances of ten tokens, one in ten wrong: 10 % plus and minus 1.96 standard errors of the mean."""
    errors = [1, 0, 2, 1] * 100
    found = rate_interval(errors, [10] * 400)
    assert found is not None
    error = 1.96 * (0.5 / 100 / 400) ** 0.5  # the variance of the errors is 0.5
    assert found.low == pytest.approx(0.1 - error, abs=0.0006)  # a tenth of the interval's half width
    assert found.high == pytest.approx(0.1 + error, abs=0.0006)


def test_the_same_numbers_give_the_same_interval() -> None:
    assert rate_interval([1, 2, 0, 4, 1], [9, 8, 7, 9, 9]) == rate_interval([1, 2, 0, 4, 1], [9, 8, 7, 9, 9])


def test_few_utterances_have_no_interval() -> None:
    assert rate_interval([1, 0, 1, 0], [5, 5, 5, 5]) is None
    assert rate_interval([0] * 9, [0] * 9) is None


def test_a_steady_difference_is_seen_where_the_rates_overlap() -> None:
    """What both engines find hard cancels out: each interval of a rate is wide, that of the difference is not."""
    hard = [0, 1, 9, 2, 8, 0, 7, 1, 9, 3] * 5
    tokens = [10] * len(hard)
    worse = [errors + 1 for errors in hard]
    rate, other = rate_interval(hard, tokens), rate_interval(worse, tokens)
    difference = difference_interval(worse, hard, tokens)
    assert rate is not None
    assert other is not None
    assert difference is not None
    assert rate.high > other.low
    assert difference.low == pytest.approx(0.1)
    assert not difference.holds_zero


def test_blocks_of_draws_are_bounded_and_joined() -> None:
    found = rate_interval([1] * 5_000, [10] * 5_000)  # more cells than one block holds
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.1))


def test_quantiles_lie_between_neighbours() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.5
    assert quantile([], 0.5) is None
    assert Spread.of([5.0]) == Spread(1, 5.0, 5.0, 5.0)
