"""The nouns every other room speaks in: audio, options, transcripts, errors, time. No I/O, no logging."""

from lingting.domain.audio import SAMPLE_RATE_HZ, Audio, AudioInfo, PcmFormat, Samples, Span
from lingting.domain.clock import Clock, SystemClock
from lingting.domain.events import (
    Closed,
    CloseReason,
    Committed,
    Event,
    Final,
    Notice,
    NoticeKind,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
)
from lingting.domain.options import (
    ChannelMode,
    Effort,
    Priority,
    RecognizeOptions,
    Script,
    StreamOptions,
    Task,
    VadOptions,
)
from lingting.domain.transcript import Hypothesis, Progress, Segment, Suppression, Transcript, Word

__all__ = [
    "SAMPLE_RATE_HZ",
    "Audio",
    "AudioInfo",
    "ChannelMode",
    "Clock",
    "CloseReason",
    "Closed",
    "Committed",
    "Effort",
    "Event",
    "Final",
    "Hypothesis",
    "Notice",
    "NoticeKind",
    "Partial",
    "PcmFormat",
    "Priority",
    "Progress",
    "RecognizeOptions",
    "Samples",
    "Script",
    "Segment",
    "SegmentFailed",
    "Span",
    "SpeechEnded",
    "SpeechStarted",
    "StreamOptions",
    "Suppression",
    "SystemClock",
    "Task",
    "Transcript",
    "VadOptions",
    "Word",
]
