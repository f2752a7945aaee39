"""What a client asks for, by the names that the native REST has for it; each refusal names its field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from google.protobuf.message import DecodeError

from lingting.api.grpc._generated import speech_pb2
from lingting.api.http.asking import Wishes, wished, with_model
from lingting.api.http.fields import Fields, read_options, read_pcm
from lingting.api.http.rest import check_format
from lingting.audio.decode import AudioSource
from lingting.domain import Call, RecognizeOptions
from lingting.domain.errors import InvalidMessage, InvalidOption
from lingting.recognition.served import ServedNames
from lingting.text.commands.intent_match import Matcher
from lingting.text.commands.intents import Intents
from lingting.text.hotwords.shelf import HotwordShelf

__all__ = ["Asked", "asked", "parsed", "set_fields"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A recording and all that is wanted of it."""

    source: AudioSource
    options: RecognizeOptions
    wishes: Wishes
    matcher: Matcher | None
    """The pack of commands that it is held against."""


def parsed(kind: type[Any], data: bytes) -> Any:  # Any: the library's messages have no types
    """The message that the bytes are.

    raises    InvalidMessage
    """
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise InvalidMessage(f"the message is no {kind.DESCRIPTOR.full_name}; is the proto another one?") from error


class Shelves(Protocol):
    """What a request may name of the server's."""

    @property
    def names(self) -> ServedNames: ...

    @property
    def intents(self) -> Intents: ...

    @property
    def hotwords(self) -> HotwordShelf: ...


def asked(data: bytes, call: Call, *, defaults: RecognizeOptions, services: Shelves) -> Asked:
    """raises    InvalidMessage, InvalidOption, ModelNotFound, UnsupportedFormat, UnsupportedLanguage"""
    request = parsed(speech_pb2.RecognizeRequest, data)
    if not request.audio:
        raise InvalidOption("audio", "is missing; send the recording in this field")
    fields = Fields(set_fields(request.config))
    check_format(fields)
    options = replace(read_options(fields, defaults, shelf=services.hotwords), word_times=fields.flag("words"))
    pack = fields.text("intents")
    return Asked(
        source=AudioSource(data=request.audio, pcm=read_pcm(fields)),
        options=with_model(services.names, fields, options),
        wishes=wished(call, fields),
        matcher=None if pack is None else services.intents.matcher(pack, param="intents"),
    )


def set_fields(config: Any) -> dict[str, object]:  # Any: the library's messages have no types
    """What the message sets; several values with commas between them, as forms have them."""
    return {
        field.name: value if isinstance(value, str | int | float) else ",".join(value)
        for field, value in config.ListFields()
    }
