"""What operators see of a server: log lines, request ids and metrics."""

from __future__ import annotations

from lingting.telemetry.logs import about, configure_logs, log, request_id, take_request_id
from lingting.telemetry.loop_watch import watching_the_loop
from lingting.telemetry.metrics import METRICS_CONTENT_TYPE, Telemetry
from lingting.telemetry.traces import span

__all__ = [
    "METRICS_CONTENT_TYPE",
    "Telemetry",
    "about",
    "configure_logs",
    "log",
    "request_id",
    "span",
    "take_request_id",
    "watching_the_loop",
]
