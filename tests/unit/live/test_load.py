"""How many may speak at once, and what becomes of partials when finals come late."""

from __future__ import annotations

import pytest

from lingting.domain import NoticeKind
from lingting.live.load import Level, LoadMeter, capacity

pytestmark = pytest.mark.unit


def overloaded(*, hears_once: bool) -> LoadMeter:
    meter = LoadMeter(hears_once=hears_once)
    while meter.level is not Level.STOPPED:
        meter.final_took(10.0)
    return meter


def test_partials_stop_when_finals_come_late() -> None:
    meter = overloaded(hears_once=False)
    assert not meter.pace.drafts
    assert meter.notice[0] is NoticeKind.PARTIALS_STOPPED


def test_partials_go_on_where_the_final_would_have_to_hear_what_they_leave_out() -> None:
    meter = overloaded(hears_once=True)
    assert meter.pace.drafts
    assert not meter.pace.guesses
    assert meter.notice[0] is NoticeKind.PARTIALS_SLOWED


def test_partials_that_go_on_become_rarer_the_longer_they_take() -> None:
    meter = overloaded(hears_once=True)
    before = meter.pace.least_interval_seconds
    meter.draft_took(4.0)
    meter.final_took(4.0)
    assert meter.pace.least_interval_seconds > before


def test_more_may_speak_where_each_sound_is_heard_once() -> None:
    assert capacity(pace_ratio=0.1, replicas=3) == 9
    assert capacity(pace_ratio=0.1, replicas=3, hears_once=True) == 20


def test_one_may_always_speak() -> None:
    assert capacity(pace_ratio=50.0, replicas=1, hears_once=True) == 1
