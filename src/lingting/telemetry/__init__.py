"""What operators see of a server: log lines, request ids and metrics."""

from __future__ import annotations

from lingting.telemetry.logs import configure_logs, log, request_id, take_request_id
from lingting.telemetry.metrics import METRICS_CONTENT_TYPE, BatchFigures, Telemetry

__all__ = [
    "METRICS_CONTENT_TYPE",
    "BatchFigures",
    "Telemetry",
    "configure_logs",
    "log",
    "request_id",
    "take_request_id",
]
