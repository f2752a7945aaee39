"""A scripted engine that is reached over a network, as its callers see it; for tests here and in users' own projects.

It opens no connection. A script is a function of the clip; while it is `held`, calls wait until it is let go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lingting.domain import Hypothesis
from lingting.engines.base import Capabilities, Clip
from lingting.engines.fake import FAKE_CAPABILITIES, Answer, scripted, seconds_heard

__all__ = ["FakeRemote"]


class FakeRemote:
    """A `RemoteEngine` that answers from a script.

    script         what it says of a clip; an exception is raised
    capabilities   the record it shows
    """

    def __init__(
        self,
        script: Callable[[Clip], Answer] = seconds_heard,
        *,
        capabilities: Capabilities = FAKE_CAPABILITIES,
    ) -> None:
        self.script = script
        self._capabilities = capabilities
        self._free = asyncio.Event()
        self._free.set()
        self.heard: list[Clip] = []
        """What it was asked for, in order."""
        self.in_hand = 0
        self.most_in_hand = 0
        self.cancelled = 0
        """Calls whose caller went before the answer."""
        self.is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def hold(self) -> None:
        """Answer nobody until `let_go`."""
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()

    async def transcribe(self, clip: Clip) -> Hypothesis:
        assert not self.is_closed, "the engine was closed"
        self.heard.append(clip)
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        try:
            await self._free.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_hand -= 1
        return scripted(clip, self.script(clip))

    async def aclose(self) -> None:
        self.is_closed = True
