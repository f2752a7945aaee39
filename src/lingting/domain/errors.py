"""Everything that can go wrong, in one tree.

LingtingError
├── InvalidInput                 the caller must change something
│   ├── AudioUndecodable         not audio, damaged, or empty
│   ├── InvalidOption            a field is missing, unknown or out of range
│   │   ├── UnsupportedLanguage
│   │   ├── UnsupportedFormat    an answer format, or a mix of formats and options
│   │   └── ModelNotFound
│   ├── LimitExceeded            too large or too long
│   │   ├── AudioTooLarge
│   │   └── AudioTooLong
│   ├── UploadStalled            the bytes stopped coming
│   ├── InvalidMessage           a message on a socket that is not of its protocol, or comes at the wrong time
│   ├── SessionNotFound          no such live session, or it ended too long ago to be resumed
│   ├── SessionIdle              a live session got no audio for too long
│   ├── ClientTooSlow            the client does not read what it asked for
│   ├── RoomNotFound
│   ├── RoomTaken                somebody else publishes there
│   ├── InvalidKey               the key or client secret is unknown, or has expired
│   └── NotAllowed               the token does not open this
├── Busy                         come back later; carries how much later
│   ├── Overloaded
│   ├── Starting                 the model is still loading
│   └── ShuttingDown
├── DeadlineExceeded             the work took longer than it was allowed to
├── Superseded                   a newer piece of the same stream took its place in the queue
├── EngineError                  a recogniser failed
│   ├── EngineUnavailable        not installed, or its server is away
│   └── EngineFailed             it ran and broke
├── ModelError                   weights
│   ├── ModelMissing             not on this machine
│   └── ModelCorrupt             not the bytes the catalog promises
└── SettingsInvalid              the server does not start with these settings
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "AudioTooLarge",
    "AudioTooLong",
    "AudioUndecodable",
    "Busy",
    "ClientTooSlow",
    "DeadlineExceeded",
    "EngineError",
    "EngineFailed",
    "EngineUnavailable",
    "InvalidInput",
    "InvalidKey",
    "InvalidMessage",
    "InvalidOption",
    "LimitExceeded",
    "LingtingError",
    "ModelCorrupt",
    "ModelError",
    "ModelMissing",
    "ModelNotFound",
    "NotAllowed",
    "Overloaded",
    "RoomNotFound",
    "RoomTaken",
    "SessionIdle",
    "SessionNotFound",
    "SettingsInvalid",
    "ShuttingDown",
    "Starting",
    "Superseded",
    "UnsupportedFormat",
    "UnsupportedLanguage",
    "UploadStalled",
]


class LingtingError(Exception):
    """The root: a stable `code`, a message for people, and whether trying again can help."""

    code = "internal_error"
    retryable = False

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        """The request field at fault; None when it is not one field."""


class InvalidInput(LingtingError):
    code = "invalid_input"


class AudioUndecodable(InvalidInput):
    code = "audio_undecodable"


class InvalidOption(InvalidInput):
    code = "invalid_option"

    def __init__(self, param: str, problem: str) -> None:
        super().__init__(f"{param}: {problem}", param=param)


class UnsupportedLanguage(InvalidOption):
    code = "unsupported_language"

    def __init__(self, given: str, accepted: Sequence[str]) -> None:
        super().__init__("language", f"{given[:40]!r} is not supported; use one of {', '.join(accepted)}")


class UnsupportedFormat(InvalidOption):
    code = "unsupported_format"


class ModelNotFound(InvalidOption):
    code = "model_not_found"

    def __init__(self, given: str, accepted: Sequence[str]) -> None:
        super().__init__("model", f"{given[:80]!r} is not served here; use one of {', '.join(accepted)}")


class LimitExceeded(InvalidInput):
    code = "limit_exceeded"


class AudioTooLarge(LimitExceeded):
    code = "audio_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the audio is larger than {limit_bytes} bytes, the limit here; send less or split it")
        self.limit_bytes = limit_bytes


class AudioTooLong(LimitExceeded):
    code = "audio_too_long"

    def __init__(self, limit_seconds: float) -> None:
        super().__init__(f"the audio is longer than {limit_seconds:g} seconds, the limit here; split it")
        self.limit_seconds = limit_seconds


class UploadStalled(InvalidInput):
    code = "upload_stalled"
    retryable = True


class InvalidMessage(InvalidInput):
    code = "invalid_message"


class SessionNotFound(InvalidInput):
    code = "session_not_found"


class SessionIdle(InvalidInput):
    code = "session_idle"


class ClientTooSlow(InvalidInput):
    code = "client_too_slow"


class RoomNotFound(InvalidInput):
    code = "room_not_found"


class RoomTaken(InvalidInput):
    code = "room_taken"


class InvalidKey(InvalidInput):
    code = "invalid_api_key"


class NotAllowed(InvalidInput):
    code = "not_allowed"


class Busy(LingtingError):
    code = "busy"
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(Busy):
    code = "overloaded"


class Starting(Busy):
    code = "starting"


class ShuttingDown(Busy):
    code = "shutting_down"


class DeadlineExceeded(LingtingError):
    code = "deadline_exceeded"
    retryable = True


class Superseded(LingtingError):
    code = "superseded"


class EngineError(LingtingError):
    code = "engine_error"
    retryable = True


class EngineUnavailable(EngineError):
    code = "engine_unavailable"


class EngineFailed(EngineError):
    code = "engine_failed"


class ModelError(LingtingError):
    code = "model_error"


class ModelMissing(ModelError):
    code = "model_missing"


class ModelCorrupt(ModelError):
    code = "model_corrupt"


class SettingsInvalid(LingtingError):
    code = "settings_invalid"
