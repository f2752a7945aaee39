"""What a decoder process gives up before it reads a stranger's bytes, and the processor time it has for them."""

from __future__ import annotations

import os
import resource
import signal

__all__ = ["CpuAllowance", "confine"]

CPU_SECONDS_TO_BEGIN = 30.0
CPU_SECONDS_PER_AUDIO_SECOND = 0.25
"""A hundred times what the slowest honest codec needs; input made to be slow is ended by the kernel."""


class CpuAllowance:
    """Processor time for one file or stream, granted as its audio comes out; the kernel ends the process past it."""

    def __init__(self) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._limit_seconds = usage.ru_utime + usage.ru_stime + CPU_SECONDS_TO_BEGIN
        self.extend(0.0)

    def extend(self, audio_seconds: float) -> None:
        self._limit_seconds += audio_seconds * CPU_SECONDS_PER_AUDIO_SECOND
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(self._limit_seconds) + 1, hard))


def confine(*, memory_bytes: int, spare_files: int) -> None:
    """Give up what decoding does not need; it cannot be undone. The first descriptor, the socket, stays.

    memory_bytes   counted on top of what the libraries already map; only Linux enforces it
    spare_files    how many files may be opened beyond those that are open
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    mapped_bytes = _mapped_bytes()
    if mapped_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (mapped_bytes + memory_bytes,) * 2)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(silence, stream)
    os.close(silence)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + spare_files,) * 2)


def _mapped_bytes() -> int | None:
    """The address space in use; None where the system does not say (only Linux enforces the limit)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib is one more import here
            return int(statm.read().split()[0]) * resource.getpagesize()
    except FileNotFoundError:
        return None
