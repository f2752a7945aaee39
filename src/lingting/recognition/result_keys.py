"""What makes two requests the same question: a key under which an answer may be given again.

Promises: whatever changes the answer changes the key: the bytes, how they are to be read, every option, the engine, the
weights, this software; and whose question it is, unless results are shared. A key is a keyed hash and tells nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, replace
from functools import lru_cache

from lingting.crypto import Vault
from lingting.domain import ChannelMode, Hotwords, PcmFormat, RecognizeOptions, RedactMode
from lingting.domain.principal import Call

__all__ = ["ResultKeys"]

OPTIONS_REMEMBERED = 1_024
"""Callers ask for the same few mixes of options over and over."""


class ResultKeys:
    """Makes keys for one engine with one model.

    recipe    of all that turns audio into text here, as a hash: engine, weights, their settings, this software
    """

    def __init__(self, vault: Vault, recipe: str, *, is_shared: bool) -> None:
        self._vault = vault
        self._recipe = recipe
        self._is_shared = is_shared

    def key_of(
        self, digest: bytes, pcm: PcmFormat | None, options: RecognizeOptions, call: Call, *, facet: str = ""
    ) -> str:
        """
        digest    of the recording's bytes
        facet     what of the caller changes who answers
        """
        # Of a person's recordings nobody else's are answered, so that erasing what is kept of one erases all of it.
        # Tokens open for their own owner only.
        is_shared = self._is_shared and options.redaction.mode is not RedactMode.TOKEN
        asker = [] if is_shared else [call.principal.owner, call.user]
        question = [self._recipe, digest.hex(), None if pcm is None else astuple(pcm), _canonical(options), asker]
        if facet:
            question.append(facet)
        return self._vault.mac("cache key", json.dumps(question).encode()).hex()


@lru_cache(OPTIONS_REMEMBERED)
def _canonical(options: RecognizeOptions) -> str:
    """The same text for options that ask for the same."""
    wishes = asdict(replace(options, hotwords=Hotwords())) | {"hotwords": options.hotwords.digest}
    if options.channel_mode is not ChannelMode.PICK:
        del wishes["channel"]
    return json.dumps(wishes, sort_keys=True)
