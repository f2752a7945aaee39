"""Everything that can go wrong, in one tree.

LingtingError
├── InvalidInput                 the caller must change something
│   ├── AudioUndecodable         not audio, damaged, or empty
│   ├── InvalidOption            a field is missing, unknown or out of range
│   │   ├── UnsupportedLanguage
│   │   ├── UnsupportedFormat    an answer format, or a mix of formats and options
│   │   ├── ModelNotFound
│   │   └── VoiceNotFound        no such voice, or none for the language
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
│   ├── InvalidKey               the key or client secret is unknown, revoked, or has expired
│   │   └── MissingKey           none was shown
│   ├── NotAllowed               the token does not open this
│   │   ├── MissingScope         the key is not good for this
│   │   └── AddressNotAllowed    callers from there are not let in
│   ├── RecordNotFound           no such job, transcript, delivery or key, or it is somebody else's
│   ├── WrongState               what was asked for cannot be done to it any more, or not yet
│   ├── IdempotencyConflict      the idempotency key was used for another request
│   └── UrlNotAllowed            an address that is not called from here
│       └── FetchFailed          the server at the address did not give what was asked for
├── Busy                         come back later; carries how much later
│   ├── Overloaded
│   │   ├── RateLimited          this key asked too often
│   │   ├── QuotaExceeded        this key has used up its audio or tokens of the day or month
│   │   └── StreamsExceeded      this key has as many live sessions as it may
│   ├── StorageUnavailable       the database, the cache or the disk does not answer
│   ├── Starting                 the model is still loading
│   └── ShuttingDown
├── DeadlineExceeded             the work took longer than it was allowed to
├── JobLost                      the workers of a job died, again and again
├── Superseded                   a newer piece of the same stream took its place in the queue
├── EngineError                  a recogniser failed
│   ├── EngineUnavailable        not installed, or its server is away
│   └── EngineFailed             it ran and broke
├── ChatError                    the language model of a conversation failed
│   ├── ChatUnavailable          its server is away
│   └── ChatFailed               it refused, or answered what is no answer
├── ModelError                   weights
│   ├── ModelMissing             not on this machine
│   └── ModelCorrupt             not the bytes the catalog promises
├── SealBroken                   a sealed value was changed, or its master key is not here
└── SettingsInvalid              the server does not start with these settings
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "AddressNotAllowed",
    "AudioTooLarge",
    "AudioTooLong",
    "AudioUndecodable",
    "Busy",
    "ChatError",
    "ChatFailed",
    "ChatUnavailable",
    "ClientTooSlow",
    "DeadlineExceeded",
    "EngineError",
    "EngineFailed",
    "EngineUnavailable",
    "FetchFailed",
    "IdempotencyConflict",
    "InvalidInput",
    "InvalidKey",
    "InvalidMessage",
    "InvalidOption",
    "JobLost",
    "LimitExceeded",
    "LingtingError",
    "MissingKey",
    "MissingScope",
    "ModelCorrupt",
    "ModelError",
    "ModelMissing",
    "ModelNotFound",
    "NotAllowed",
    "Overloaded",
    "QuotaExceeded",
    "RateLimited",
    "RecordNotFound",
    "RoomNotFound",
    "RoomTaken",
    "SealBroken",
    "SessionIdle",
    "SessionNotFound",
    "SettingsInvalid",
    "ShuttingDown",
    "Starting",
    "StorageUnavailable",
    "StreamsExceeded",
    "Superseded",
    "UnsupportedFormat",
    "UnsupportedLanguage",
    "UploadStalled",
    "UrlNotAllowed",
    "VoiceNotFound",
    "WrongState",
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


class VoiceNotFound(InvalidOption):
    code = "voice_not_found"

    def __init__(self, problem: str) -> None:
        super().__init__("voice", problem)


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


class MissingKey(InvalidKey):
    code = "missing_api_key"


class NotAllowed(InvalidInput):
    code = "not_allowed"


class MissingScope(NotAllowed):
    code = "missing_scope"


class AddressNotAllowed(NotAllowed):
    code = "address_not_allowed"


class RecordNotFound(InvalidInput):
    code = "record_not_found"


class WrongState(InvalidInput):
    code = "wrong_state"


class IdempotencyConflict(InvalidInput):
    code = "idempotency_conflict"


class UrlNotAllowed(InvalidInput):
    code = "url_not_allowed"


class FetchFailed(UrlNotAllowed):
    code = "fetch_failed"


class Busy(LingtingError):
    code = "busy"
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Overloaded(Busy):
    code = "overloaded"


class RateLimited(Overloaded):
    code = "rate_limited"


class QuotaExceeded(Overloaded):
    code = "quota_exceeded"


class StreamsExceeded(Overloaded):
    code = "streams_exceeded"


class StorageUnavailable(Busy):
    code = "storage_unavailable"


class Starting(Busy):
    code = "starting"


class ShuttingDown(Busy):
    code = "shutting_down"


class DeadlineExceeded(LingtingError):
    code = "deadline_exceeded"
    retryable = True


class JobLost(LingtingError):
    code = "job_lost"


class Superseded(LingtingError):
    code = "superseded"


class EngineError(LingtingError):
    code = "engine_error"
    retryable = True


class EngineUnavailable(EngineError):
    code = "engine_unavailable"


class EngineFailed(EngineError):
    code = "engine_failed"


class ChatError(LingtingError):
    code = "chat_error"
    retryable = True


class ChatUnavailable(ChatError):
    code = "chat_unavailable"


class ChatFailed(ChatError):
    code = "chat_failed"


class ModelError(LingtingError):
    code = "model_error"


class ModelMissing(ModelError):
    code = "model_missing"


class ModelCorrupt(ModelError):
    code = "model_corrupt"


class SealBroken(LingtingError):
    code = "seal_broken"


class SettingsInvalid(LingtingError):
    code = "settings_invalid"
