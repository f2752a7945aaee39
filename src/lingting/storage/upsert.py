"""Insert a row, or change the one that is there: one statement, worded for each database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.expression import Executable

__all__ = ["insert_missing", "upsert"]

Change = Callable[[Table, Any], Mapping[str, ClauseElement | Any]]  # Any: columns of what was to be inserted
"""From the table as it is and the values that were to be inserted: the columns to set."""


def upsert(kind: str, table: Table, rows: Sequence[Mapping[str, object]], change: Change | None = None) -> Executable:
    """The statement for `Database.kind`; without a change, rows that are there stay as they are."""
    values = [dict(row) for row in rows]
    if kind == "mysql":
        insert = mysql.insert(table).values(values)
        key = next(iter(table.primary_key.columns)).name
        changed: Executable = insert.on_duplicate_key_update(
            {key: table.c[key]} if change is None else dict(change(table, insert.inserted))
        )
        return changed
    made = (postgresql if kind == "postgresql" else sqlite).insert(table).values(values)
    added: Executable = made.on_conflict_do_nothing()
    if change is not None:
        keys = [column.name for column in table.primary_key.columns]
        added = made.on_conflict_do_update(index_elements=keys, set_=dict(change(table, made.excluded)))
    return added


def insert_missing(kind: str, table: Table) -> Executable:
    """Insert many rows, given as parameters; those that are there stay as they are."""
    if kind == "mysql":
        ignoring: Executable = mysql.insert(table).prefix_with("IGNORE")
        return ignoring
    added: Executable = (postgresql if kind == "postgresql" else sqlite).insert(table).on_conflict_do_nothing()
    return added
