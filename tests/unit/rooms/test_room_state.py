"""The captions of a room, however late, often and disordered they come."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, strategies

from lingting.rooms.state import RoomState
from lingting.storage.rooms.room_records import Caption, captions_from, captions_to, order_of

pytestmark = pytest.mark.unit


def caption(segment: int, revision: int = 0, *, is_final: bool = True, changed: int = 0) -> Caption:
    return Caption(1, segment, revision, segment * 10, segment * 10 + 5, f"{segment}.{revision}", is_final, "", changed)


def test_the_order_of_hearing_does_not_matter() -> None:
    said = [caption(i, revision, is_final=revision == 2) for i in range(1, 8) for revision in range(3)]
    expected = [caption(i, 2) for i in range(1, 8)]
    for seed in range(20):
        shuffled = said * 2
        random.Random(seed).shuffle(shuffled)
        state = RoomState(100)
        for each in shuffled:
            state.apply(each)
        assert state.finals() == expected, f"seed {seed}"
        assert state.shown(100) == expected


def test_a_caption_that_is_no_news_is_told_so() -> None:
    state = RoomState(10)
    assert state.apply(caption(1, 1))
    assert not state.apply(caption(1, 1))
    assert not state.apply(caption(1, 0, is_final=False))


def test_what_fell_off_the_history_does_not_come_back() -> None:
    state = RoomState(2)
    for i in range(1, 5):
        state.apply(caption(i))
    assert not state.apply(caption(1, 5))
    assert [each.segment for each in state.finals()] == [3, 4]


def test_open_captions_are_bounded() -> None:
    state = RoomState(10)
    for i in range(100):
        state.apply(caption(i, is_final=False))
    assert len(state.shown(0)) == 16


def test_stamps_rise_even_when_the_clock_does_not() -> None:
    state = RoomState(10)
    stamps = []
    for i in range(3):
        stamps.append(state.stamp(1_000))
        state.apply(caption(i, changed=stamps[-1]))
    assert (stamps, state.stamp(5_000)) == ([1_000, 1_001, 1_002], 5_000)


def test_what_changed_after_a_position_comes_with_what_was_taken_back() -> None:
    state = RoomState(10)
    state.apply(caption(1, changed=1))
    state.apply(caption(2, changed=2))
    state.apply(replace(caption(1, 1, changed=3), text=""))
    state.apply(caption(3, is_final=False, changed=4))
    assert [(each.segment, each.text) for each in state.changed_after(2, 10)] == [(1, ""), (3, "3.0")]
    assert [each.segment for each in state.changed_after(0, 1)] == [3]


@given(strategies.text(), strategies.integers(1, 999_999), strategies.integers(0, 999_999))
def test_a_caption_survives_the_way_to_another_server(text, publication, segment) -> None:
    encodable = text.encode("utf-8", "replace").decode()
    sent = replace(caption(segment, 3), publication=publication, text=encodable)
    assert captions_from(captions_to([sent]).encode()) == [sent]
    assert order_of(sent.id) == sent.order
