"""What the address may ask for where a protocol's own messages have no word for it."""

from __future__ import annotations

from dataclasses import replace

from lingting.api.http.fields import Fields, read_options
from lingting.api.ws.dialect import Handshake
from lingting.domain import RecognizeOptions
from lingting.domain.errors import ModelNotFound

__all__ = ["recognize_options"]


def recognize_options(handshake: Handshake) -> RecognizeOptions:
    """The defaults with `language`, `model` and `local_only` of the query.

    raises    InvalidOption, UnsupportedLanguage, ModelNotFound
    """
    fields = Fields(handshake.query)
    defaults = handshake.defaults.recognize
    model = fields.text("model")
    if model is not None and model not in handshake.models:
        raise ModelNotFound(model, handshake.models)
    options = read_options(Fields({"language": fields.text("language")}), defaults)
    return replace(
        options,
        model=model or defaults.model,
        local_only=fields.flag("local_only", defaults.local_only),
        word_times=True,
    )
