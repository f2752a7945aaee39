"""The door for live sound: a declared format in, a decoder out that takes bytes and gives 16 kHz mono samples."""

from __future__ import annotations

import weakref

from lingting.audio.decode_pool import PoolSettings, ProcessPool
from lingting.audio.live_container import ContainerDecoder
from lingting.audio.live_formats import CONTAINERS, LiveDecoder, LiveFormat, LiveSettings
from lingting.audio.live_pcm import PcmDecoder
from lingting.audio.live_wav import WavDecoder
from lingting.audio.pcm import BYTES_PER_SAMPLE
from lingting.domain import PcmFormat
from lingting.domain.errors import InvalidOption

__all__ = ["LiveDecoders"]

WORKER = "lingting.audio.live_worker"
MIN_RATE_HZ, MAX_RATE_HZ = 8_000, 48_000
"""Telephone to studio; a rate outside is a mistake in the declaration, and the sound would be noise."""
MAX_CHANNELS = 2
_DEFAULTS = LiveSettings()


class LiveDecoders:
    """Opens the decoders of a server; thread-safe.

    Headerless samples and WAV are decoded in the server. Every other container gets a process of its own, of which
    one is kept ready; there are at most `max_processes` in use.
    """

    def __init__(self, settings: LiveSettings = _DEFAULTS) -> None:
        self._settings = settings
        self._pool = ProcessPool(
            PoolSettings(
                max_processes=settings.max_processes,
                wait_seconds=0.0,
                memory_bytes=settings.memory_bytes,
                files_per_process=1,
                module=WORKER,
                spare_processes=settings.spare_processes,
            )
        )
        self._finalizer = weakref.finalize(self, self._pool.close)

    def warm_up(self) -> None:
        """Start the spare process ahead of the first stream; does not wait until it is ready.

        raises    LingtingError if it cannot be started
        """
        self._pool.start_spares()

    def open(self, fmt: LiveFormat) -> LiveDecoder:
        """Begin a stream. Blocks while a process starts, where one is needed: milliseconds with a spare, else 0.2 s.

        raises    InvalidOption naming "encoding", "sample_rate" or "channels"; Overloaded when every process is in
                  use; ShuttingDown after `close`
        """
        if (fmt.pcm is None) == (fmt.container is None):
            raise InvalidOption("encoding", "sound is either headerless samples or a container, not both, not neither")
        if fmt.pcm is not None:
            _check(fmt.pcm)
            return PcmDecoder(fmt.pcm)
        if fmt.container not in CONTAINERS:
            raise InvalidOption("encoding", f"{str(fmt.container)[:20]!r} is not one of {', '.join(CONTAINERS)}")
        if fmt.container == "wav":
            return WavDecoder()
        return ContainerDecoder(fmt.container, self._pool, self._settings)

    def close(self) -> None:
        """End all processes; whoever pushes to one gets ShuttingDown."""
        self._finalizer()


def _check(pcm: PcmFormat) -> None:
    if pcm.encoding not in BYTES_PER_SAMPLE:
        raise InvalidOption("encoding", f"{str(pcm.encoding)[:20]!r} is not one of {', '.join(BYTES_PER_SAMPLE)}")
    if not MIN_RATE_HZ <= pcm.rate_hz <= MAX_RATE_HZ:
        raise InvalidOption("sample_rate", f"{pcm.rate_hz} is outside {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")
    if not 1 <= pcm.channels <= MAX_CHANNELS:
        raise InvalidOption("channels", f"{pcm.channels} is outside 1 to {MAX_CHANNELS}")
