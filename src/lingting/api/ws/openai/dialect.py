"""OpenAI's Realtime API: `/v1/realtime`, transcription and conversations, as the official client speaks it.

Deltas come while somebody speaks, from text that will not change any more; so an item may be added before it is
committed. See docs/realtime.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lingting.api.errors import close_code
from lingting.api.http.fields import is_encodable
from lingting.api.ws.dialect import (
    Append,
    Clear,
    Close,
    Command,
    Commit,
    Configure,
    Handshake,
    Later,
    Message,
    Open,
    Opened,
    Say,
    TalkConfigure,
)
from lingting.api.ws.messages import decode_audio, read_object
from lingting.api.ws.openai.bot_config import BotConfig, is_bot
from lingting.api.ws.openai.config import RealtimeConfig, merged, options_of
from lingting.api.ws.openai.conversing import Conversing
from lingting.api.ws.openai.events import EventWriter
from lingting.api.ws.openai.items import Conversation
from lingting.api.ws.openai.session_object import session_object
from lingting.audio.live_formats import LiveFormat
from lingting.dialogue.talk.talk_events import TalkEvent
from lingting.domain import (
    Closed,
    CloseReason,
    Committed,
    Event,
    Final,
    Partial,
    SegmentFailed,
    SpeechEnded,
    SpeechStarted,
    StreamOptions,
)
from lingting.domain.errors import (
    AudioUndecodable,
    ClientTooSlow,
    InvalidInput,
    InvalidMessage,
    InvalidOption,
    LingtingError,
    SessionIdle,
)

__all__ = ["BETA_SUBPROTOCOL", "OpenAIRealtime"]

BETA_SUBPROTOCOL = "openai-beta.realtime-v1"
MAX_AWAITED_COMMITS = 256
MAX_EVENT_ID_CHARACTERS = 512
"""Of a client's id that is worth repeating."""
FATAL = (AudioUndecodable, ClientTooSlow, SessionIdle)
"""Among the errors of a client, those after which the session is gone."""
ENDS: dict[CloseReason, tuple[str, str, str]] = {
    CloseReason.IDLE: ("invalid_request_error", "session_idle", "no audio came for too long; connect again"),
    CloseReason.TOO_LONG: ("invalid_request_error", "session_expired", "the session is too long; connect again"),
    CloseReason.QUOTA_EXCEEDED: ("rate_limit_exceeded", "quota_exceeded", "the key's quota of audio is used up"),
    CloseReason.UNDECODABLE: ("invalid_request_error", "audio_undecodable", "the audio cannot be decoded"),
    CloseReason.SHUTTING_DOWN: ("server_error", "shutting_down", "the server is stopping; connect again"),
    CloseReason.FAILED: ("server_error", "internal_error", "the session broke; connect again"),
}
"""What a client is told of a session that it did not end itself."""
CONVERSATIONAL = ("response.", "conversation.item.", "output_audio_buffer.")
OLDER_FIELDS = {"modalities", "voice", "input_audio_format", "output_audio_format", "turn_detection"}
"""Of a session, by which clients of before are known."""
NOT_OFFERED = {
    "conversation.item.retrieve": "items are not kept to be shown again",
    "conversation.item.delete": "what was said cannot be taken back",
    "output_audio_buffer.clear": "it is for WebRTC; stop playing, and send conversation.item.truncate",
}


