"""Names of what is kept: identifiers that sort by time, and what stands for a person."""

from __future__ import annotations

import os

from lingting.crypto import Vault
from lingting.domain import Clock

__all__ = ["hash_of_user", "job_of_record", "milliseconds", "new_id", "record_of_job"]

TIME_BITS, RANDOM_BITS = 48, 80
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without i, l, o and u, which people misread. Source: Crockford, Base 32."""
DIGITS = 26
"""Of 5 bits each."""


def new_id(prefix: str, clock: Clock) -> str:
    """`prefix_` and 26 characters that sort by time and cannot be guessed, as ULIDs are made."""
    number = milliseconds(clock) << RANDOM_BITS | int.from_bytes(os.urandom(RANDOM_BITS // 8), "big")
    digits = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(DIGITS)))
    return f"{prefix}_{digits}"


def record_of_job(job_id: str) -> str:
    """The id of its transcript in history, the same for every attempt."""
    return f"tr_{job_id.partition('_')[2]}"


def job_of_record(record_id: str) -> str:
    """The other way round."""
    return f"job_{record_id.partition('_')[2]}"


def milliseconds(clock: Clock) -> int:
    """Since 1970 UTC, as the tables count."""
    return int(clock.now().timestamp() * 1_000)


def hash_of_user(vault: Vault, user: str) -> bytes | None:
    """What stands for the caller's own name of a person in the tables; None for no name."""
    return vault.mac("user", user.encode("utf-8", "surrogatepass")) if user else None
