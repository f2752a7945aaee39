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
from lingting.domain.principal import ANYBODY, KeyLimits, Principal, Scope
from lingting.domain.transcript import Hypothesis, Progress, Segment, Suppression, Transcript, Word

__all__ = [
    "ANYBODY",
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
    "KeyLimits",
    "Notice",
    "NoticeKind",
    "Partial",
    "PcmFormat",
    "Principal",
    "Priority",
    "Progress",
    "RecognizeOptions",
    "Samples",
    "Scope",
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
