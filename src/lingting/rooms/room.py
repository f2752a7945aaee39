"""One room as this server sees it: its captions, its viewers, and whoever publishes here.

Promises: whoever publishes never waits, neither for a viewer nor for the store; what is said here is shown here at
once; each update is written once for each style of viewer; viewers and what each of them holds are bounded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lingting.domain import Closed, Event
from lingting.domain.errors import Overloaded
from lingting.rooms.captions import Captioner
from lingting.rooms.link import RoomLink
from lingting.rooms.parts import RoomParts
from lingting.rooms.state import RoomState
from lingting.rooms.viewers import MAX_HISTORY, View, Viewer
from lingting.rooms.views import Ended, LiveChange, Snapshot, Update
from lingting.storage.rooms.room_records import Caption, RoomRecord
from lingting.storage.rooms.room_store import Claim
from lingting.telemetry import log

__all__ = ["Publication", "PublishedSession", "Room"]

CACHED_SNAPSHOTS = 16
"""Of one state of the room; there are as many as different wishes among its viewers."""
RETRY_SECONDS = 5.0


class PublishedSession(Protocol):
    """What a room needs of a live session."""

    id: str

    @property
    def closed(self) -> asyncio.Event:
        """Set once nothing of it is left."""
        ...

    @property
    def has_client(self) -> bool:
        """False while it waits for a client whose connection was lost."""
        ...

    @property
    def received_seconds(self) -> float: ...

    def observe(self, callback: Callable[[Event], None]) -> None: ...


@dataclass(slots=True)
class Publication:
    """One session that publishes in a room."""

    session: PublishedSession
    claimant: str
    captioner: Captioner
    is_cut: bool = False
    """Somebody else publishes; what the session still says is not shown."""

    @property
    def keeps_others_out(self) -> bool:
        return self.session.has_client and not self.session.closed.is_set()


class Room:
    """Made and closed by the hub. Belongs to one event loop."""

    def __init__(self, record: RoomRecord, parts: RoomParts) -> None:
        self.record = record
        self.state = RoomState(record.history_limit)
        self.link = RoomLink(record.name, self, parts)
        self.publication: Publication | None = None
        self.publishing = asyncio.Lock()
        self.is_live = False
        self.is_over = False
        self.users = 0
        """Callers in the middle of something; the room is not closed while there are any."""
        self.viewers: set[Viewer] = set()
        self._parts = parts
        self._snapshots: dict[View, Update] = {}

    @property
    def is_idle(self) -> bool:
        return self.link.is_idle and not (self.users or self.viewers or self.publication)

    def stamped(self, caption: Caption) -> Caption:
        """The caption as the latest change of the room."""
        return replace(caption, changed=self.state.stamp(self._now_ms))

    def change(self, caption: Caption) -> None:
        """Show a stamped caption that was made here, and have it kept and told to the others."""
        self.hear([caption])
        self.link.write(caption)
        self._parts.observer.room_caption()

    def begin(self, session: PublishedSession, claim: Claim, claimant: str) -> None:
        """Show what the session says from here on."""
        wall_ms = 0  # the first publication begins the room's time, however long the store took to say so
        if claim.publication > 1:
            wall_ms = self._now_ms - round((claim.begun_at_seconds + session.received_seconds) * 1_000)
        publication = Publication(session, claimant, Captioner(claim.publication, max(wall_ms, self.state.end_ms)))
        self.publication = publication
        session.observe(lambda event: self._said(publication, event))
        self.link.hold(claimant)
        self.hear_live(is_live=True)

    def finish(self, publication: Publication) -> None:
        """The session is over."""
        self.link.let_go(publication.claimant)
        if self.publication is publication:
            self.publication = None
            self.hear_live(is_live=False)

    def hear(self, captions: Sequence[Caption]) -> None:
        """Take in captions, from here or from elsewhere, and show those that are news."""
        for caption in captions:
            if self.state.apply(caption):
                self._show(Update(caption))

    def hear_live(self, is_live: bool) -> None:
        if self.publication is not None:
            is_live = True
        if is_live != self.is_live:
            self.is_live = is_live
            self._show(Update(LiveChange(is_live)))

    def holds_lease(self) -> bool:
        """Whether the publisher is still there, so that others are kept out."""
        publication = self.publication
        if publication is not None and publication.session.closed.is_set():
            self.finish(publication)
            return False
        return publication is not None and publication.keeps_others_out

    def displaced(self) -> None:
        """Another server's publisher took over while this one could not be heard of."""
        if self.publication is not None:
            log.warning("room.displaced", room=self.record.name)
            self.publication.is_cut = True
            self.publication = None

    def end(self) -> None:
        """The room is gone: every viewer is told."""
        if not self.is_over:
            self.is_over = True
            if self.publication is not None:
                self.publication.is_cut = True
                self.publication = None
            self._show(Update(Ended()))

    def watch(self, view: View) -> Viewer:
        """raises    Overloaded when the room is full"""
        most = self._parts.settings.max_viewers
        if len(self.viewers) >= most:
            raise Overloaded(f"{most} viewers watch the room, the limit here", retry_after_seconds=RETRY_SECONDS)
        viewer = Viewer(self, view, capacity=self._parts.settings.waiting_updates)
        self.viewers.add(viewer)
        self._parts.observer.room_viewer_joined()
        return viewer

    def left(self, viewer: Viewer) -> None:
        if viewer in self.viewers:
            self.viewers.remove(viewer)
            self._parts.observer.room_viewer_left()

    def skipped(self, count: int) -> None:
        self._parts.observer.room_updates_skipped(count)

    def snapshot(self, view: View, *, skipped: int, is_resumed: bool) -> Update:
        """What a viewer is told first, or after it fell behind; the usual ones are made once."""
        if view.after is not None and is_resumed:
            return Update(self._snapshot(self.state.changed_after(view.after, MAX_HISTORY), is_resumed=True))
        if skipped:
            return Update(self._snapshot(self.state.shown(view.history), skipped=skipped))
        usual = replace(view, after=None)
        if usual not in self._snapshots:
            if len(self._snapshots) >= CACHED_SNAPSHOTS:
                self._snapshots.clear()
            self._snapshots[usual] = Update(self._snapshot(self.state.shown(view.history)))
        return self._snapshots[usual]

    def _snapshot(self, captions: Sequence[Caption], *, skipped: int = 0, is_resumed: bool = False) -> Snapshot:
        return Snapshot(self.record, captions, self.is_live, self.state.latest, skipped, is_resumed)

    def _said(self, publication: Publication, event: Event) -> None:
        if publication.is_cut or self.is_over:
            return
        for caption in publication.captioner.take(event):
            self.change(self.stamped(caption))
        if isinstance(event, Closed):
            self.finish(publication)

    def _show(self, update: Update) -> None:
        self._snapshots.clear()
        for viewer in self.viewers:
            viewer.put(update)

    @property
    def _now_ms(self) -> int:
        return round(self._parts.clock.now().timestamp() * 1_000)
