"""What a client keeps to send again."""

import random

import pytest

from lingting.client.backlog import Backlog

pytestmark = pytest.mark.unit


def written(*lengths: int, limit: int = 1_000) -> Backlog:
    backlog = Backlog(limit)
    for index, length in enumerate(lengths):
        backlog.write(bytes([index]) * length)
    return backlog


def taken(backlog: Backlog) -> bytes:
    pieces = []
    while (piece := backlog.take()) is not None:
        pieces.append(piece)
    return b"".join(pieces)


def test_pieces_are_sent_once_and_in_order() -> None:
    backlog = written(2, 3)
    assert (backlog.take(), backlog.take(), backlog.take()) == (b"\0\0", b"\1\1\1", None)


def test_what_is_final_is_let_go() -> None:
    backlog = written(4, 4, 4)
    taken(backlog)
    backlog.settle(8)
    assert (backlog.start, backlog.end) == (8, 12)


def test_a_piece_that_is_partly_final_stays_but_is_not_sent_whole() -> None:
    backlog = written(4, 4)
    taken(backlog)
    backlog.settle(6)
    assert backlog.restart() == 6
    assert taken(backlog) == b"\1\1"


def test_a_rewind_finds_the_end_of_the_piece_the_server_has() -> None:
    backlog = written(10, 11, 10)
    taken(backlog)
    assert backlog.rewind(20, 26) == (21, 21)
    assert len(taken(backlog)) == 10


def test_a_rewind_between_two_ends_sends_from_the_lower_bound() -> None:
    backlog = written(10, 10)
    taken(backlog)
    assert backlog.rewind(12, 14) == (12, 12)
    assert taken(backlog) == b"\1" * 8


def test_what_was_written_during_the_outage_is_sent_after_the_rest() -> None:
    backlog = written(10)
    taken(backlog)
    backlog.write(b"x" * 5)
    backlog.rewind(10, 12)
    assert taken(backlog) == b"x" * 5


def test_unconfirmed_audio_fills_it_and_confirmed_audio_makes_room() -> None:
    backlog = written(6, 4, limit=10)
    assert backlog.is_full
    taken(backlog)
    backlog.confirm(6)
    assert not backlog.is_full
    backlog.write(b"y" * 6)
    assert (backlog.start, backlog.end) == (6, 16)


def test_an_outage_longer_than_the_buffer_says_what_is_missing() -> None:
    backlog = written(6, 6, 6, limit=10)
    taken(backlog)
    backlog.confirm(18)
    backlog.write(b"z")
    assert backlog.rewind(3, 4) == (3, 6)


def test_only_what_was_sent_can_be_confirmed() -> None:
    backlog = written(4, 4)
    backlog.take()
    backlog.confirm(8)
    assert backlog.confirmed == 4


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_the_server_gets_every_byte_once(seed) -> None:
    """A server that takes in a random part of what is sent before each loss, and makes some of it final."""
    chance = random.Random(seed)
    backlog = Backlog(100_000)
    spoken = bytes(chance.randrange(256) for _ in range(3_000))
    written_bytes = settled = 0
    heard = b""
    while len(heard) < len(spoken):
        length = chance.randrange(1, 60)
        backlog.write(spoken[written_bytes : written_bytes + length])
        written_bytes = min(len(spoken), written_bytes + length)
        while chance.random() < 0.8 and (piece := backlog.take()) is not None:
            if chance.random() < 0.9:
                heard += piece
                backlog.confirm(len(heard))
                continue
            place, start = backlog.rewind(len(heard), len(heard) + 1)
            assert place == start == len(heard)
        if chance.random() < 0.3:
            settled = chance.randrange(settled, len(heard) + 1)
            backlog.settle(settled)
    assert heard == spoken
