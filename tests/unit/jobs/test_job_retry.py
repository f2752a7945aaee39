"""Which failed attempts are made again, and when."""

import pytest

from lingting.domain.errors import (
    AudioTooLong,
    AudioUndecodable,
    DeadlineExceeded,
    EngineFailed,
    FetchFailed,
    LingtingError,
    ModelMissing,
    Overloaded,
    QuotaExceeded,
    SealBroken,
    UrlNotAllowed,
)
from lingting.jobs.parts import JobSettings
from lingting.jobs.retry import Again, again_after

pytestmark = pytest.mark.unit
SETTINGS = JobSettings(max_attempts=3, retry_seconds=5.0, max_retry_seconds=60.0, max_age_seconds=3_600.0)


def again(problem: LingtingError, *, attempts: int = 1, age_seconds: float = 0.0, chance: float = 0.5) -> Again | None:
    return again_after(problem, attempts=attempts, age_seconds=age_seconds, settings=SETTINGS, chance=chance)


@pytest.mark.parametrize(
    "problem",
    [AudioUndecodable("no"), AudioTooLong(1), UrlNotAllowed("no"), SealBroken("no"), ModelMissing("no")],
    ids=lambda problem: problem.code,
)
def test_what_will_not_pass_is_not_tried_again(problem) -> None:
    assert again(problem) is None


@pytest.mark.parametrize(
    "problem",
    [EngineFailed("broke"), DeadlineExceeded("slow"), FetchFailed("away"), LingtingError("odd")],
    ids=lambda problem: problem.code,
)
def test_what_may_pass_is_tried_again_and_counts(problem) -> None:
    assert again(problem) == Again(5.0, counts=True)


def test_pauses_double_up_to_a_bound() -> None:
    settings = JobSettings(max_attempts=10, retry_seconds=5.0, max_retry_seconds=60.0)
    pauses = [
        again_after(EngineFailed("x"), attempts=i, age_seconds=0, settings=settings, chance=0.5) for i in range(1, 7)
    ]
    assert [pause.delay_seconds for pause in pauses if pause] == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]


def test_the_last_attempt_is_the_last() -> None:
    assert again(EngineFailed("broke"), attempts=2) is not None
    assert again(EngineFailed("broke"), attempts=3) is None


@pytest.mark.parametrize("attempts", [1, 3, 50])
def test_a_busy_engine_costs_no_attempt(attempts) -> None:
    assert again(Overloaded("full", retry_after_seconds=20), attempts=attempts) == Again(20.0, counts=False)


def test_a_busy_engine_is_not_waited_for_longer_than_a_job_may_live() -> None:
    assert again(QuotaExceeded("used up", retry_after_seconds=20), age_seconds=3_600) is None


def test_no_pause_is_longer_than_the_bound() -> None:
    assert again(QuotaExceeded("used up", retry_after_seconds=86_400)) == Again(60.0, counts=False)


def test_pauses_are_spread() -> None:
    assert again(EngineFailed("x"), chance=0.0) == Again(4.0, counts=True)
    assert again(EngineFailed("x"), chance=1.0) == Again(6.0, counts=True)
