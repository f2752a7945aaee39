"""What a client of OpenAI's Realtime API says to the bot: messages in writing, and what becomes of replies. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lingting.api.ws.dialect import (
    Close,
    Command,
    Later,
    Message,
    Say,
    TalkAsk,
    TalkConfigure,
    TalkGoOn,
    TalkNote,
    TalkPlayed,
    TalkResult,
    TalkStop,
)
from lingting.api.ws.openai.bot_config import MAX_INSTRUCTIONS, BotConfig
from lingting.api.ws.openai.config import RealtimeConfig
from lingting.api.ws.openai.events import EventWriter
from lingting.api.ws.openai.fields import Fields
from lingting.api.ws.openai.items import Conversation
from lingting.api.ws.openai.replies import Replies
from lingting.api.ws.openai.written_items import CallOutput, WrittenItem, read_item, require_place
from lingting.dialogue.talk.talk_events import ReplyStarted, TalkEnded, TalkEvent, TalkProblem
from lingting.dialogue.talk.talk_parts import TalkWish
from lingting.dialogue.turns.turn_news import EndReason
from lingting.domain.errors import InvalidMessage, InvalidOption
from lingting.text.language import script_language

__all__ = ["Conversing"]

MAX_NOTED_CHARACTERS = 8_000
"""In writing, since the last reply began."""
MAX_AUDIO_MS = 24 * 3_600 * 1_000
PLAYED_SECONDS = 3_600.0
"""More than any reply lasts."""
PASSED = ("conversation", "max_output_tokens", "max_response_output_tokens", "temperature", "parallel_tool_calls")
"""Of a response: what may be said and is let pass, as in a session."""
Event = Mapping[str, object]


class Conversing:
    """One connection's."""

    def __init__(self, writer: EventWriter, items: Conversation) -> None:
        self._writer, self._items = writer, items
        self._id = f"conv_{writer.token}"
        self.replies = Replies(writer, items)
        self._system = ""
        """What messages of the system say, after the instructions."""
        self._noted = 0
        self._wanted: str | None = None
        """Instructions of a response that is to come once the commits before it are answered; "" for the session's."""
        self._asked_by: str | None = None
        """The client's id of the event that asked last."""
        self.handlers: Mapping[str, Callable[[Event, RealtimeConfig, str | None], Sequence[Command]]] = {
            "conversation.item.create": self._create_item,
            "conversation.item.truncate": self._truncate,
            "response.create": self._create_response,
            "response.cancel": self._cancel,
        }

    def wish(self, config: RealtimeConfig, language: str | None = None, *, instructions: str = "") -> TalkWish:
        """What the conversation is asked for.

        instructions    in the place of the session's; empty for those
        """
        bot, turns = config.bot, config.turn_detection
        assert bot is not None, "the session has a bot"
        told = [instructions or bot.instructions, self._system]
        return TalkWish(
            voice=bot.voice,
            speed=bot.speed,
            speaks=bot.speaks,
            language=config.transcription.language or language or TalkWish().language,
            is_automatic=turns is not None and turns.create_response,
            may_interrupt=turns is not None and turns.interrupt_response,
            asks_back=False,
            instructions="\n".join(filter(None, told)),
            functions=bot.offered,
        )

    def heard(self, said: Sequence[str], config: RealtimeConfig) -> list[Message | Command]:
        """What follows from what was heard: it is said or waits, and a response that waited for it begins."""
        turns = config.turn_detection
        may_interrupt = turns is not None and turns.interrupt_response
        told: list[Message | Command] = [*self.replies.heard(said, may_interrupt=may_interrupt)]
        if self._wanted is not None and not self._items.awaited:
            wanted, self._wanted = self._wanted, None
            told += self._ask(config, wanted)
        return told

    def render(self, event: TalkEvent, bot: BotConfig) -> Sequence[Message | Later | Command]:
        if isinstance(event, ReplyStarted):
            self._noted = 0
        elif isinstance(event, TalkEnded):
            return self._end(event)
        elif isinstance(event, TalkProblem) and not event.reply:
            return [self._refusal(event.code, event.message, self._asked_by)]
        return self.replies.render(event, bot, self._id)

    def _end(self, event: TalkEnded) -> Sequence[Message | Command]:
        if event.reason is not EndReason.MAX_TURNS:
            return ()
        message = "the conversation has had as many turns as it may; connect again"
        return [self._refusal("session_expired", message, None), Close(1008, "session_expired")]

    def _create_item(self, event: Event, config: RealtimeConfig, _event_id: str | None) -> Sequence[Command]:
        item = read_item(event.get("item"), self._items.new_id)
        require_place(event.get("previous_item_id"), self._items.last)
        command = self._told(item, config)
        previous = self._items.place(item.id)
        done = self._writer.done_item(item.shown, previous)
        return [command, Say(self._writer.added_item(item.shown, previous)), *map(Say, done)]

    def _told(self, item: WrittenItem | CallOutput, config: RealtimeConfig) -> Command:
        assert config.bot is not None, "the session has a bot"
        if isinstance(item, CallOutput):
            if not self.replies.has_called(item.call_id):
                raise InvalidOption("item.call_id", "the model has called no function with this id")
            return TalkResult(item.call_id, item.output)
        if item.role == "system":
            system = "\n".join(filter(None, (self._system, item.text)))
            if len(system) + len(config.bot.instructions) > MAX_INSTRUCTIONS:
                problem = f"with the instructions, system messages may have {MAX_INSTRUCTIONS} characters"
                raise InvalidOption("item.content", problem)
            self._system = system
            return TalkConfigure(self.wish(config))
        if self._noted + len(item.text) > MAX_NOTED_CHARACTERS:
            raise InvalidOption(
                "item.content", f"messages before one response may have {MAX_NOTED_CHARACTERS} characters"
            )
        self._noted += len(item.text)
        return TalkNote(item.text, None if config.transcription.language else script_language(item.text))

    def _create_response(self, event: Event, config: RealtimeConfig, event_id: str | None) -> Sequence[Command]:
        instructions = _read_response(event.get("response"), config)
        if self.replies.is_asking and config.bot is not None:
            if instructions:
                raise InvalidOption("response.instructions", "cannot be given where a reply goes on after a call")
            return [Say(self.replies.go_on(config.bot, self._id)), TalkGoOn()]
        if self.replies.is_active or self._wanted is not None:
            message = "a response is being made; wait for its response.done, or cancel it"
            return [Say(self._refusal("conversation_already_has_active_response", message, event_id))]
        self._asked_by = event_id
        if self._items.awaited:
            self._wanted = instructions
            return []
        return self._ask(config, instructions)

    def _ask(self, config: RealtimeConfig, instructions: str) -> list[Command]:
        """Ask the bot; a client that plays what it has been given has heard it by the time that the answer sounds."""
        sounding = self.replies.sounding
        before: list[Command] = [] if sounding is None else [TalkPlayed(sounding.reply, PLAYED_SECONDS)]
        if not instructions:
            return [*before, TalkAsk()]
        once = TalkConfigure(self.wish(config, instructions=instructions))
        return [*before, once, TalkAsk(), TalkConfigure(self.wish(config))]

    def _cancel(self, event: Event, _config: RealtimeConfig, event_id: str | None) -> Sequence[Command]:
        if self._wanted is not None:
            self._wanted = None
            return []
        given = event.get("response_id")
        if not self.replies.is_active or (given is not None and given != self.replies.response_id):
            message = "no such response is being made"
            return [Say(self._refusal("response_cancel_not_active", message, event_id))]
        self.replies.cancelling()
        return [TalkStop()]

    def _truncate(self, event: Event, _config: RealtimeConfig, _event_id: str | None) -> Sequence[Command]:
        fields = Fields("conversation.item.truncate", event)
        item_id = event.get("item_id")
        said = self.replies.said(item_id) if isinstance(item_id, str) else None
        if said is None:
            raise InvalidMessage("item_id: no reply of the bot has this id, or it was too long ago", param="item_id")
        index = fields.whole("content_index", 0, 0, default=0)
        end_ms = fields.whole("audio_end_ms", 0, MAX_AUDIO_MS, default=MAX_AUDIO_MS)
        if end_ms > round(said.sound_seconds * 1_000):
            problem = f"audio_end_ms: is more than the {said.sound_seconds * 1_000:.0f} ms that the reply sounds"
            raise InvalidMessage(problem, param="audio_end_ms")
        commands: list[Command] = [
            TalkPlayed(said.reply, said.before_seconds + max(0.0, end_ms / 1_000 - said.filler_seconds))
        ]
        if self.replies.is_in_hand(said.reply):
            self.replies.cancelling()
            commands.append(TalkStop())
        told = self._writer.write(
            "conversation.item.truncated", item_id=item_id, content_index=index, audio_end_ms=end_ms
        )
        return [*commands, Say(told)]

    def _refusal(self, code: str, message: str, event_id: str | None) -> str:
        return self._writer.error("invalid_request_error", code, message, event_id=event_id)


def _read_response(response: object, config: RealtimeConfig) -> str:
    """The instructions of this one response; empty for the session's.

    raises    InvalidOption for what cannot be said of one response
    """
    if response is None:
        return ""
    if not isinstance(response, dict):
        raise InvalidOption("response", "is no object")
    fields, bot = Fields("response", response), config.bot
    assert bot is not None, "the session has a bot"
    for name, value in response.items():
        if name in {"output_modalities", "modalities"} and value:
            if ("audio" in fields.texts(name, default=(), most=2)) != bot.speaks:
                raise InvalidOption(f"response.{name}", "cannot differ from the session's; change it by session.update")
        elif name == "conversation" and value == "none":
            raise InvalidOption(
                "response.conversation", "'none' is not offered: responses are part of the conversation"
            )
        elif name not in {"instructions", *PASSED} and value not in (None, [], {}, "auto"):
            problem = "cannot be given for one response; set it in the session, if it is offered there"
            raise InvalidOption(f"response.{name[:40]}", problem)
    instructions = fields.text("instructions", default="") or ""
    if len(instructions) > MAX_INSTRUCTIONS:
        raise InvalidOption("response.instructions", f"may have {MAX_INSTRUCTIONS} characters")
    return instructions
