"""The one table of a job's states, pair by pair."""

import itertools

import pytest

from lingting.domain.job import ENDED, OPEN, TRANSITIONS, JobState, may_become, states_before

pytestmark = pytest.mark.unit
ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("queued", "failed"),
    ("running", "queued"),
    ("running", "cancelling"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("cancelling", "cancelled"),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobState, JobState)))
def test_a_state_may_follow_another_only_if_listed(before, after) -> None:
    assert may_become(before, after) == ((before, after) in ALLOWED)


@pytest.mark.parametrize("state", JobState)
def test_what_comes_before_agrees_with_what_comes_after(state) -> None:
    assert states_before(state) == {before for before in JobState if may_become(before, state)}


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(JobState)


def test_a_job_that_has_ended_stays_so() -> None:
    assert {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED} == ENDED
    assert not any(TRANSITIONS[state] for state in ENDED)


def test_every_open_state_leads_to_an_end() -> None:
    for state in OPEN:
        reached = {state}
        for _ in JobState:
            reached |= {after for before in reached for after in TRANSITIONS[before]}
        assert reached & ENDED
