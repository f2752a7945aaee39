"""Servers and workers for tests that kill them: real ones, with a scripted engine, in processes of their own.

usage: python tests/killable.py          then on standard input: `server PORT` or `worker`, a line for each process

Each line forks a process and answers with its id; what takes a second to import is imported once. The engine takes a
tenth of a second for a batch, so that kills meet jobs in every state.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path

import uvicorn

import lingting.jobs.celery_app
import lingting.server.worker
from lingting.engines.fake import FakeEngine
from lingting.serving import create_app
from lingting.settings import load_settings
from lingting.telemetry import configure_logs

BATCH_SECONDS = 0.1


class SlowEngine(FakeEngine):
    """The first batch warms it up; then a file says that the process is about to be ready."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self._mark = mark

    def compute(self, prepared):
        if self.computed:
            time.sleep(BATCH_SECONDS)
        answer = super().compute(prepared)
        self._mark.touch()
        return answer


def run(command: list[str]) -> None:
    settings = load_settings()
    configure_logs(settings.log.level, settings.log.style, file=settings.log.file)
    engine = SlowEngine(settings.data_dir / f"warm-{os.getpid()}")
    if command[0] == "server":
        app = create_app(settings, engine=engine)
        uvicorn.run(app, host="127.0.0.1", port=int(command[1]), log_level="warning", access_log=False)
    else:
        asyncio.run(lingting.server.worker.run_worker(settings, engine=engine))


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were killed
    assert threading.active_count() == 1, "a process with threads is not forked"
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                run(line.split())
            finally:
                os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
