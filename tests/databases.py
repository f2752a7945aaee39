"""The databases that the tests use: SQLite always, MariaDB and PostgreSQL where they answer on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from absent import absent

KINDS = ("sqlite", "mariadb", "postgresql")
MARIADB = os.environ.get("TEST_MARIADB_URL", "mariadb://root@127.0.0.1:3306")
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432")
PORTS = {"mariadb": 3306, "postgresql": 5432}


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of this kind, which is dropped again."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    _require(kind)
    name = f"lingting_test_{uuid.uuid4().hex[:12]}"
    _run(kind, f"create database {name}")
    try:
        yield f"{MARIADB if kind == 'mariadb' else POSTGRESQL}/{name}"
    finally:
        force = " with (force)" if kind == "postgresql" else ""
        _run(kind, f"drop database {name}{force}")


def _require(kind: str) -> None:
    try:
        with socket.create_connection(("127.0.0.1", PORTS[kind]), timeout=1.0):
            return
    except OSError:
        absent(f"no {kind} answers on port {PORTS[kind]}; start one to run this")


def _run(kind: str, statement: str) -> None:
    """By the database's own client."""
    if kind == "mariadb":
        command = ["mariadb", "--host=127.0.0.1", "--user=root", f"--execute={statement}"]
    else:
        command = ["psql", "--host=127.0.0.1", "--username=postgres", "--quiet", f"--command={statement}", "postgres"]
    subprocess.run(command, check=True, capture_output=True)