class OpenAIRealtime:
    """One connection, from the greeting to the end."""

    resumes = False

    def __init__(self, handshake: Handshake) -> None:
        token = handshake.token
        self._handshake = handshake
        self._models = handshake.models
        self._session_id = f"sess_{token}"
        self._writer = EventWriter(token, is_beta=BETA_SUBPROTOCOL in handshake.subprotocols)
        preset = handshake.preset
        self._config = preset if isinstance(preset, RealtimeConfig) else RealtimeConfig()
        self._undone: RealtimeConfig | None = None
        """What holds if the session refuses the change in hand."""
        self._items = Conversation(self._writer, is_manual=self._config.is_manual)
        self._talk = Conversing(self._writer, self._items)
        self._is_open = False
        self._has_audio = False
        self._uncommitted_bytes = 0
        self._event_id: str | None = None
        """Of the client's message in hand."""
        self._handlers: Mapping[str, Callable[[dict[str, object]], Sequence[Command]]] = {
            "session.update": self._update,
            "transcription_session.update": self._update_flat,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
        }
        # Notices have no word: to these clients every error is loud, and nothing was lost.
        self._words: Mapping[type, Callable[[Any], Sequence[str]]] = {  # Any: each takes its own event
            SpeechStarted: self._items.started,
            SpeechEnded: self._items.ended,
            Partial: self._items.partial,
            Final: self._items.final,
            SegmentFailed: self._items.failed,
            Committed: self._items.committed,
            Closed: self._closed,
        }

    def greet(self) -> Sequence[Command]:
        model = self._handshake.query.get("model")
        try:
            if model and is_bot(model, self._models) and self._handshake.query.get("intent") != "transcription":
                self._config = merged(self._config, {"type": "realtime", "model": model}, models=self._models)
            elif model:
                session = {"audio": {"input": {"transcription": {"model": model}}}}
                self._config = merged(self._config, session, models=self._models)
            self._items.detect_turns(not self._config.is_manual)
            self._require_scopes(self._config)
            wish = None if self._config.bot is None else self._talk.wish(self._config, self._language)
            return [Open(self._options(self._config), LiveFormat(pcm=self._config.pcm), talk=wish)]
        except LingtingError as error:
            error.param = "model" if isinstance(error, InvalidOption) else error.param
            return [Say(self._writer.refusal(error)), Close(close_code(error), error.code)]

    def receive(self, message: Message) -> Sequence[Command]:
        self._event_id = self._undone = None
        if isinstance(message, bytes):
            raise InvalidMessage("binary frames mean nothing here; send audio as input_audio_buffer.append, in base64")
        event = read_object(message)
        given = event.get("event_id")
        if isinstance(given, str) and len(given) <= MAX_EVENT_ID_CHARACTERS and is_encodable(given):
            self._event_id = given
        kind = str(event.get("type") or "")
        if self._config.bot is not None and kind in self._talk.handlers:
            return self._talk.handlers[kind](event, self._config, self._event_id)
        handler = self._handlers.get(kind)
        if handler is None:
            raise InvalidMessage(self._problem_of(kind), param="type")
        return handler(event)

    def opened(self, opened: Opened) -> Sequence[Message]:
        self._is_open = True
        return [self._session("created")]

    def render(self, event: Event) -> Sequence[Message | Later | Command]:
        word = self._words.get(type(event))
        said = word(event) if word is not None else ()
        if self._config.bot is None:
            return said
        if isinstance(event, Closed):
            return [*self._talk.replies.release(), *said]
        return self._talk.heard(said, self._config)

    def render_talk(self, event: TalkEvent) -> Sequence[Message | Later | Command]:
        return self._talk.render(event, self._config.bot or BotConfig())

    def refuse(self, error: LingtingError, *, fatal: bool) -> Sequence[Message]:
        if self._undone is not None:
            self._config, self._undone = self._undone, None
            self._items.detect_turns(not self._config.is_manual)
        return [self._writer.refusal(error, event_id=None if fatal else self._event_id)]

    def is_fatal(self, error: LingtingError) -> bool:
        return not self._is_open or not isinstance(error, InvalidInput) or isinstance(error, FATAL)

    def _update_flat(self, event: dict[str, object]) -> Sequence[Command]:
        self._writer.is_beta = True
        return self._update(event)

    def _update(self, event: dict[str, object]) -> Sequence[Command]:
        before, session = self._config, event.get("session")
        config = merged(before, session, models=self._models)
        self._require_scopes(config)
        if config.pcm != before.pcm and self._has_audio:
            raise InvalidOption(
                "session.audio.input.format", "cannot change once audio was sent; open another connection"
            )
        options = self._options(config)
        commands = self._switch(config)
        self._config, self._undone = config, before
        if config.bot is not None:
            self._writer.is_beta |= isinstance(session, dict) and bool(OLDER_FIELDS & session.keys())
            commands.insert(0, TalkConfigure(self._talk.wish(config, self._language)))
        changed = LiveFormat(pcm=config.pcm) if config.pcm != before.pcm else None
        return [*commands, Configure(options, changed), Say(self._session("updated"))]

    def _options(self, config: RealtimeConfig) -> StreamOptions:
        options = options_of(config, self._handshake.defaults)
        return options if config.bot is None else replace(options, partials=True).for_talk()

    @property
    def _language(self) -> str | None:
        """Of who says nothing of it."""
        return self._handshake.defaults.recognize.language

    def _require_scopes(self, config: RealtimeConfig) -> None:
        """raises    MissingScope"""
        if config.bot is not None:
            config.bot.require_scopes(self._handshake.scopes.__contains__)

    def _switch(self, config: RealtimeConfig) -> list[Command]:
        """Begin or cease to detect turns; what was said so far without them is an item."""
        commands: list[Command] = []
        if not config.is_manual and self._config.is_manual and self._items.has_uncommitted_speech:
            self._uncommitted_bytes = 0
            commands = [*map(Say, self._items.commit()), Commit()]
        self._items.detect_turns(not config.is_manual)
        return commands

    def _append(self, event: dict[str, object]) -> Sequence[Command]:
        audio = event.get("audio")
        if not isinstance(audio, str):
            raise InvalidMessage("audio: is missing or no text; send the audio's bytes in base64", param="audio")
        data = decode_audio(audio, max_bytes=self._handshake.max_audio_bytes)
        if not data:
            return []
        self._has_audio = True
        self._uncommitted_bytes += len(data)
        return [Append(data)]

    def _commit(self, _event: dict[str, object]) -> Sequence[Command]:
        if not self._uncommitted_bytes:
            message = "there is nothing to commit: no audio was appended since the last commit or clear"
            error = self._writer.error(
                "invalid_request_error", "input_audio_buffer_commit_empty", message, event_id=self._event_id
            )
            return [Say(error)]
        self._require_patience()
        self._uncommitted_bytes = 0
        # Said first, so that nothing of the session's answer comes before it.
        return [*map(Say, self._items.commit()), Commit()]

    def _clear(self, _event: dict[str, object]) -> Sequence[Command]:
        if not self._uncommitted_bytes:
            return [Say(self._writer.cleared())]
        self._require_patience()
        self._uncommitted_bytes = 0
        # The commit's answer tells when the last final of what was cleared has come.
        barrier: list[Command] = [Commit()] if self._config.is_manual else []
        return [*map(Say, self._items.clear()), Clear(), *barrier]

    def _closed(self, event: Closed) -> Sequence[str]:
        if event.reason not in ENDS:
            return ()
        kind, code, message = ENDS[event.reason]
        return [self._writer.error(kind, code, event.message or message)]

    def _require_patience(self) -> None:
        if self._items.awaited >= MAX_AWAITED_COMMITS:
            raise InvalidMessage(f"{MAX_AWAITED_COMMITS} commits wait for their transcripts; wait for one of them")

    def _session(self, what: str) -> str:
        session = session_object(self._config, self._session_id, served=self._models[0], flat=self._writer.is_beta)
        return self._writer.session(what, session)

    def _problem_of(self, kind: str) -> str:
        if kind in NOT_OFFERED:
            return f"type: {kind!r} is not offered: {NOT_OFFERED[kind]}"
        if self._config.bot is None and kind.startswith(CONVERSATIONAL):
            return f"type: {kind[:60]!r} is for conversations; this session transcribes (see `session.type`)"
        known = ", ".join((*self._handlers, *(self._talk.handlers if self._config.bot is not None else ())))
        return f"type: {kind[:60]!r} is unknown; use one of {known}" if kind else f"type: is missing; use {known}"
