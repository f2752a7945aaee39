"""`/ws/subtitle`: headerless 16 kHz samples in, the text of the moment out, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lingting.api.ws.dialect import Append, Command, Finish, Handshake, Message, Open, Opened, RoomClaim
from lingting.audio.live_formats import LiveFormat
from lingting.domain import Event, Final, Partial
from lingting.domain.errors import InvalidMessage, LingtingError

__all__ = ["SubtitleDialect"]

END_WORDS = ("end", "")
"""Text frames that say: no more audio."""


class SubtitleDialect:
    """One text frame for each change of the text; errors are told by the close code and its reason."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        self._options = handshake.defaults
        self._language = handshake.query.get("language", "")
        room = handshake.query.get("room", "")
        self._room = RoomClaim(room, handshake.query.get("token", "")) if room else None
        self._has_ended = False
        self._shown = (0, "")
        """The segment and the text of the last message."""
        self._open: Partial | None = None
        """What was shown of the segment that is not final yet."""

    def greet(self) -> Sequence[Command]:
        options = self._options
        if self._language and self._language.lower() != "auto":
            options = replace(options, recognize=replace(options.recognize, language=self._language))
        return (Open(options, LiveFormat(), self._room),)

    def receive(self, message: Message) -> Sequence[Command]:
        if self._has_ended:
            raise InvalidMessage("nothing can be sent after the end; connect again")
        if isinstance(message, bytes):
            return (Append(message),)
        if message[:40].strip().lower() not in END_WORDS:
            raise InvalidMessage("send audio in binary frames, and END when there is no more")
        self._has_ended = True
        return (Finish(),)

    def opened(self, opened: Opened) -> Sequence[Message]:
        return ()

    def render(self, event: Event) -> Sequence[Message]:
        if isinstance(event, Partial):
            self._open = event
            return self._show(event.segment, event.text)
        if isinstance(event, Final):
            return self._settle(event)
        return ()

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        return ()

    def is_fatal(self, error: LingtingError) -> bool:
        """Always: there is no other way to tell."""
        return True

    def _settle(self, final: Final) -> Sequence[Message]:
        """Show the final, then again what has been heard of the next segment."""
        shown = self._show(final.segment, final.text)
        ahead = self._open
        if ahead is None or ahead.segment <= final.segment:
            self._open = None
            return shown
        return (*shown, *self._show(ahead.segment, ahead.text))

    def _show(self, segment: int, text: str) -> Sequence[Message]:
        shown_segment, shown_text = self._shown
        if segment == shown_segment and text == shown_text:
            return ()
        if not text and (segment != shown_segment or not shown_text):
            return ()
        self._shown = (segment, text)
        return (text,)
