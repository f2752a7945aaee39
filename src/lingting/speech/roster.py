"""Which voice says a text: the one that was named, or the one of its language. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lingting.domain.errors import SettingsInvalid, VoiceNotFound
from lingting.domain.languages import normalize_language
from lingting.speech.base import VoiceInfo
from lingting.speech.settings import SpeechSettings
from lingting.text.language import language_of
from lingting.text.script import CHINESE

__all__ = ["ANY_VOICE", "Chosen", "Roster"]

ANY_VOICE = frozenset(
    (
        *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer"),
        *("verse", "auto", "default"),
    )
)
"""OpenAI's names, and ours for it: the voice of the text's language."""
NO_VOICES = "no voice is on this machine; install some with: pip install 'lingting[voices]' (see docs/voices.md)"
_LATIN = re.compile("[A-Za-z]")
HAN_RATIO = 0.05
"""From so much Chinese on, a text wants a voice that can read it, whatever else is in it."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who says it, and in which language."""

    voice: VoiceInfo
    language: str


class Roster:
    """All voices that can be named, in the order of their engines."""

    def __init__(self, voices: Sequence[VoiceInfo], settings: SpeechSettings) -> None:
        """raises    SettingsInvalid"""
        self.voices = tuple({voice.name: voice for voice in reversed(voices)}.values())[::-1]
        self._by_name = {voice.name: voice for voice in self.voices}
        self._preferred = dict(self._preference(pair) for pair in settings.by_language)

    @property
    def engines(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(voice.engine for voice in self.voices))

    def require(self, voice: str | None) -> None:
        """That there is such a voice, or for None any.

        raises    VoiceNotFound
        """
        if not self.voices:
            raise VoiceNotFound(NO_VOICES)
        if voice is not None and voice not in self._by_name and voice not in ANY_VOICE:
            raise VoiceNotFound(f"{voice[:80]!r} is unknown; use one of {', '.join(self._by_name)}, or auto")

    def choose(self, text: str, *, voice: str | None, engine: str | None, language: str | None) -> Chosen:
        """raises    VoiceNotFound, naming those there are; UnsupportedLanguage"""
        self.require(voice)
        able = [each for each in self.voices if engine is None or each.engine == engine]
        wanted = normalize_language(language) if language else None
        if voice is not None and voice in self._by_name:
            named = self._by_name[voice]
            if named not in able:
                raise VoiceNotFound(f"{voice!r} is not a voice of {engine}; leave out the model or the voice")
            return Chosen(named, self._spoken_by(named, wanted or _guess(text, named.languages)))
        spoken = tuple(dict.fromkeys(code for each in able for code in each.languages))
        wanted = wanted or _guess(text, spoken)
        return Chosen(self._of_language(wanted, able), wanted)

    def _of_language(self, language: str, able: Sequence[VoiceInfo]) -> VoiceInfo:
        preferred = self._preferred.get(language)
        if preferred is not None and preferred in able:
            return preferred
        speakers = [each for each in able if language in each.languages]
        if not speakers:
            known = ", ".join(dict.fromkeys(code for each in able for code in each.languages))
            raise VoiceNotFound(
                f"no voice here speaks {language!r}, only {known}; espeak-ng speaks many, see docs/voices.md"
            )
        return next((each for each in speakers if each.languages[0] == language), speakers[0])

    def _spoken_by(self, voice: VoiceInfo, language: str) -> str:
        if language not in voice.languages:
            raise VoiceNotFound(
                f"{voice.name!r} speaks {', '.join(voice.languages)}, not {language!r}; leave out the voice"
            )
        return language

    def _preference(self, pair: str) -> tuple[str, VoiceInfo]:
        language, _, name = pair.partition("=")
        voice = self._by_name.get(name.strip())
        if voice is None or language.strip() not in voice.languages:
            raise SettingsInvalid(
                f"speech.by_language: {pair[:80]!r} is not LANGUAGE=VOICE with a voice that is here and speaks it; "
                f"here are {', '.join(self._by_name) or 'none'}",
                param="speech.by_language",
            )
        return language.strip(), voice


def _guess(text: str, spoken: Sequence[str]) -> str:
    """The language of the text: one that is spoken, unless its script says that it is none of them."""
    free = language_of(text)
    chinese = next((code for code in spoken if code in CHINESE), None)
    if chinese is not None and free.han_ratio >= HAN_RATIO and free.language != "ja":
        return free.language if free.language in spoken and free.language in CHINESE else chinese
    if free.language and not _LATIN.search(text):
        return free.language
    return language_of(text, spoken).language or spoken[0]
