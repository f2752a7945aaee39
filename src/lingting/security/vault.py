"""Finds the master keys, and opens the vault that seals everything which is kept.

They come from `vault.keys` (the environment), from `vault.key_file`, or, where one machine keeps all by itself, from a
file that is made beside the data at the first start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import Clock
from lingting.domain.errors import SealBroken, SettingsInvalid
from lingting.storage.db import Database
from lingting.storage.secrets import kept_secret
from lingting.telemetry import log

__all__ = ["VaultSettings", "add_key", "keys_again", "load_keyring", "open_vault"]

ROOT = "root"
ROOT_BYTES = 32
OWN_FILE = "master.keys"
HEAD = "# Without this file nothing that was kept can be read. Keep a copy elsewhere.\n"
READ_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where the master keys are: lines of `id:key`, the current one first."""

    keys: str | None = field(default=None, repr=False)
    """The lines themselves, parted by commas or line ends; for the environment."""
    key_file: Path | None = None
    """None makes `master.keys` in `data_dir`, where no database server is used."""


def load_keyring(settings: VaultSettings, data_dir: Path, *, may_make: bool) -> Keyring:
    """The master keys. Blocking.

    may_make    make a key file where none was named, as one machine by itself can
    raises      SettingsInvalid
    """
    if settings.keys:
        return Keyring.parse(settings.keys.replace(",", "\n").splitlines())
    path = settings.key_file or data_dir / OWN_FILE
    if settings.key_file is None and not path.exists():
        if not may_make:
            raise SettingsInvalid(
                "vault.key_file is not set; with a database server each server needs the same master keys: "
                "`lingting vault new-key` makes a line for the file",
                param="vault.key_file",
            )
        _make(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsInvalid(
            f"vault.key_file cannot be read: {type(problem).__name__}", param="vault.key_file"
        ) from problem
    return Keyring.parse(lines)


def keys_again(settings: VaultSettings, data_dir: Path, keyring: Keyring) -> Callable[[], Keyring]:
    """For a server that runs while a new master key is put in the file: reads the file again, at most once a second.

    A file that cannot be read leaves the keys as they are.
    """
    held, read_seconds = keyring, float("-inf")

    def read() -> Keyring:
        nonlocal held, read_seconds
        if settings.keys or time.monotonic() - read_seconds < READ_AGAIN_SECONDS:
            return held
        read_seconds = time.monotonic()
        try:
            held = load_keyring(settings, data_dir, may_make=False)
        except SettingsInvalid as problem:
            log.warning("vault.keys_unreadable", reason=problem.message)
        return held

    return read


async def open_vault(
    database: Database, keyring: Keyring, clock: Clock, *, read_again: Callable[[], Keyring] | None = None
) -> Vault:
    """A vault whose keyed hashes are those of this installation.

    raises    SettingsInvalid when the master keys are of another installation; StorageUnavailable
    """
    vault = Vault(keyring, read_again=read_again)
    try:
        root = await kept_secret(database, vault, clock, ROOT, os.urandom(ROOT_BYTES))
    except SealBroken as problem:
        raise SettingsInvalid(
            f"the master keys do not open this database: {problem.message}", param="vault.key_file"
        ) from problem
    return vault.with_root(root)


def add_key(settings: VaultSettings, data_dir: Path) -> tuple[Path, str]:
    """Put a new master key on top of the key file, which makes it the current one; the file and the id. Blocking.

    raises    SettingsInvalid when the keys are in the environment, or the file is damaged
    """
    if settings.keys:
        raise SettingsInvalid("vault.keys is set; put the new line in front of it there", param="vault.keys")
    path = settings.key_file or data_dir / OWN_FILE
    line = new_master_key()
    if not path.exists():
        _write(path, f"{HEAD}{line}\n", may_replace=False)
        return path, line.partition(":")[0]
    load_keyring(settings, data_dir, may_make=False)
    _write(path, f"{line}\n{path.read_text(encoding='utf-8')}", may_replace=True)
    return path, line.partition(":")[0]


def _make(path: Path) -> None:
    if _write(path, f"{HEAD}{new_master_key()}\n", may_replace=False):
        log.warning("vault.key_made", hint="keep a copy of the key file elsewhere, or set vault.key_file")


def _write(path: Path, text: str, *, may_replace: bool) -> bool:
    """Whole or not at all; whether it did, which without `may_replace` another process may have done before."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if may_replace:
            fresh.replace(path)
            return True
        os.link(fresh, path)  # never over a file that another process has just made
    except FileExistsError:
        return False
    else:
        return True
    finally:
        fresh.unlink(missing_ok=True)
