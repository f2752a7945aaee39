"""A queue played through on a virtual clock: who waits for whom, and for how long.

All times are multiples of 1/64 s, which floats add without rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Priority
from lingting.recognition.batch_policy import BatchLimits, Waiting, plan_batch

pytestmark = pytest.mark.unit

TICK_SECONDS = 1 / 64
PACE_RATIO = 1 / 4
"""Seconds of work per padded second."""
LIMITS = BatchLimits(max_count=4, budget_seconds=64.0, max_padding_ratio=0.5, max_wait_seconds=1.0, ageing_seconds=4.0)
FINAL, PARTIAL, REQUEST, JOB = Priority


@dataclass(frozen=True, slots=True)
class Start:
    """A batch that went, and all that waited at that time, itself included."""

    at_seconds: float
    batch: tuple[Waiting, ...]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Play:
    starts: list[Start]
    idle_wait_seconds: dict[int, float]
    """How long each clip waited although a replica was idle."""

    def started_at(self, number: int) -> float:
        return next(start.at_seconds for start in self.starts if any(item.number == number for item in start.batch))


def play(arrivals: Sequence[Waiting], limits: BatchLimits = LIMITS, *, replicas: int = 1) -> Play:
    """Serve the clips as the scheduler does; `arrivals` are in order of their numbers and times."""
    now_seconds = 0.0
    free_at_seconds = [0.0] * replicas
    coming, waiting = list(arrivals), dict[int, Waiting]()
    done = Play([], {item.number: 0.0 for item in arrivals})
    while coming or waiting:
        while coming and coming[0].since_seconds <= now_seconds:
            item = coming.pop(0)
            waiting[item.number] = item
        events = [item.since_seconds for item in coming[:1]] + [at for at in free_at_seconds if at > now_seconds]
        idle = [i for i in range(replicas) if free_at_seconds[i] <= now_seconds]
        if idle and waiting:
            plan = plan_batch(waiting.values(), limits, now_seconds=now_seconds, replicas=replicas)
            if plan.wait_seconds == 0.0:
                present = tuple(waiting.values())
                batch = tuple(waiting.pop(number) for number in plan.numbers)
                done.starts.append(Start(now_seconds, batch, present))
                cost_seconds = max(item.padded_seconds for item in batch) * len(batch)
                free_at_seconds[idle[0]] = now_seconds + cost_seconds * PACE_RATIO
                continue
            events.append(now_seconds + plan.wait_seconds)
        if idle:
            for number in waiting:
                done.idle_wait_seconds[number] += min(events) - now_seconds
        now_seconds = min(events)
    return done


def _in_order(items: list[Waiting]) -> list[Waiting]:
    ordered = sorted(items, key=lambda item: item.since_seconds)
    return [replace(item, number=number) for number, item in enumerate(ordered)]


ARRIVALS = st.lists(
    st.builds(
        Waiting,
        st.just(0),
        st.sampled_from("ab"),
        st.sampled_from(Priority),
        st.sampled_from([1.0, 2.0, 5.0, 8.0, 16.0, 30.0]),
        st.integers(0, 20 * 64).map(lambda ticks: ticks * TICK_SECONDS),
    ),
    min_size=1,
    max_size=40,
).map(_in_order)
REPLICAS = st.integers(1, 3)


@given(ARRIVALS, REPLICAS)
def test_every_clip_is_served_once(arrivals: list[Waiting], replicas: int) -> None:
    served = [item.number for start in play(arrivals, replicas=replicas).starts for item in start.batch]
    assert sorted(served) == [item.number for item in arrivals]


@given(ARRIVALS, REPLICAS)
def test_nothing_waits_for_company_beyond_the_limit(arrivals: list[Waiting], replicas: int) -> None:
    assert max(play(arrivals, replicas=replicas).idle_wait_seconds.values()) <= LIMITS.max_wait_seconds


def test_company_that_trickles_in_does_not_put_off_the_first() -> None:
    trickle = [Waiting(number, "a", REQUEST, 1.0, number * 0.75) for number in range(10)]
    assert play(trickle, replace(LIMITS, max_count=8)).started_at(0) == LIMITS.max_wait_seconds


@given(ARRIVALS, REPLICAS)
def test_while_live_finals_wait_the_oldest_of_them_leads(arrivals: list[Waiting], replicas: int) -> None:
    for start in play(arrivals, replicas=replicas).starts:
        finals = [item.number for item in start.waiting if item.priority is FINAL]
        assert not finals or start.batch[0].number == min(finals)


@given(ARRIVALS.map(lambda items: [replace(item, key="a", padded_seconds=8.0) for item in items]), REPLICAS)
def test_no_job_rides_while_a_final_like_it_stays_behind(arrivals: list[Waiting], replicas: int) -> None:
    for start in play(arrivals, replicas=replicas).starts:
        left_behind = {item.priority for item in start.waiting} if len(start.batch) < len(start.waiting) else set()
        left_behind &= {item.priority for item in start.waiting if item not in start.batch}
        assert not (FINAL in left_behind and JOB in {item.priority for item in start.batch})


@given(ARRIVALS, REPLICAS)
def test_nothing_newer_but_finals_leads_before_a_clip_that_waited_long(arrivals: list[Waiting], replicas: int) -> None:
    for start in play(arrivals, replicas=replicas).starts:
        leader = start.batch[0]
        aged = [item for item in start.waiting if start.at_seconds - item.since_seconds >= 2 * LIMITS.ageing_seconds]
        assert leader.priority is FINAL or all(leader.number <= item.number for item in aged)


def test_a_final_among_endless_jobs_waits_for_the_running_batch_only() -> None:
    jobs = [Waiting(number, "a", JOB, 8.0, 0.0) for number in range(100)]
    final = Waiting(100, "b", FINAL, 2.0, 1.0)
    longest_batch_seconds = LIMITS.max_count * 8.0 * PACE_RATIO
    assert play([*jobs, final]).started_at(100) - final.since_seconds <= longest_batch_seconds


@pytest.mark.parametrize("key", ["a", "b"])
def test_a_job_is_served_although_more_comes_than_can_be_done(key: str) -> None:
    """Each second brings a request of 8 s, which is 2 s of work, so the queue only grows."""
    limits = replace(LIMITS, max_count=1)
    job = Waiting(0, key, JOB, 8.0, 0.0)
    requests = [Waiting(number, "a", REQUEST, 8.0, (number - 1) * 1.0) for number in range(1, 100)]
    waited_seconds = play([job, *requests], limits).started_at(0)
    assert waited_seconds <= 2 * limits.ageing_seconds + 8.0 * PACE_RATIO


def test_clips_of_another_length_or_key_are_not_passed_over_for_ever() -> None:
    """A steady stream of like clips fills every batch; the odd ones go as soon as they are the oldest."""
    odd = [Waiting(0, "a", REQUEST, 30.0, 0.0), Waiting(1, "b", REQUEST, 8.0, 0.0)]
    like = [Waiting(number, "a", REQUEST, 8.0, (number - 2) * 1.0) for number in range(2, 60)]
    played = play(_in_order([*odd, *like]))
    assert [played.started_at(number) for number in (0, 1)] == [0.0, 30.0 * PACE_RATIO]
