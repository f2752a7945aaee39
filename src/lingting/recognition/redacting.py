"""Makes sure that personal data can be hidden before anything is recognised that has to be."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from lingting.domain import RecognizeOptions, Redaction, RedactMode, StreamOptions
from lingting.domain.errors import InvalidOption
from lingting.text.privacy.pii_library import warm_up

__all__ = ["require_redaction", "with_floor"]


async def require_redaction(options: RecognizeOptions, *, has_sealer: bool) -> None:
    """Load what finds names, once in a process; the first caller waits half a second for it.

    raises    InvalidOption for tokens where there is no vault to seal them
    """
    if options.redaction.mode is RedactMode.TOKEN and not has_sealer:
        raise InvalidOption("redact", "tokens are sealed by a server; here use mask or tag")
    if options.redaction.is_on:
        await asyncio.to_thread(warm_up)


def with_floor(options: StreamOptions, floor: Redaction) -> StreamOptions:
    """The same, hiding at least what the server insists on."""
    return replace(options, recognize=replace(options.recognize, redaction=floor.over(options.recognize.redaction)))
