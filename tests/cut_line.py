"""A line to a server that a test can cut, and have lead to another server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

__all__ = ["Cuts", "relay"]


class Cuts:
    """A relay between client and server that cuts each connection, after so many bytes or when it is told to."""

    def __init__(self, port: int, after_bytes: Iterable[int] = ()) -> None:
        self.target: int | None = port
        """None refuses them."""
        self._after_bytes = iter(after_bytes)
        self._open: set[asyncio.StreamWriter] = set()
        self.connections = 0

    def cut(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self.target is None:
            writer.transport.abort()
            return
        limit_bytes = next(self._after_bytes, None)
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._open |= {writer, there_writer}
        await asyncio.gather(self._pass(reader, there_writer, limit_bytes), self._pass(there_reader, writer, None))
        self._open -= {writer, there_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit_bytes: int | None) -> None:
        passed_bytes = 0
        try:
            while data := await reader.read(4_096):
                writer.write(data)
                await writer.drain()
                passed_bytes += len(data)
                if limit_bytes is not None and passed_bytes >= limit_bytes:
                    self.cut()
        except OSError:
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def relay(port: int, after_bytes: Iterable[int] = ()) -> AsyncIterator[tuple[Cuts, int]]:
    """The relay, and the port to call instead."""
    cuts = Cuts(port, after_bytes)
    listening = await asyncio.start_server(cuts.take, "127.0.0.1", 0)
    try:
        yield cuts, listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        cuts.cut()
