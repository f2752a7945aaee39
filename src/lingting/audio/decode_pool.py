"""A few decoder processes, kept warm and lent one file at a time; a broken one is replaced, never reused.

Bounds: at most `max_processes` at once; who comes later waits, at most `wait_seconds`, and is then refused. A
process is replaced after a crash, a stall, an early close, and every `files_per_process` files.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

from lingting.audio.decode_protocol import Answer, BadAnswer, Job, read_answer, send_job
from lingting.domain.errors import LingtingError, Overloaded, ShuttingDown

__all__ = ["DecoderProcess", "PoolSettings", "ProcessPool"]

FILE_WORKER = "lingting.audio.decode_worker"
START_SECONDS = 60.0
"""How long a process may take to load its libraries, on a machine that is busy with other things."""
TAKE_SECONDS = 10.0
"""How long an idle process may take to notice a job."""
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL")
"""No more, so that a process taken over by a hostile file holds no key of the server."""


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many processes, and what each may use."""

    max_processes: int
    wait_seconds: float
    memory_bytes: int
    files_per_process: int
    module: str = FILE_WORKER
    spare_processes: int = 0
    """How many to start ahead of their use, on top of those in use; for processes that are used once."""


class DecoderProcess:
    """One child that runs one of our modules, and the socket to it; used by one thread at a time, ended from any."""

    def __init__(self, memory_bytes: int, *, module: str = FILE_WORKER) -> None:
        self.link, child_end = socket.socketpair()
        self.files = 0
        self._is_ready = False
        try:
            # -P: whatever lies in the server's working directory is not imported.
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                [sys.executable, "-P", "-m", module, str(memory_bytes)],
                stdin=child_end.fileno(),
                stdout=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            self.link.close()
            raise LingtingError("the decoder process cannot be started; run lingting doctor") from error
        finally:
            child_end.close()

    @property
    def pid(self) -> int:
        pid: int = self._process.pid
        return pid

    def wait_until_ready(self) -> None:
        """Block until the child has loaded its libraries; at once after the first time.

        raises    LingtingError if it does not get there, which is a broken installation
        """
        if self._is_ready:
            return
        try:
            answer, _ = read_answer(self.link, deadline=time.monotonic() + START_SECONDS)
        except (BadAnswer, TimeoutError) as error:
            raise LingtingError("the decoder process does not start; run lingting doctor") from error
        self._is_ready = answer is Answer.READY

    def send(self, job: Job, file_descriptor: int) -> None:
        """Hand over a job and wait until it has been taken.

        raises    BadAnswer if the child has gone or does not react, which is no fault of the file
        """
        self.link.settimeout(TAKE_SECONDS)
        try:
            send_job(self.link, job, file_descriptor)
            answer, _ = read_answer(self.link, deadline=time.monotonic() + TAKE_SECONDS)
        except OSError as error:  # a timeout is one, too
            raise BadAnswer("the process has gone") from error
        if answer is not Answer.TAKEN:
            raise BadAnswer("the process answered before it was asked")

    def abort(self) -> None:
        """Wake whoever reads and end the child; `dispose` must follow when nobody reads any more."""
        with contextlib.suppress(OSError):  # it has gone by itself
            self.link.shutdown(socket.SHUT_RDWR)
        self._end()

    def dispose(self) -> None:
        """End the child and close the socket."""
        self._end()
        self.link.close()

    def _end(self) -> None:
        """Leave no zombie; a killed child is gone in no time, whatever it was doing."""
        self._process.kill()
        self._process.wait()


class ProcessPool:
    """Lends processes; thread-safe."""

    def __init__(self, settings: PoolSettings) -> None:
        self._settings = settings
        self._changed = threading.Condition()
        self._idle: list[DecoderProcess] = []
        self._lent: set[DecoderProcess] = set()
        self._starting = 0
        self._is_closed = False

    def lend(self) -> DecoderProcess:
        """Return a process that is ready for a job; blocks.

        raises    Overloaded if none came free in time; ShuttingDown after `close`
        """
        idle = self._take_idle_or_reserve()
        process = idle or self._start_reserved()
        try:
            process.wait_until_ready()
            self._refuse_if_closed()
        except LingtingError:
            self.discard(process)
            self._refuse_if_closed()  # in which case that, and not the installation, is the reason
            if idle is None:
                raise
            return self.lend()  # a spare that was ended from outside says nothing about the installation
        return process

    def start_spares(self) -> None:
        """Start what is missing of the spare processes; returns before they are ready.

        raises    LingtingError if they cannot be started
        """
        with self._changed:
            while not self._is_closed and len(self._idle) < self._settings.spare_processes:
                self._idle.append(self._start())

    def give_back(self, process: DecoderProcess) -> None:
        """Take back a process that answered its job to the end."""
        process.files += 1
        with self._changed:
            is_kept = not self._is_closed and process.files < self._settings.files_per_process
            if is_kept:
                self._lent.discard(process)
                self._idle.append(process)
                self._changed.notify()
        if not is_kept:
            self.discard(process)

    def put_back(self, process: DecoderProcess) -> None:
        """Take back a process that was given nothing to do."""
        with self._changed:
            is_kept = not self._is_closed and len(self._idle) < self._settings.spare_processes
            if is_kept:
                self._lent.discard(process)
                self._idle.append(process)
                self._changed.notify()
        if not is_kept:
            self.discard(process)

    def discard(self, process: DecoderProcess) -> None:
        """End a process that crashed, stalled or is not wanted to the end."""
        process.dispose()
        with self._changed:
            self._lent.discard(process)
            self._changed.notify()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """End every process; those who read from one get an error."""
        with self._changed:
            self._is_closed = True
            idle, self._idle = self._idle, []
            lent = list(self._lent)
            self._changed.notify_all()
        for process in lent:
            process.abort()
        for process in idle:
            process.dispose()

    def _take_idle_or_reserve(self) -> DecoderProcess | None:
        deadline = time.monotonic() + self._settings.wait_seconds
        with self._changed:
            while True:
                self._refuse_if_closed()
                if len(self._lent) + self._starting < self._settings.max_processes:
                    if self._idle:
                        process = self._idle.pop()
                        self._lent.add(process)
                        return process
                    self._starting += 1
                    return None
                if not self._changed.wait(deadline - time.monotonic()):
                    raise Overloaded("all decoder processes are busy; try again soon", retry_after_seconds=2.0)

    def _start_reserved(self) -> DecoderProcess:
        process: DecoderProcess | None = None
        try:
            process = self._start()
        finally:
            with self._changed:
                self._starting -= 1
                if process is not None:
                    self._lent.add(process)
                self._changed.notify()
        return process

    def _start(self) -> DecoderProcess:
        return DecoderProcess(self._settings.memory_bytes, module=self._settings.module)

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise ShuttingDown("the server is shutting down", retry_after_seconds=5.0)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    # The child finds the package where its parent found it.
    search_path = os.pathsep.join(entry for entry in sys.path if entry)
    # One thread per process: the pool is the parallelism.
    return kept | {"PYTHONPATH": search_path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
