"""Talks to a Lingting server: live speech with reconnect and resume."""

from lingting.client.errors import ConnectionLost, EventsUnread, ServerError, ServerUnreachable
from lingting.client.events import (
    AudioLost,
    Committed,
    Disconnected,
    Ended,
    Event,
    Final,
    Notice,
    Partial,
    Ready,
    Refused,
    SegmentError,
    SessionRestarted,
    SpeechStarted,
    SpeechStopped,
)
from lingting.client.retry import RetryPolicy
from lingting.client.stream import LiveStream, connect

__all__ = [
    "AudioLost",
    "Committed",
    "ConnectionLost",
    "Disconnected",
    "Ended",
    "Event",
    "EventsUnread",
    "Final",
    "LiveStream",
    "Notice",
    "Partial",
    "Ready",
    "Refused",
    "RetryPolicy",
    "SegmentError",
    "ServerError",
    "ServerUnreachable",
    "SessionRestarted",
    "SpeechStarted",
    "SpeechStopped",
    "connect",
]
