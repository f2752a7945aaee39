"""Echo cancellation where the far end is known: what a loudspeaker plays is taken out of what the microphone hears.

The clock is the microphone's: for each frame heard one frame of what is to be played counts as played, silence where
there is none. Where nothing has been played for a while the sound passes as it is, since the canceller does not leave
a lone speaker quite alone.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import pywebrtc_audio

from lingting.audio.buffers import FrameChunker
from lingting.domain import SAMPLE_RATE_HZ, Samples

__all__ = ["EchoCanceller"]

FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
"""10 ms, the only frame WebRTC's canceller takes."""
TAIL_SECONDS = 1.0
"""How long a room may go on sounding after the loudspeaker has stopped, delay included."""
MAX_AHEAD_SECONDS = 120.0
"""Of what is to be played; a longer reply is handed over in parts."""
SMOOTHING = 0.05
"""Of each new frame in the running levels: about 200 ms."""


class EchoCanceller:
    """One conversation's microphone and loudspeaker, mono, 16 kHz.

    delay_seconds    between playing and hearing, as far as it is known; up to 0.4 s are found without
    source           WebRTC's AEC3
    """

    def __init__(self, delay_seconds: float = 0.0) -> None:
        self._canceller = pywebrtc_audio.EchoCanceller(SAMPLE_RATE_HZ, 1)
        delay_frames = int(delay_seconds * SAMPLE_RATE_HZ / FRAME_SAMPLES)
        self._late: deque[Samples] = deque(np.zeros(FRAME_SAMPLES, np.float32) for _ in range(delay_frames))
        """Frames on their way: played, and not heard yet."""
        self._chunker = FrameChunker(FRAME_SAMPLES)
        self._far: deque[Samples] = deque()
        self._far_samples = 0
        self._frames_since_far = self._tail_frames = int(
            (TAIL_SECONDS + delay_seconds) * SAMPLE_RATE_HZ / FRAME_SAMPLES
        )
        self._held_samples = 0
        self._level_before = self._level_after = 0.0

    @property
    def unplayed_seconds(self) -> float:
        """Of what was handed over, how much has not been played yet."""
        return self._far_samples / SAMPLE_RATE_HZ

    @property
    def is_playing(self) -> bool:
        """Whether what is heard just now may be an echo."""
        return self._frames_since_far < self._tail_frames

    @property
    def reduction_db(self) -> float:
        """How much quieter the microphone has become of late; 0 where nothing is played."""
        if not self.is_playing or self._level_before <= 0.0:
            return 0.0
        return float(10.0 * np.log10((self._level_before + 1e-12) / (self._level_after + 1e-12)))

    def play(self, samples: Samples) -> None:
        """Hand over what the loudspeaker plays after what it has; what is beyond the bound is not cancelled."""
        room = int(MAX_AHEAD_SECONDS * SAMPLE_RATE_HZ) - self._far_samples
        kept = np.ascontiguousarray(samples[: max(0, room)], np.float32)
        if len(kept):
            self._far.append(kept)
            self._far_samples += len(kept)

    def stop(self) -> None:
        """The loudspeaker was silenced: what has not been played will not be."""
        self._far.clear()
        self._far_samples = 0

    def push(self, samples: Samples) -> Samples:
        """Take what the microphone heard; gives back what is left of it, up to a frame later."""
        frames = self._chunker.push(samples)
        self._held_samples += len(samples) - frames.size
        if not len(frames):
            return np.zeros(0, np.float32)
        return np.concatenate([self._cancel(np.ascontiguousarray(frame)) for frame in frames])

    def finish(self) -> Samples:
        """Return the rest, so that all that went in has come out."""
        rest, self._held_samples = self._held_samples, 0
        frames = self._chunker.finish()
        if not len(frames):
            return np.zeros(0, np.float32)
        return self._cancel(np.ascontiguousarray(frames[0]))[:rest]

    def _cancel(self, near: Samples) -> Samples:
        self._late.append(self._next_far())
        far = self._late.popleft()
        if not self.is_playing:
            return near
        done: Samples = self._canceller.process(near, far)  # a hint of its own slows its start down
        self._level_before += SMOOTHING * (float(np.dot(near, near)) - self._level_before)
        self._level_after += SMOOTHING * (float(np.dot(done, done)) - self._level_after)
        return done

    def _next_far(self) -> Samples:
        frame = np.zeros(FRAME_SAMPLES, np.float32)
        if not self._far_samples:
            self._frames_since_far += 1
            return frame
        self._frames_since_far = 0
        filled = 0
        while filled < FRAME_SAMPLES and self._far:
            first = self._far.popleft()
            part = first[: FRAME_SAMPLES - filled]
            frame[filled : filled + len(part)] = part
            filled += len(part)
            if len(part) < len(first):
                self._far.appendleft(first[len(part) :])
        self._far_samples -= filled
        return frame
