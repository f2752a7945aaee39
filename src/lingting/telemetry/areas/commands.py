"""Metrics of commands that are told to others; never which, nor where."""

from __future__ import annotations

import itertools

from prometheus_client import CollectorRegistry, Counter, Gauge

__all__ = ["CommandMetrics"]

OUTCOMES = ("delivered", "expired", "dropped")


class CommandMetrics:
    """Told by the lines of commands and the link to the broker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._told = Counter(
            "asr_commands", "Matched commands told to others", ["target", "outcome"], registry=registry
        )
        for target, outcome in (*itertools.product(("mqtt", "webhook"), OUTCOMES), ("matching", "dropped")):
            self._told.labels(target, outcome)
        self._waiting = Gauge(
            "asr_commands_waiting", "Commands that wait for their receiver", ["target"], registry=registry
        )
        self._connected = Gauge("asr_commands_mqtt_connected", "Whether the MQTT broker is there", registry=registry)

    def command_told(self, target: str, outcome: str) -> None:
        """target: `mqtt`, `webhook`, or `matching` for finals; outcome: `delivered`, `expired` or `dropped`"""
        self._told.labels(target, outcome).inc()

    def commands_waiting(self, target: str, count: int) -> None:
        self._waiting.labels(target).set(count)

    def mqtt_connected(self, *, connected: bool) -> None:
        self._connected.set(int(connected))
