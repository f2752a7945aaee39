"""Finds the master keys, and opens the vault that seals everything which is kept.

They come from `vault.keys` (the environment), from `vault.key_file`, or, where one machine keeps all by itself, from a
file that is made beside the data at the first start.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import Clock
from lingting.domain.errors import SealBroken, SettingsInvalid
from lingting.storage.db import Database
from lingting.storage.secrets import kept_secret
from lingting.telemetry import log

__all__ = ["VaultSettings", "load_keyring", "open_vault"]

ROOT = "root"
ROOT_BYTES = 32
OWN_FILE = "master.keys"


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


async def open_vault(database: Database, keyring: Keyring, clock: Clock) -> Vault:
    """A vault whose keyed hashes are those of this installation.

    raises    SettingsInvalid when the master keys are of another installation; StorageUnavailable
    """
    vault = Vault(keyring)
    try:
        root = await kept_secret(database, vault, clock, ROOT, os.urandom(ROOT_BYTES))
    except SealBroken as problem:
        raise SettingsInvalid(
            f"the master keys do not open this database: {problem.message}", param="vault.key_file"
        ) from problem
    return vault.with_root(root)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(
                f"# Without this file nothing that was kept can be read. Keep a copy elsewhere.\n{new_master_key()}\n"
            )
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)  # never over a file that another process has just made
            log.warning("vault.key_made", hint="keep a copy of the key file elsewhere, or set vault.key_file")
        except FileExistsError:
            pass
    finally:
        fresh.unlink(missing_ok=True)
