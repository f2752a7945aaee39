"""Log lines in a file of their own, besides standard error.

Promises: a line is written whole, by one system call, so that several processes may share the file; a file that was
moved away, as log rotation does, is begun anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from lingting.domain.errors import SettingsInvalid

__all__ = ["LogFile"]


class LogFile:
    """An open file that lines are added to."""

    def __init__(self, path: Path) -> None:
        """raises    SettingsInvalid"""
        self._path = path
        self._open()

    def add(self, line: str) -> None:
        if self._was_moved():
            os.close(self._handle)
            self._open()
        os.write(self._handle, f"{line}\n".encode(errors="backslashreplace"))

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        except OSError as problem:
            raise SettingsInvalid(
                f"log.file = {str(self._path)!r}: cannot be written ({problem.strerror})", param="log.file"
            ) from problem
        self._identity = _identity(os.fstat(self._handle))

    def _was_moved(self) -> bool:
        try:
            return _identity(self._path.stat()) != self._identity
        except OSError:
            return True


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
