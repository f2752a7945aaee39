"""What may go wrong with one attempt, so that the engine can decide whether to make another."""

from __future__ import annotations

from enum import StrEnum

from lingting.domain.errors import AudioTooLong, EngineFailed, EngineUnavailable, LingtingError, Overloaded

__all__ = ["Fault", "FaultKind", "as_error"]

DEFAULT_RETRY_AFTER_SECONDS = 1.0


class FaultKind(StrEnum):
    TOKEN = "token"  # noqa: S105  the name of a fault
    """Expired or revoked: another one may help."""
    THROTTLED = "throttled"
    BROKEN_OFF = "broken_off"
    """The service was away for a moment, or forgot the connection; the same may work when it is tried again."""
    AWAY = "away"
    """It cannot be reached, or says nothing."""
    INTERRUPTED = "interrupted"
    """It went away with half of the text said; not tried again."""
    REFUSED = "refused"
    """It does not want us: an appkey or a key that is not good."""
    SENSELESS = "senseless"
    """It answered what it should not, or we asked what we should not."""
    TOO_LONG = "too_long"


class Fault(Exception):
    """Of one attempt. The message is ours: what the service says may repeat a token or the speech."""

    def __init__(self, kind: FaultKind, message: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retry_after_seconds = retry_after_seconds

    @property
    def may_be_tried_again(self) -> bool:
        return self.kind in (FaultKind.TOKEN, FaultKind.THROTTLED, FaultKind.BROKEN_OFF, FaultKind.AWAY)


def as_error(fault: Fault, *, max_audio_seconds: float) -> LingtingError:
    """What the house calls it."""
    if fault.kind is FaultKind.THROTTLED:
        after_seconds = max(DEFAULT_RETRY_AFTER_SECONDS, fault.retry_after_seconds)
        return Overloaded(f"Aliyun: {fault.message}; try again later", retry_after_seconds=after_seconds)
    if fault.kind is FaultKind.TOO_LONG:
        return AudioTooLong(max_audio_seconds)
    if fault.kind is FaultKind.SENSELESS:
        return EngineFailed(f"Aliyun: {fault.message}")
    return EngineUnavailable(f"Aliyun: {fault.message}")
