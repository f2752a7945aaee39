"""Servers and workers for tests that kill them: real ones, with a scripted engine, in processes of their own.

usage: python tests/killable.py          then on standard input: `server PORT` or `worker`, a line for each process

Each line forks a process and answers with its id, so that most libraries are imported once. onnxruntime, which begins
a thread, is left to the children: a process with threads cannot be forked safely. A batch takes a tenth of a second,
so that kills meet jobs in every state.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path

LIBRARIES = (
    "lingting.settings",
    "lingting.api.http.app",
    "lingting.jobs.celery_app",
    "celery.worker",
    "alembic.command",
)
BATCH_SECONDS = 0.1


def run(command: list[str]) -> None:
    import uvicorn

    from lingting.engines.fake import FakeEngine
    from lingting.server import run_worker
    from lingting.serving import create_app
    from lingting.settings import load_settings
    from lingting.telemetry import configure_logs

    settings = load_settings()
    configure_logs(settings.log.level, settings.log.style, file=settings.log.file)
    mark = settings.data_dir / f"warm-{os.getpid()}"

    class SlowEngine(FakeEngine):
        """The first batch warms it up; then a file says that the process is about to be ready."""

        def compute(self, prepared):
            if self.computed:
                time.sleep(BATCH_SECONDS)
            answer = super().compute(prepared)
            Path(mark).touch()
            return answer

    if command[0] == "server":
        app = create_app(settings, engine=SlowEngine())
        uvicorn.run(app, host="127.0.0.1", port=int(command[1]), log_level="warning", access_log=False)
    else:
        asyncio.run(run_worker(settings, engine=SlowEngine()))


def main() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    threads = len(list(Path("/proc/self/task").iterdir())) if sys.platform == "linux" else 1
    assert threads == 1, "one of the libraries has begun a thread"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were killed
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                run(line.split())
            except BaseException:  # noqa: BLE001 - main
                traceback.print_exc()
            finally:
                os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
