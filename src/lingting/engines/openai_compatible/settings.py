"""What can be set of the OpenAI-compatible engine. The key is not among it: only where it is found."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from lingting.domain.errors import SettingsInvalid
from lingting.domain.languages import LANGUAGES, languages_problem
from lingting.engines.remote_address import address_problem

__all__ = ["AnswerFormat", "KeySettings", "OpenAISettings", "read_key"]

AnswerFormat = Literal["auto", "verbose_json", "json"]
_FORMATS = ("auto", "verbose_json", "json")
_RANGES = {
    "max_audio_seconds": (1.0, 600.0),
    "max_connections": (1, 10_000),
    "connect_seconds": (0.1, 60.0),
    "answer_seconds": (0.1, 600.0),
    "total_seconds": (0.1, 3_600.0),
    "max_retries": (0, 20),
    "backoff_seconds": (0.0, 10.0),
    "breaker_failures": (1, 1_000),
    "breaker_seconds": (0.01, 600.0),
}
MAX_KEY_BYTES = 4_096
MAX_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class OpenAISettings:
    """Which server, how it is asked, and where its key is.

    raises    SettingsInvalid, whose param is the field's name
    """

    base_url: str = "https://api.openai.com/v1"
    """With the path before "/audio/transcriptions"."""
    model: str = "whisper-1"
    """As that server names it."""
    key_env: str = "OPENAI_API_KEY"
    """The variable that holds the key; empty for a server that asks for none."""
    key_file: str = ""
    """A file that holds the key and nothing else; goes before the variable."""
    organization: str = ""
    project: str = ""
    allow_plain_http: bool = False
    """Let the key and speech go unencrypted to a host that is not this machine."""
    use_proxies: bool = False
    """Those of the environment."""
    answer_format: AnswerFormat = "auto"
    """verbose_json has the language, scores and word times; auto takes it but for OpenAI's gpt- models, which only know
    json."""
    stream: bool = False
    """Have the text sent while it is recognised, where no words are asked for: who hangs is noticed sooner."""
    logprobs: bool = False
    """Ask for them with json; gpt-4o models give them."""
    translates: bool = False
    """Whether the server has "/audio/translations"."""
    languages: tuple[str, ...] = tuple(LANGUAGES)
    max_audio_seconds: float = 30.0
    """Longer audio is cut at its pauses before it is sent."""
    max_connections: int = 16
    connect_seconds: float = 5.0
    answer_seconds: float = 30.0
    """Without any word of the server, before it counts as away."""
    total_seconds: float = 60.0
    """For a call, with all its attempts."""
    max_retries: int = 2
    backoff_seconds: float = 0.2
    """Before the first retry; doubled for each further one, with a random part."""
    breaker_failures: int = 10
    """Attempts in a row that fail before the server is left alone."""
    breaker_seconds: float = 10.0
    """How long, before one call tries whether it is back."""

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise _invalid(name, f"{value} is outside {low} to {high}")
        problem = address_problem(self.base_url, allow_plain_http=self.allow_plain_http, allow_path=True)
        if problem:
            raise _invalid("base_url", problem)
        if self.answer_format not in _FORMATS:
            raise _invalid("answer_format", f"{self.answer_format!r} is none of {', '.join(_FORMATS)}")
        for name in ("model", "organization", "project", "key_env"):
            value = getattr(self, name)
            if len(value) > MAX_NAME_CHARACTERS or not value.isprintable() or not value.isascii():
                raise _invalid(name, f"give at most {MAX_NAME_CHARACTERS} plain characters")
        if not self.model:
            raise _invalid("model", "name a model of that server")
        self._check_languages()

    @property
    def gives_words(self) -> bool:
        """Whether the server is asked in the form that has word times."""
        return self.answer_format == "verbose_json" or (
            self.answer_format == "auto" and not self.model.startswith("gpt-")
        )

    def _check_languages(self) -> None:
        if problem := languages_problem(self.languages):
            raise _invalid("languages", problem)


class KeySettings(Protocol):
    """Where a key is found."""

    @property
    def key_env(self) -> str: ...
    @property
    def key_file(self) -> str: ...


def read_key(settings: KeySettings, environment: Mapping[str, str] | None = None) -> str:
    """The key, read anew; empty where none is to be sent. Blocking.

    raises    SettingsInvalid, which says what is missing and never what is there
    """
    variables = os.environ if environment is None else environment
    if settings.key_file:
        key, where = _from_file(Path(settings.key_file)), "key_file"
    elif settings.key_env:
        key, where = variables.get(settings.key_env, "").strip(), "key_env"
    else:
        return ""
    if not key:
        raise _invalid(
            where,
            f"there is no key in {settings.key_file or settings.key_env}; put it there, or set key_env to an empty "
            "text for a server that asks for none",
        )
    if len(key) > MAX_KEY_BYTES or not key.isascii() or not key.isprintable() or " " in key:
        raise _invalid(where, "what is there is not one line of plain characters")
    return key


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_KEY_BYTES + 1).decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise _invalid("key_file", f"cannot be read: {type(problem).__name__}") from problem


def _invalid(name: str, problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"{name}: {problem}", param=name)
