"""Which waiting clips go to the engine now. Pure: the queue, the limits and the time are arguments.

Promises: the most urgent clip is always in the batch; what rides with it shares its key, fits the budget and
wastes little on padding; no clip waits longer than `max_wait_seconds` for company that may never come; no clip
is passed over for ever, see `rank`. Who may enter the queue, and what happens to a batch, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from lingting.domain import Priority

__all__ = ["BatchLimits", "Plan", "Waiting", "plan_batch", "rank"]

ROUNDING_SECONDS = 1e-6
"""Costs are sums of floats; this much over the budget is rounding, not cost."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What a batch may be."""

    max_count: int
    budget_seconds: float
    """Bound of `longest padded seconds x count`; a single clip goes whatever it costs."""
    max_padding_ratio: float
    """Of the cost that a clip adds to a batch, the part that may be padding, 0..1."""
    max_wait_seconds: float
    """How long a clip may wait for company while a replica is idle."""
    ageing_seconds: float
    """After each such time a waiting request or job is as urgent as the next kind above it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the policy knows of one clip."""

    number: int
    """Unique; smaller was accepted earlier."""
    key: Hashable
    """Clips with equal keys may share a batch."""
    priority: Priority
    padded_seconds: float
    since_seconds: float
    """When its wait began, by the scheduler's clock."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The best batch, and whether to hold it a little for company."""

    numbers: tuple[int, ...]
    """The most urgent first; empty when nothing waits."""
    wait_seconds: float
    """0.0 to go now; otherwise look again after that time or at the next arrival."""


def rank(item: Waiting, *, ageing_seconds: float, now_seconds: float) -> int:
    """Return the urgency of a clip, smaller is sooner: its priority, improved by its age.

    A job becomes as urgent as a request after `ageing_seconds` and as a partial after twice that; a request as
    a partial after once that. Equal ranks go oldest first, so then it is ahead of all that came later. Age never
    lifts anything to the rank of a live final: only finals that fill the engine by themselves can hold a job back.
    """
    if item.priority <= Priority.STREAM_PARTIAL:
        return int(item.priority)
    steps = int(max(0.0, now_seconds - item.since_seconds) / ageing_seconds)
    return max(int(Priority.STREAM_PARTIAL), int(item.priority) - steps)


def plan_batch(waiting: Collection[Waiting], limits: BatchLimits, *, now_seconds: float, replicas: int = 1) -> Plan:
    """Choose the batch that a free replica should take, and whether it should go at once.

    It is held back only if company could help: everything that waits is in it, and one more such clip would fit.
    With several replicas it takes only its share of what waits, so that they work side by side and end together.
    """
    if not waiting:
        return Plan((), 0.0)
    ranks = {item.number: rank(item, ageing_seconds=limits.ageing_seconds, now_seconds=now_seconds) for item in waiting}
    leader = min(waiting, key=lambda item: (ranks[item.number], item.since_seconds, item.number))
    company = sorted(
        (item for item in waiting if item.key == leader.key and item is not leader),
        key=lambda item: (
            ranks[item.number],
            abs(item.padded_seconds - leader.padded_seconds),
            item.since_seconds,
            item.number,
        ),
    )
    chosen = _gather(leader, company, limits)
    held = len(chosen) == len(waiting) and _has_room(chosen, limits)
    ripe_at = min(item.since_seconds for item in chosen) + limits.max_wait_seconds
    share = -(-len(waiting) // replicas)
    return Plan(tuple(item.number for item in chosen[:share]), max(0.0, ripe_at - now_seconds) if held else 0.0)


def _gather(leader: Waiting, company: Collection[Waiting], limits: BatchLimits) -> list[Waiting]:
    """Add what fits, in the order given; a clip that would waste too much is passed over, not waited for."""
    chosen = [leader]
    shortest_seconds = longest_seconds = cost_seconds = leader.padded_seconds
    for item in company:
        if len(chosen) >= limits.max_count:
            break
        next_shortest_seconds = min(shortest_seconds, item.padded_seconds)
        next_longest_seconds = max(longest_seconds, item.padded_seconds)
        next_cost_seconds = next_longest_seconds * (len(chosen) + 1)
        added_seconds = next_cost_seconds - cost_seconds
        padding_seconds = added_seconds - item.padded_seconds
        if next_cost_seconds > limits.budget_seconds + ROUNDING_SECONDS:
            continue
        if padding_seconds > limits.max_padding_ratio * added_seconds + ROUNDING_SECONDS:
            continue
        if (
            next_longest_seconds - next_shortest_seconds
            > limits.max_padding_ratio * next_longest_seconds + ROUNDING_SECONDS
        ):
            continue
        chosen.append(item)
        shortest_seconds, longest_seconds = next_shortest_seconds, next_longest_seconds
        cost_seconds = next_cost_seconds
    return chosen


def _has_room(chosen: Collection[Waiting], limits: BatchLimits) -> bool:
    count = len(chosen) + 1
    longest_seconds = max(item.padded_seconds for item in chosen)
    return count <= limits.max_count and longest_seconds * count <= limits.budget_seconds + ROUNDING_SECONDS
