"""What can go wrong between a client and its server; none of it is ever sent over the wire.

LingtingError
├── ConnectionLost           the server could not be reached again in time
│   └── ServerUnreachable    it could not be reached in the first place
├── ServerError              the server said what is wrong, in `code` and `message`
└── EventsUnread             the program sends and does not read
"""

from __future__ import annotations

from lingting.domain.errors import LingtingError

__all__ = ["ConnectionLost", "EventsUnread", "ServerError", "ServerUnreachable"]


class ConnectionLost(LingtingError):
    code = "connection_lost"
    retryable = True


class ServerUnreachable(ConnectionLost):
    code = "server_unreachable"


class ServerError(LingtingError):
    """Carries the server's own code; docs/errors.md lists them."""

    def __init__(self, code: str, message: str, *, retryable: bool = False, param: str | None = None) -> None:
        super().__init__(message, param=param)
        self.code = code
        self.retryable = retryable


class EventsUnread(LingtingError):
    code = "events_unread"
