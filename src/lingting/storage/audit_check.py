"""Checks the whole audit log, and says what the first thing wrong with it is.

Rows are read in pages while servers go on appending; what is added meanwhile is not looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lingting.crypto import is_same
from lingting.domain.errors import InvalidOption, SealBroken
from lingting.storage.audit_log import AuditLog, AuditRow, Head

__all__ = ["Fault", "Verdict", "check_audit", "read_anchor"]

PAGE_ROWS = 1_000
MAX_DIGITS = 18
HASH_BYTES = 32
TRIES = 5
"""How often rows may be pruned under a check before it is given up."""


class Fault(StrEnum):
    """What may be wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    CUT = "cut"
    """Rows at the end are gone."""
    ADDED = "added"
    """Rows at the end that no server wrote."""
    HEAD = "head"
    """The head is gone or was changed."""
    ANCHOR = "anchor"
    """The log is whole in itself, and not the one that the anchor was taken from."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found."""

    rows: int
    """That are as they were written."""
    head: Head | None
    fault: Fault | None = None
    seq: int = 0
    """Of the first row that is wrong."""
    message: str = "every row is as it was written"


def read_anchor(text: str) -> tuple[int, bytes]:
    """Of `Head.anchor`.

    raises    InvalidOption
    """
    seq, _, hashed = text.partition(":")
    try:
        value = bytes.fromhex(hashed)
    except ValueError:
        value = b""
    if not (seq.isascii() and seq.isdigit() and len(seq) <= MAX_DIGITS and len(value) == HASH_BYTES):
        raise InvalidOption("anchor", "is none; `lingting audit verify` prints one, a number, a colon and a hash")
    return int(seq), value


async def check_audit(log: AuditLog, *, anchor: tuple[int, bytes] | None = None) -> Verdict:
    """Read and hash every row.

    anchor    a row's number and hash, noted earlier somewhere else
    raises    StorageUnavailable; InvalidOption when the anchor is of a row that is not kept any more
    """
    for _ in range(TRIES):
        try:
            head = await log.head()
        except SealBroken as problem:
            return Verdict(0, None, Fault.HEAD, message=problem.message)
        if anchor is not None and anchor[0] < head.first_seq:
            raise InvalidOption("anchor", f"row {anchor[0]} is not kept any more; the first is {head.first_seq}")
        verdict = await _check_rows(log, head, anchor)
        if verdict.fault is None:
            return await _check_end(log, verdict)
        if await _still_begins(log, head):
            return verdict
    return verdict


async def _still_begins(log: AuditLog, head: Head) -> bool:
    try:
        return (await log.head()).first_seq == head.first_seq
    except SealBroken:
        return True


async def _check_end(log: AuditLog, verdict: Verdict) -> Verdict:
    """The rows first: a row that is there now is in a head that is read later."""
    newest = await log.newest_seq()
    try:
        head = await log.head()
    except SealBroken as problem:
        return Verdict(verdict.rows, verdict.head, Fault.HEAD, message=problem.message)
    if newest > head.last_seq:
        first = head.last_seq + 1
        return Verdict(verdict.rows, head, Fault.ADDED, first, f"row {first}: no server wrote it")
    return verdict


async def _check_rows(log: AuditLog, head: Head, anchor: tuple[int, bytes] | None) -> Verdict:
    seq, previous = head.first_seq - 1, head.first_hash
    if anchor is not None and anchor[0] > head.last_seq:
        text = f"the anchor is of row {anchor[0]}, and the log ends with row {head.last_seq}: rows were cut off"
        return Verdict(0, head, Fault.ANCHOR, head.last_seq + 1, text)
    while seq < head.last_seq:
        page = await log.rows(after_seq=seq, limit=min(PAGE_ROWS, head.last_seq - seq))
        following, fault = await asyncio.to_thread(_check_page, log, page, seq, previous)
        for row in page[: following - seq]:
            if anchor is not None and row.seq == anchor[0] and not is_same(row.hash, anchor[1]):
                text = f"row {row.seq}: not the row that the anchor was taken from; the log was written anew"
                return Verdict(row.seq - head.first_seq, head, Fault.ANCHOR, row.seq, text)
        done = following - head.first_seq + 1
        if fault is not None:
            return Verdict(done, head, fault, following + 1, _say(fault, page, following + 1))
        if not page:
            text = f"row {seq + 1} and those after it, up to {head.last_seq}, are gone"
            return Verdict(done, head, Fault.CUT, seq + 1, text)
        seq, previous = following, page[-1].hash
    if not is_same(previous, head.last_hash):
        return Verdict(seq - head.first_seq + 1, head, Fault.CHANGED, seq, f"row {seq}: not the last that was written")
    return Verdict(seq - head.first_seq + 1, head)


def _check_page(log: AuditLog, page: Sequence[AuditRow], seq: int, previous: bytes) -> tuple[int, Fault | None]:
    """The last row that is right, and what is wrong with the one after."""
    for row in page:
        if row.seq != seq + 1:
            return seq, Fault.MISSING
        if not is_same(log.hash_of(row.seq, row.record, previous), row.hash):
            is_elsewhere = any(is_same(log.hash_of(row.seq, other.record, previous), other.hash) for other in page)
            return seq, Fault.REORDERED if is_elsewhere else Fault.CHANGED
        seq, previous = row.seq, row.hash
    return seq, None


def _say(fault: Fault, page: Sequence[AuditRow], seq: int) -> str:
    if fault is Fault.MISSING:
        following = next(row.seq for row in page if row.seq >= seq)
        return f"row {seq} is missing" if following == seq + 1 else f"rows {seq} to {following - 1} are missing"
    if fault is Fault.REORDERED:
        return f"row {seq}: another row stands in its place"
    return f"row {seq}: not as it was written"
