"""What went wrong with one attempt: what the house calls it, and whether another attempt may help. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2
import openai

from lingting.domain.errors import (
    AudioTooLong,
    EngineFailed,
    EngineUnavailable,
    InvalidOption,
    LingtingError,
    Overloaded,
)
from lingting.engines.openai_compatible.settings import OpenAISettings

__all__ = ["Fault", "fault_of", "senseless"]

DEFAULT_RETRY_AFTER_SECONDS = 1.0
MAX_RETRY_AFTER_SECONDS = 3_600.0
OUR_FIELDS = frozenset({"language", "prompt", "temperature"})
"""What comes from the caller; if the server holds one of them for wrong, the caller is told so."""

_UNAVAILABLE = {
    401: "it does not accept the key; see key_env and key_file",
    403: "it does not let this key use the model; see key_env, organization, project and model",
    404: "it has no such model or route; see model and base_url",
    429: "the account of the key has nothing left",
}
"""What an operator, and no caller, can change."""


class Fault(Exception):
    """Of one attempt. What the server says is not repeated: it may hold the key or the speech."""

    def __init__(self, error: LingtingError, *, may_retry: bool = False, is_unwell: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.may_retry = may_retry
        self.is_unwell = is_unwell
        """Whether it says something against the server's health."""


def fault_of(problem: Exception, settings: OpenAISettings, *, has_text: bool = False) -> Fault:
    """What the SDK raised.

    has_text    whether a part of the text had come: then it is not asked for again, as it would be paid for twice
    """
    if isinstance(problem, openai.APIStatusError):
        return _of_status(problem, settings)
    if isinstance(problem, openai.APITimeoutError) and not isinstance(problem.__cause__, httpx2.ConnectTimeout):
        said = f"it said nothing for {settings.answer_seconds:g} seconds"
        return Fault(_unavailable(said), is_unwell=True)
    if isinstance(problem, openai.APIConnectionError):
        said = f"the connection failed ({type(problem.__cause__).__name__})"
        return Fault(_unavailable(said), may_retry=not has_text, is_unwell=True)
    if isinstance(problem, openai.APIResponseValidationError):
        return senseless("an answer of another form")
    if isinstance(problem, openai.APIError):  # told in the middle of a stream
        return Fault(_unavailable("it broke off with an error"), may_retry=not has_text, is_unwell=True)
    return senseless("an answer that is not understood")


def senseless(what: str) -> Fault:
    """Of what the server should not have said."""
    return Fault(EngineFailed(f"openai: the server sent {what}; is base_url that of an OpenAI-compatible server?"))


def _of_status(problem: openai.APIStatusError, settings: OpenAISettings) -> Fault:
    status = problem.status_code
    if status == 429 and problem.code != "insufficient_quota":
        return Fault(_busy(problem.response.headers, status), may_retry=False)
    if status in (408, 409) or status >= 500:
        busy = status == 503 and "retry-after" in problem.response.headers
        error = _busy(problem.response.headers, status) if busy else _unavailable(f"it answered with status {status}")
        return Fault(error, may_retry=not busy, is_unwell=not busy)
    return Fault(_refused(problem, status, settings))


def _refused(problem: openai.APIStatusError, status: int, settings: OpenAISettings) -> LingtingError:
    if status in _UNAVAILABLE:
        return _unavailable(f"{_UNAVAILABLE[status]} ({status})")
    if 300 <= status < 400:
        return _unavailable(f"it answers from another address ({status}); set base_url to that")
    if status == 413:
        return AudioTooLong(settings.max_audio_seconds)
    if problem.param in OUR_FIELDS:
        return InvalidOption(problem.param, "the server behind this model does not take it")
    return EngineFailed(f"openai: the server refused what it was asked with status {status}; see model, answer_format")


def _busy(headers: Mapping[str, str], status: int) -> Overloaded:
    given = headers.get("retry-after", "")
    told = float(given) if given.isascii() and given.isdecimal() and len(given) < 8 else 0.0
    after_seconds = min(MAX_RETRY_AFTER_SECONDS, max(DEFAULT_RETRY_AFTER_SECONDS, told))
    return Overloaded(f"openai: the server is busy ({status}); try again later", retry_after_seconds=after_seconds)


def _unavailable(said: str) -> EngineUnavailable:
    return EngineUnavailable(f"openai: the server behind this model: {said}")
