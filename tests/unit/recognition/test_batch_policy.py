"""Which waiting clips go now: tables for the single rules, random queues for what always holds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain import Priority
from lingting.recognition.batch_policy import BatchLimits, Plan, Waiting, plan_batch, rank

pytestmark = pytest.mark.unit

LIMITS = BatchLimits(
    max_count=8, budget_seconds=240.0, max_padding_ratio=0.5, max_wait_seconds=0.01, ageing_seconds=5.0
)
NOW = 1_000.0
FINAL, PARTIAL, REQUEST, JOB = Priority


def clip(
    number: int, padded_seconds: float = 8.0, *, priority: Priority = REQUEST, age: float = 1.0, key: str = "a"
) -> Waiting:
    return Waiting(number, key, priority, padded_seconds, NOW - age)


def chosen(*waiting: Waiting, limits: BatchLimits = LIMITS) -> tuple[int, ...]:
    return plan_batch(waiting, limits, now_seconds=NOW).numbers


@pytest.mark.parametrize(
    ("priority", "age_seconds", "expected"),
    [
        (FINAL, 0.0, 0),
        (FINAL, 100.0, 0),
        (PARTIAL, 100.0, 1),
        (REQUEST, 4.9, 2),
        (REQUEST, 5.0, 1),
        (REQUEST, 100.0, 1),
        (JOB, 4.9, 3),
        (JOB, 5.0, 2),
        (JOB, 10.0, 1),
        (JOB, 100_000.0, 1),
        (JOB, -1.0, 3),
    ],
)
def test_age_lifts_a_clip_up_to_the_partials_and_no_further(
    priority: Priority, age_seconds: float, expected: int
) -> None:
    assert rank(clip(0, priority=priority, age=age_seconds), ageing_seconds=5.0, now_seconds=NOW) == expected


def test_nothing_is_planned_when_nothing_waits() -> None:
    assert plan_batch([], LIMITS, now_seconds=NOW) == Plan((), 0.0)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([8.0, 8.0, 8.0], (0, 1, 2)),
        ([8.0, 30.0], (0,)),  # the short one leads and would be fed 30 s
        ([30.0, 6.0], (0,)),  # the long one leads; 24 of the 30 s it adds would be padding
        ([30.0, 15.0], (0, 1)),  # half padding is the limit
        ([30.0, 14.9], (0,)),
        ([8.0, 10.0], (0, 1)),
        ([8.0, 8.0, 8.0, 8.0, 15.0], (0, 1, 2, 3)),  # it would stretch four others
        ([8.0, 30.0, 9.0, 8.0], (0, 3, 2)),  # the most alike first
        ([100.0, 100.0, 100.0], (0, 1)),  # 300 s are over the budget
        ([500.0], (0,)),  # alone it goes whatever it costs
        ([500.0, 1.0], (0,)),
    ],
)
def test_clips_of_similar_length_share_a_batch(sizes: list[float], expected: tuple[int, ...]) -> None:
    assert chosen(*(clip(i, size) for i, size in enumerate(sizes))) == expected


def test_company_is_taken_by_urgency_before_likeness() -> None:
    queue = [
        clip(0, 8.0, priority=FINAL),
        clip(1, 8.0, priority=JOB),
        clip(2, 9.0, priority=REQUEST),
        clip(3, 10.0, priority=PARTIAL),
    ]
    assert chosen(*queue, limits=replace(LIMITS, max_count=3)) == (0, 3, 2)


def test_clips_with_another_key_stay_behind() -> None:
    assert chosen(clip(0, key="a"), clip(1, key="b"), clip(2, key="a")) == (0, 2)


def test_a_final_that_came_last_leads() -> None:
    assert chosen(clip(0, age=9.0), clip(1, priority=FINAL, age=0.0, key="b")) == (1,)


def test_an_aged_job_goes_before_a_fresh_partial() -> None:
    assert chosen(clip(0, priority=PARTIAL, age=1.0, key="b"), clip(1, priority=JOB, age=10.0)) == (1,)


@pytest.mark.parametrize(
    ("queue", "limits", "expected_seconds"),
    [
        ([clip(0, age=0.0)], LIMITS, 0.01),
        ([clip(0, age=0.004)], LIMITS, 0.006),
        ([clip(0, age=0.01)], LIMITS, 0.0),
        ([clip(0, age=5.0), clip(1, age=0.0)], LIMITS, 0.0),  # the oldest has waited enough
        ([clip(0, age=0.0)], replace(LIMITS, max_wait_seconds=0.0), 0.0),
        ([clip(0, age=0.0)], replace(LIMITS, max_count=1), 0.0),  # there is no room for company
        ([clip(0, 200.0, age=0.0)], LIMITS, 0.0),  # nor is there in the budget
        ([clip(0, age=0.0), clip(1, age=0.0, key="b")], LIMITS, 0.0),  # another one would be kept waiting
        ([clip(0, 8.0, age=0.0), clip(1, 30.0, age=0.0)], LIMITS, 0.0),
    ],
)
def test_a_batch_is_held_only_while_company_could_help(
    queue: list[Waiting], limits: BatchLimits, expected_seconds: float
) -> None:
    assert plan_batch(queue, limits, now_seconds=NOW).wait_seconds == pytest.approx(expected_seconds, abs=1e-6)


@pytest.mark.parametrize(("replicas", "expected"), [(1, 5), (2, 3), (4, 2), (5, 1), (8, 1)])
def test_a_replica_takes_only_its_share(replicas: int, expected: int) -> None:
    queue = [clip(number) for number in range(5)]
    plan = plan_batch(queue, LIMITS, now_seconds=NOW, replicas=replicas)
    assert plan.numbers == tuple(range(expected))


def test_a_job_is_served_under_endless_requests_and_partials() -> None:
    limits = replace(LIMITS, max_count=1, max_wait_seconds=0.0)
    queue = [Waiting(0, "a", JOB, 8.0, 0.0)]
    for second in range(1, 100):
        queue += [
            Waiting(2 * second, "a", REQUEST, 8.0, float(second)),
            Waiting(2 * second + 1, "a", PARTIAL, 8.0, float(second)),
        ]
        (served,) = plan_batch(queue, limits, now_seconds=float(second)).numbers
        if served == 0:
            break
        queue = [item for item in queue if item.number != served]
    assert second <= 2 * limits.ageing_seconds + 1


QUEUES = st.lists(
    st.builds(
        clip,
        st.just(0),
        st.floats(0.0, 40.0),
        priority=st.sampled_from(Priority),
        age=st.floats(0.0, 30.0),
        key=st.sampled_from("abc"),
    ),
    min_size=1,
    max_size=30,
).map(lambda clips: [replace(item, number=number) for number, item in enumerate(clips)])
RANDOM_LIMITS = st.builds(
    BatchLimits,
    max_count=st.integers(1, 10),
    budget_seconds=st.floats(1.0, 300.0),
    max_padding_ratio=st.floats(0.0, 1.0),
    max_wait_seconds=st.floats(0.0, 1.0),
    ageing_seconds=st.floats(0.1, 60.0),
)


@given(QUEUES, RANDOM_LIMITS)
def test_every_batch_keeps_within_its_limits(queue: list[Waiting], limits: BatchLimits) -> None:
    plan = plan_batch(queue, limits, now_seconds=NOW)
    batch = [queue[number] for number in plan.numbers]
    cost_seconds = max(item.padded_seconds for item in batch) * len(batch)
    padding_seconds = cost_seconds - sum(item.padded_seconds for item in batch)
    assert len(set(plan.numbers)) == len(batch) <= limits.max_count
    assert len({item.key for item in batch}) == 1
    assert len(batch) == 1 or cost_seconds <= limits.budget_seconds + 1e-5
    assert padding_seconds <= limits.max_padding_ratio * cost_seconds + 1e-4
    assert 0.0 <= plan.wait_seconds <= limits.max_wait_seconds + 1e-9


@given(QUEUES, RANDOM_LIMITS)
def test_the_most_urgent_and_then_the_oldest_always_goes(queue: list[Waiting], limits: BatchLimits) -> None:
    def urgency(item: Waiting) -> tuple[int, float, int]:
        return rank(item, ageing_seconds=limits.ageing_seconds, now_seconds=NOW), item.since_seconds, item.number

    assert plan_batch(queue, limits, now_seconds=NOW).numbers[0] == min(queue, key=urgency).number


@given(QUEUES, RANDOM_LIMITS, st.randoms(use_true_random=False))
def test_the_plan_does_not_depend_on_the_order_of_the_list(queue: list[Waiting], limits: BatchLimits, random) -> None:
    plan = plan_batch(queue, limits, now_seconds=NOW)
    shuffled = random.sample(queue, len(queue))
    assert plan_batch(shuffled, limits, now_seconds=NOW) == plan


@given(QUEUES, RANDOM_LIMITS)
def test_a_queue_that_is_served_runs_empty(queue: list[Waiting], limits: BatchLimits) -> None:
    left = {item.number: item for item in queue}
    for _ in range(len(queue)):
        for number in plan_batch(left.values(), limits, now_seconds=NOW).numbers:
            del left[number]
    assert not left
