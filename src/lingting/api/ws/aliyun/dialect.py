"""The dialect of `/ws/v1`: SpeechRecognizer and SpeechTranscriber, one task after the other on one connection. Pure.

Whatever goes wrong is a TaskFailed with the cloud's own number, after which the connection closes: its clients begin
again on another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from lingting.api.ws.aliyun.messages import Directive, EventWriter, read_directive
from lingting.api.ws.aliyun.statuses import DIRECTIVE, FAILED, status_of
from lingting.api.ws.aliyun.tasks import Enough, Failed, Recognition, Task, Transcription
from lingting.api.ws.aliyun.wishes import read_recognition, read_transcription
from lingting.api.ws.dialect import (
    Append,
    Command,
    Configure,
    Finish,
    Handshake,
    Message,
    Open,
    Opened,
    Stay,
)
from lingting.domain import Event
from lingting.domain.errors import InvalidMessage, LingtingError, WrongState

__all__ = ["AliyunNls"]

RECOGNIZER, TRANSCRIBER = Recognition.namespace, Transcription.namespace
NO_NAMESPACE = "Default"
MAX_STRAY_BYTES = 4 * 2**20
"""Of audio that was on its way when its task ended; more is no accident."""
MAX_SESSION_CHARACTERS = 64


class _Stage(Enum):
    FREE = "free"
    OPENING = "opening"
    RUNNING = "running"
    ENDING = "ending"
    """No more audio is wanted; the results are awaited."""


class AliyunNls:
    """One connection."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        self._defaults, self._shelf = handshake.defaults, handshake.hotwords
        self._writer = EventWriter(handshake.token)
        self._stage = _Stage.FREE
        self._task: Task | None = None
        """The last one, when it is over."""
        self._payload: Mapping[str, object] = {}
        """With which it was begun and changed."""
        self._task_id = ""
        self._namespace = NO_NAMESPACE
        self._asked = (NO_NAMESPACE, "")
        """Whose directive is in hand."""
        self._session_id = ""
        """As the client calls its session."""
        self._stray_bytes = 0
        self._handlers: Mapping[tuple[str, str], Callable[[Directive], Sequence[Command]]] = {
            (RECOGNIZER, "StartRecognition"): self._recognize,
            (RECOGNIZER, "StopRecognition"): self._stop,
            (TRANSCRIBER, "StartTranscription"): self._transcribe,
            (TRANSCRIBER, "ControlTranscriber"): self._control,
            (TRANSCRIBER, "StopTranscription"): self._stop,
        }

    def greet(self) -> Sequence[Command]:
        return ()

    def receive(self, message: Message) -> Sequence[Command]:
        if isinstance(message, bytes):
            return self._audio(message)
        self._asked = (NO_NAMESPACE, "")
        directive = read_directive(message)
        self._asked = (directive.namespace, directive.task_id)
        handler = self._handlers.get((directive.namespace, directive.name))
        if handler is None:
            known = ", ".join(f"{namespace}.{name}" for namespace, name in self._handlers)
            given = f"{directive.namespace}.{directive.name}"
            raise InvalidMessage(f"{given!r} is no directive of this server; use one of {known}", param=DIRECTIVE)
        return handler(directive)

    def opened(self, opened: Opened) -> Sequence[Message]:
        self._stage = _Stage.RUNNING
        if self._task is None:
            return ()
        said = self._task.started(self._session_id or opened.session)
        return (self._writer.write(said.name, of=self._of, payload=said.payload),)

    def render(self, event: Event) -> Sequence[Message | Command]:
        if self._task is None:
            return ()
        words: list[Message | Command] = []
        for said in self._task.tell(event):
            if isinstance(said, Enough):
                words += self._finish()
            elif isinstance(said, Failed):
                words.append(self._writer.write_failed(said.status, said.message, of=self._of))
            elif said.failure:
                failed = self._writer.write_failed(
                    FAILED, said.failure, of=self._of, name=said.name, payload=said.payload
                )
                words.append(failed)
            else:
                words.append(self._writer.write(said.name, of=self._of, payload=said.payload))
                words += self._over(said.name)
        return words

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        namespace, task_id = self._asked if self._stage is _Stage.FREE else self._of
        of = (namespace, task_id or self._writer.fresh_id())
        return (self._writer.write_failed(status_of(error), error.message, of=of),)

    def is_fatal(self, error: LingtingError) -> bool:
        return True

    @property
    def _of(self) -> tuple[str, str]:
        return self._namespace, self._task_id

    def _audio(self, data: bytes) -> Sequence[Command]:
        if self._stage is _Stage.RUNNING:
            return (Append(data),)
        if self._task is None:
            raise WrongState("audio came before a task was started; send StartRecognition or StartTranscription first")
        self._stray_bytes += len(data)
        if self._stray_bytes > MAX_STRAY_BYTES:
            raise WrongState("the task is over, and audio goes on coming; start another one first")
        return ()

    def _recognize(self, directive: Directive) -> Sequence[Command]:
        payload = directive.payload
        return self._begin(directive, lambda: Recognition(read_recognition(payload, self._defaults, self._shelf)))

    def _transcribe(self, directive: Directive) -> Sequence[Command]:
        given = directive.payload.get("session_id")
        is_sane = isinstance(given, str) and given.isascii() and given.isprintable()
        self._session_id = str(given)[:MAX_SESSION_CHARACTERS] if is_sane else ""
        payload = directive.payload
        return self._begin(directive, lambda: Transcription(read_transcription(payload, self._defaults, self._shelf)))

    def _begin(self, directive: Directive, make: Callable[[], Task]) -> Sequence[Command]:
        if self._stage is not _Stage.FREE:
            raise WrongState(f"{directive.name}: a task is running on this connection; stop it first")
        self._task, self._payload = make(), directive.payload
        self._task_id, self._namespace = directive.task_id, directive.namespace
        self._stage, self._stray_bytes = _Stage.OPENING, 0
        wishes = self._task.wishes
        return (Open(wishes.options, wishes.format),)

    def _control(self, directive: Directive) -> Sequence[Command]:
        """Change what can be changed of a running task; there is no answer."""
        task = self._running(directive)
        if not isinstance(task, Transcription) or self._stage is not _Stage.RUNNING:
            return ()
        payload = {**self._payload, **directive.payload}
        task.wishes = read_transcription(payload, self._defaults, self._shelf)
        self._payload = payload
        return (Configure(task.wishes.options),)

    def _stop(self, directive: Directive) -> Sequence[Command]:
        if self._stage is _Stage.FREE and self._task is not None and directive.task_id == self._task_id:
            return ()  # it ended by itself while this was on its way
        self._running(directive)
        return self._finish()

    def _running(self, directive: Directive) -> Task:
        """raises    WrongState, InvalidMessage for the id of another task"""
        if self._stage is _Stage.FREE or self._task is None or directive.namespace != self._namespace:
            raise WrongState(f"{directive.name}: no such task is running on this connection; start one first")
        if directive.task_id != self._task_id:
            raise InvalidMessage("header.task_id: is not that of the running task", param="header.task_id")
        return self._task

    def _finish(self) -> Sequence[Command]:
        if self._stage is _Stage.ENDING:
            return ()
        self._stage = _Stage.ENDING
        return (Finish(),)

    def _over(self, name: str) -> Sequence[Command]:
        """After its last word a task leaves the connection to the next one."""
        if not name.endswith("Completed"):
            return ()
        self._stage = _Stage.FREE
        return (Stay(),)
