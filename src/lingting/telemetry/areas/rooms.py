"""Metrics of subtitle rooms."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

__all__ = ["RoomMetrics"]


class RoomMetrics:
    """Watches subtitle rooms and their viewers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rooms = Gauge("asr_rooms", "Subtitle rooms that somebody here publishes or follows", registry=registry)
        self._viewers = Gauge("asr_room_viewers", "Viewers of all rooms", registry=registry)
        self._captions = Counter("asr_room_captions", "Captions published, each change counted", registry=registry)
        self._skipped = Counter("asr_room_updates_skipped", "Updates slow viewers did not get", registry=registry)
        self._cut = Counter("asr_room_viewers_cut", "Viewers cut off for not reading", registry=registry)

    def rooms_open(self, count: int) -> None:
        self._rooms.set(count)

    def room_viewer_joined(self) -> None:
        self._viewers.inc()

    def room_viewer_left(self) -> None:
        self._viewers.dec()

    def room_caption(self) -> None:
        self._captions.inc()

    def room_updates_skipped(self, count: int) -> None:
        self._skipped.inc(count)

    def room_viewer_cut(self) -> None:
        self._cut.inc()
