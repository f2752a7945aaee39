"""Keeps the C library's heap from growing with the largest batch there ever was. The only module that tunes it."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["give_heap_back", "keep_heap_flat"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Source: glibc, malloc.h."""
BIG_BYTES = 4 * 2**20
"""Buffers of the engine from this size on go back to the system as soon as they are free; glibc raises its own bound
to 32 MiB after the first of that size, and then keeps them."""
SPARE_BYTES = 64 * 2**20
ARENAS = 2
"""Heaps for all threads together; each keeps what its busiest moment needed."""


def keep_heap_flat() -> None:
    """Call once, before threads start; does nothing where there is no glibc."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for name, value in ((M_MMAP_THRESHOLD, BIG_BYTES), (M_TRIM_THRESHOLD, SPARE_BYTES), (M_ARENA_MAX, ARENAS)):
        mallopt(name, value)


def give_heap_back() -> None:
    """Return to the system what a closed model has left free. Blocking."""
    if sys.platform != "linux":
        return
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:
        malloc_trim(0)
