"""Where sealed bytes lie: a folder of this machine, or a store that fsspec knows (S3, OSS, …). Blocking.

Promises: a file is there whole or not at all; on a local disk it survives a loss of power once `commit` has returned.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem

from lingting.domain.errors import RecordNotFound, SettingsInvalid, StorageUnavailable

__all__ = ["BlobFile", "BlobFiles"]

RETRY_SECONDS = 5.0
PART = ".part"


class BlobFiles:
    """One folder; safe in threads.

    url       of fsspec; None is `folder`
    space     a folder of its own inside, so that installations may share a bucket
    """

    def __init__(self, url: str | None, folder: Path, *, space: str) -> None:
        try:
            self._system, root = fsspec.core.url_to_fs(url or folder.absolute().as_uri())
        except (ImportError, ValueError) as problem:
            scheme = urlsplit(url or "").scheme
            raise SettingsInvalid(
                f"blobs.url: {scheme[:20]!r} needs a package of fsspec's, as s3fs for s3:// or ossfs for oss://: "
                f"{type(problem).__name__}",
                param="blobs.url",
            ) from problem
        self._is_local = isinstance(self._system, LocalFileSystem)
        self._root = f"{root.rstrip('/')}/{space}"

    def create(self, name: str) -> BlobFile:
        """raises    StorageUnavailable"""
        with _failing():
            path = self._path(name)
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            if self._is_local:
                return BlobFile(self._system, path, self._system.open(path + PART, "wb"), part=path + PART)
            return BlobFile(self._system, path, self._system.open(path, "wb", autocommit=False))

    def open(self, name: str) -> IO[bytes]:
        """raises    RecordNotFound, StorageUnavailable"""
        with _failing():
            file: IO[bytes] = self._system.open(self._path(name), "rb")
            return file

    def delete(self, name: str) -> None:
        """Also when it is not there, or only in part."""
        with _failing():
            for path in (self._path(name), self._path(name) + PART):
                with contextlib.suppress(FileNotFoundError):
                    self._system.rm_file(path)

    def names(self) -> Iterator[str]:
        """Of all files, those begun and left too."""
        with _failing():
            try:
                found = self._system.find(self._root)
            except FileNotFoundError:
                return
        for path in found:
            yield path.rpartition("/")[2].removesuffix(PART)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name[-2:]}/{name}"


class BlobFile:
    """One that is being written; end it by `commit` or `abandon`. For one thread at a time."""

    def __init__(self, system: Any, path: str, file: Any, *, part: str | None = None) -> None:  # Any: fsspec's
        self._system = system
        self._path = path
        self._file = file
        self._part = part

    def write(self, data: bytes) -> None:
        """raises    StorageUnavailable"""
        with _failing():
            self._file.write(data)

    def commit(self) -> None:
        """raises    StorageUnavailable"""
        with _failing():
            if self._part is None:
                self._file.close()
                self._file.commit()
                return
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            Path(self._part).replace(self._path)
            _keep_name(Path(self._path).parent)

    def abandon(self) -> None:
        """Leave nothing behind, as far as the store answers."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if self._part is None:
                self._file.discard()
        with contextlib.suppress(OSError):
            self._file.close()
        if self._part is not None:
            Path(self._part).unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """A name is on the disk only once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """Stores raise OSError, and libraries under them what they like."""
    try:
        yield
    except FileNotFoundError as problem:
        raise RecordNotFound("the recording is not where it was kept") from problem
    except SettingsInvalid:
        raise
    except Exception as problem:
        raise StorageUnavailable(
            f"the store of recordings does not answer ({type(problem).__name__}); try again later",
            retry_after_seconds=RETRY_SECONDS,
        ) from problem
