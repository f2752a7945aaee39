"""The composition root: settings become parts, parts become a server; started and stopped here."""

from __future__ import annotations

from lingting.server.engine import load_catalog, locate_model
from lingting.server.kept import open_audit, open_kept
from lingting.server.opening import open_services
from lingting.server.recognition import Recognition, open_recognition
from lingting.server.worker import run_worker

__all__ = [
    "Recognition",
    "load_catalog",
    "locate_model",
    "open_audit",
    "open_kept",
    "open_recognition",
    "open_services",
    "run_worker",
]
