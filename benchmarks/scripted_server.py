"""The real server with a scripted engine, which answers at once: what is left is the server's own cost.

usage: python benchmarks/scripted_server.py PORT
"""

from __future__ import annotations

import sys

import uvicorn

from lingting.engines.fake import FakeEngine, seconds_heard
from lingting.serving import create_app
from lingting.settings import load_settings
from lingting.telemetry import configure_logs


class Forgetful(FakeEngine):
    """Keeps nothing of what it heard."""

    def prepare(self, clips):
        prepared = super().prepare(clips)
        self.prepared.clear()
        return prepared

    def compute(self, prepared):
        raw = super().compute(prepared)
        self.computed.clear()
        return raw


def main() -> None:
    settings = load_settings()
    configure_logs(settings.log.level, settings.log.style, file=settings.log.file)
    app = create_app(settings, engine=Forgetful(seconds_heard))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)


if __name__ == "__main__":
    main()
