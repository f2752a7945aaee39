"""Both ways of the socket to a live decoder process at once, so that neither side waits for the other to read.

No answer is trusted: their sizes, their sum against the bytes that went in, and every wait are bounded.
"""

from __future__ import annotations

import contextlib
import json
import math
import select
import socket
import time

import numpy as np

from lingting.audio.decode_protocol import WAITING_BODY, Answer, BadAnswer, split_answer
from lingting.audio.live_mono import NO_SAMPLES
from lingting.domain import SAMPLE_RATE_HZ, Samples
from lingting.domain.errors import AudioUndecodable

__all__ = ["LiveLink"]

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""A frame of 65,535 samples at the lowest rate is half of it."""
MAX_AT_ONCE_SECONDS = 600.0
"""How much sound one push may turn into: 38 MB of samples; a megabyte of Opus at 14 kbit/s is as long."""
MAX_AHEAD_SECONDS, MIN_BYTES_PER_SECOND = 60.0, 16
"""How much more sound may come out than its bytes explain; FLAC of digital silence takes 25 bytes per second."""
MAX_SOUNDLESS_BYTES = 4 * 1024 * 1024
"""How much may go in before the first sound comes out; a picture in front of a song fits."""
_RECEIVE_BYTES = 256 * 1024


class LiveLink:
    """Sends bytes, gathers samples; used by one thread at a time.

    raises    BadAnswer from every method when the process has gone or talks nonsense; AudioUndecodable when it
              says so, stands still for `stall_seconds` with bytes in hand, or gives more sound than can be in them
    """

    def __init__(self, link: socket.socket, *, stall_seconds: float) -> None:
        link.settimeout(0.0)
        self._link, self._stall_seconds = link, stall_seconds
        self._poll = select.poll()
        self._received = bytearray()
        self._ready: list[Samples] = []
        self._ready_samples = self._all_samples = 0
        self._sent_bytes = self._used_bytes = 0
        self._heard_at = 0.0
        """When the process last said anything, or got work while it had none."""
        self._is_finishing = self._has_ended = False

    def send(self, data: bytes) -> None:
        """Hand everything over, reading whatever comes meanwhile."""
        if self._used_bytes == self._sent_bytes:
            self._heard_at = time.monotonic()
        view = memoryview(data)
        while view:
            events = self._wait_for(select.POLLIN | select.POLLOUT, self._heard_at + self._stall_seconds)
            if not events:
                raise self._stalled()
            if events & ~select.POLLOUT:
                self._receive()
            elif events & select.POLLOUT:
                sent_bytes = self._send_some(view)
                self._sent_bytes += sent_bytes
                view = view[sent_bytes:]

    def wait(self, seconds: float) -> None:
        """Read until the process has used all bytes it got, or the time is over."""
        deadline = time.monotonic() + seconds
        while self._used_bytes < self._sent_bytes:
            if not self._wait_for(select.POLLIN, deadline):
                if time.monotonic() > self._heard_at + self._stall_seconds:
                    raise self._stalled()
                break
            self._receive()
        if not self._all_samples and self._sent_bytes > MAX_SOUNDLESS_BYTES:
            raise AudioUndecodable(f"there is no sound in the first {MAX_SOUNDLESS_BYTES} bytes of the stream")

    def drain(self) -> None:
        """Say that no more bytes come, and read until the process has given everything."""
        self._is_finishing = True
        self._heard_at = time.monotonic()
        with contextlib.suppress(OSError):  # it has gone, which the next read says
            self._link.shutdown(socket.SHUT_WR)
        while not self._has_ended:
            if not self._wait_for(select.POLLIN, self._heard_at + self._stall_seconds):
                raise self._stalled()
            self._receive()

    def take(self) -> Samples:
        """Return the samples that have come since the last time."""
        ready, self._ready, self._ready_samples = self._ready, [], 0
        return np.concatenate(ready) if ready else NO_SAMPLES

    def _wait_for(self, events: int, deadline: float) -> int:
        """The events that have come, looked for at least once; 0 past the deadline."""
        self._poll.register(self._link, events)
        left_seconds = max(0.0, deadline - time.monotonic())
        found = self._poll.poll(math.ceil(left_seconds * 1000))
        return found[0][1] if found else 0

    def _send_some(self, view: memoryview) -> int:
        try:
            return self._link.send(view)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise BadAnswer("the process has gone") from error

    def _receive(self) -> None:
        try:
            data = self._link.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise BadAnswer("the socket broke") from error
        if not data:
            raise BadAnswer("the socket was closed")
        self._heard_at = time.monotonic()
        self._received += data
        while (answer := split_answer(self._received, max_bytes=MAX_ANSWER_BYTES)) is not None:
            self._handle(*answer)

    def _handle(self, answer: Answer, body: bytes) -> None:
        if answer is Answer.SAMPLES and len(body) % 4 == 0:
            self._keep(np.frombuffer(body, np.float32))
        elif answer is Answer.WAITING and len(body) == WAITING_BODY.size:
            (self._used_bytes,) = WAITING_BODY.unpack(body)
        elif answer is Answer.ERROR:
            raise AudioUndecodable(_told_message(body))
        elif answer is Answer.END and self._is_finishing:
            self._has_ended = True
        elif answer is Answer.END:
            raise AudioUndecodable("more came after the end of the stream")
        else:
            raise BadAnswer(f"an answer of kind {answer} at the wrong time")

    def _keep(self, samples: Samples) -> None:
        self._ready.append(samples)
        self._ready_samples += len(samples)
        self._all_samples += len(samples)
        explained_seconds = MAX_AHEAD_SECONDS + self._sent_bytes / MIN_BYTES_PER_SECOND
        if self._all_samples > explained_seconds * SAMPLE_RATE_HZ:
            raise AudioUndecodable("the stream unfolds to far more sound than its bytes can hold")
        if self._ready_samples > MAX_AT_ONCE_SECONDS * SAMPLE_RATE_HZ:
            raise AudioUndecodable(
                f"more than {MAX_AT_ONCE_SECONDS:g} seconds of sound at once; a live stream comes in pieces"
            )

    def _stalled(self) -> AudioUndecodable:
        return AudioUndecodable("the stream takes too long to decode; it may be damaged or made to")


def _told_message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"])[:300]
    except (ValueError, KeyError, TypeError):
        return "the stream broke the decoder; it may be damaged"
