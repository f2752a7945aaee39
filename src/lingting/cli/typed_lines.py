"""Lines of standard input as they come, from a keyboard, a pipe or a file, without a thread that cannot be ended."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

__all__ = ["typed_lines"]

READ_BYTES = 65_536
MAX_LINE_BYTES = 1_048_576


async def typed_lines() -> AsyncIterator[str]:
    """Each without its end, until there is no more."""
    loop, reader, fd = asyncio.get_running_loop(), asyncio.StreamReader(limit=MAX_LINE_BYTES), sys.stdin.fileno()

    def take() -> None:
        data = os.read(fd, READ_BYTES)
        if data:
            reader.feed_data(data)
        else:
            loop.remove_reader(fd)
            reader.feed_eof()

    try:
        loop.add_reader(fd, take)
    except PermissionError:  # a file, which is always there to be read
        reader.feed_data(await asyncio.to_thread(sys.stdin.buffer.read))
        reader.feed_eof()
    try:
        while line := await reader.readline():
            yield line.decode(errors="replace").strip()
    finally:
        loop.remove_reader(fd)
