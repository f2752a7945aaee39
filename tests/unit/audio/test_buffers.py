"""Frames out of ragged pieces, and the ring that remembers the last of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.audio.buffers import FrameChunker, RingBuffer

pytestmark = pytest.mark.unit


@given(lengths=st.lists(st.integers(0, 50), max_size=20), frame=st.integers(1, 16))
def test_frames_join_to_what_went_in(lengths, frame):
    total = sum(lengths)
    samples = np.arange(1, total + 1, dtype=np.float32)
    chunker, frames, position = FrameChunker(frame), [], 0
    for length in lengths:
        frames.append(chunker.push(samples[position : position + length]))
        position += length
    frames.append(chunker.finish())
    joined = np.concatenate(frames)
    assert joined.shape == (-(-total // frame), frame)
    assert np.array_equal(joined.reshape(-1)[:total], samples)
    assert not joined.reshape(-1)[total:].any()


@given(lengths=st.lists(st.integers(0, 40), max_size=20), capacity=st.integers(1, 30))
def test_a_ring_holds_exactly_the_latest_samples(lengths, capacity):
    total = sum(lengths)
    samples = np.arange(total, dtype=np.float32)
    ring, position = RingBuffer(capacity), 0
    for length in lengths:
        ring.push(samples[position : position + length])
        position += length
    assert (ring.start_samples, ring.end_samples) == (max(0, total - capacity), total)
    assert np.array_equal(ring.read(0, total + 5), samples[max(0, total - capacity) :])
    assert np.array_equal(
        ring.read(total - 3, total - 1), samples[max(ring.start_samples, total - 3) : max(0, total - 1)]
    )
