"""Aliyun's official Python clients at work, all that they were told, and the sound that is sent through them."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import av

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of code that is not ours, when it is compiled
    import nls
    import nls.token

__all__ = ["Told", "nls", "pcm_of", "quiet", "recognizer", "send", "sweep", "transcriber"]

FRAME_BYTES = 6_400
"""Ten times what the client's examples send, to have fewer of them."""
DEADLINE_SECONDS = 30


class Told:
    """What one task was told, in order."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._over = threading.Event()

    def hear(self, message: str, *_: object) -> None:
        event = json.loads(message)
        self.events.append(event)
        if event["header"]["name"].endswith(("Completed", "TaskFailed")):
            self._over.set()

    @property
    def names(self) -> list[str]:
        return [event["header"]["name"] for event in self.events]

    def payloads(self, name: str) -> list[dict[str, Any]]:
        return [event["payload"] for event in self.events if event["header"]["name"] == name]

    @property
    def last(self) -> tuple[str, int]:
        """The name and the status of what was told last."""
        self.wait()
        header = self.events[-1]["header"]
        return header["name"], header["status"]

    def wait(self) -> None:
        assert self._over.wait(DEADLINE_SECONDS), self.names


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The client prints every frame to standard error, its token among them, unless it is kept from it."""
    enable, nls.websocket.enableTrace = nls.websocket.enableTrace, lambda *_args, **_options: None
    try:
        yield
    finally:
        nls.websocket.enableTrace = enable


def sweep() -> None:
    """After a refusal: the client leaves a socket that the server has closed to the garbage collector."""
    for thread in threading.enumerate():
        if thread.name.endswith("(__run)"):
            thread.join(DEADLINE_SECONDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def recognizer(url: str, token: str, told: Told) -> nls.NlsSpeechRecognizer:
    return nls.NlsSpeechRecognizer(
        url=url,
        token=token,
        appkey="any",
        on_start=told.hear,
        on_result_changed=told.hear,
        on_completed=told.hear,
        on_error=told.hear,
    )


def transcriber(url: str, token: str, told: Told) -> nls.NlsSpeechTranscriber:
    return nls.NlsSpeechTranscriber(
        url=url,
        token=token,
        appkey="any",
        on_start=told.hear,
        on_sentence_begin=told.hear,
        on_sentence_end=told.hear,
        on_result_changed=told.hear,
        on_completed=told.hear,
        on_error=told.hear,
    )


def send(task: nls.NlsSpeechRecognizer | nls.NlsSpeechTranscriber, data: bytes) -> None:
    for first in range(0, len(data), FRAME_BYTES):
        task.send_audio(data[first : first + FRAME_BYTES])


def pcm_of(recording: bytes, *, rate_hz: int = 16_000) -> bytes:
    """The sound of a file as headerless samples, with a second of silence behind it."""
    parts = []
    with av.open(io.BytesIO(recording)) as source:
        resampler = av.AudioResampler("s16", "mono", rate_hz)
        for frame in (*source.decode(audio=0), None):
            parts += [part.to_ndarray().tobytes() for part in resampler.resample(frame)]
    return b"".join(parts) + bytes(2 * rate_hz)
