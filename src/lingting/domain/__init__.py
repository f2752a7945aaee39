"""The nouns every other room speaks in: audio, options, transcripts, errors, time. No I/O, no logging."""

from lingting.domain.audio import SAMPLE_RATE_HZ, Audio, AudioInfo, PcmFormat, Samples, Span
from lingting.domain.clock import Clock, SystemClock
from lingting.domain.options import ChannelMode, Priority, RecognizeOptions, Script, Task, VadOptions
from lingting.domain.transcript import Hypothesis, Progress, Segment, Suppression, Transcript, Word

__all__ = [
    "SAMPLE_RATE_HZ",
    "Audio",
    "AudioInfo",
    "ChannelMode",
    "Clock",
    "Hypothesis",
    "PcmFormat",
    "Priority",
    "Progress",
    "RecognizeOptions",
    "Samples",
    "Script",
    "Segment",
    "Span",
    "Suppression",
    "SystemClock",
    "Task",
    "Transcript",
    "VadOptions",
    "Word",
]
