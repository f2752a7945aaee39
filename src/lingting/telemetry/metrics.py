"""All metrics of one server. With the areas beside it, the only room that imports a metrics library.

Promises: base units; labels are few and never hold a user, a key, a file or a text.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from lingting.telemetry.areas.access import AccessMetrics
from lingting.telemetry.areas.audit import AuditMetrics
from lingting.telemetry.areas.cache import CacheMetrics
from lingting.telemetry.areas.commands import CommandMetrics
from lingting.telemetry.areas.dialogue import DialogueMetrics
from lingting.telemetry.areas.doors import DoorMetrics
from lingting.telemetry.areas.engine import EngineMetrics
from lingting.telemetry.areas.jobs import JobMetrics
from lingting.telemetry.areas.limits import LimitMetrics
from lingting.telemetry.areas.live import LiveMetrics
from lingting.telemetry.areas.outbound import OutboundMetrics
from lingting.telemetry.areas.process import ProcessMetrics
from lingting.telemetry.areas.rooms import RoomMetrics
from lingting.telemetry.areas.routing import RoutingMetrics
from lingting.telemetry.areas.speech import SpeechMetrics
from lingting.telemetry.areas.storage import StorageMetrics

__all__ = ["METRICS_CONTENT_TYPE", "Telemetry"]

METRICS_CONTENT_TYPE = CONTENT_TYPE_LATEST


class Telemetry:
    """A registry of its own, and the part of each area; a room is handed the part that is about it."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.doors = DoorMetrics(registry)
        self.engine = EngineMetrics(registry)
        self.live = LiveMetrics(registry, self.engine)
        self.routing = RoutingMetrics(registry)
        self.rooms = RoomMetrics(registry)
        self.access = AccessMetrics(registry)
        self.limits = LimitMetrics(registry)
        self.audit = AuditMetrics(registry)
        self.storage = StorageMetrics(registry)
        self.cache = CacheMetrics(registry)
        self.jobs = JobMetrics(registry)
        self.outbound = OutboundMetrics(registry)
        self.commands = CommandMetrics(registry)
        self.dialogue = DialogueMetrics(registry)
        self.speech = SpeechMetrics(registry)
        self.process = ProcessMetrics(registry)

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    @property
    def metric_names(self) -> list[str]:
        """Every metric, without the suffixes that Prometheus adds."""
        return sorted(family.name for family in self._registry.collect())
