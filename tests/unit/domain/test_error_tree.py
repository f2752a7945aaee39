"""The tree that is drawn in the docstring is the tree of the classes."""

import inspect
import re

import pytest

from lingting.domain import errors
from lingting.domain.errors import Busy, InvalidInput, InvalidOption, LingtingError, ModelNotFound, UnsupportedLanguage

pytestmark = pytest.mark.unit

INDENT = 4
"""Characters that each level of the drawing takes."""


def _drawn() -> dict[str, str | None]:
    """Return each class of the drawing with its parent."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([│├└─ ]*)([A-Z]\w+)(?: {2,}|$)", line)
        if found is None:
            continue
        depth = len(found[1]) // INDENT
        path = [*path[:depth], found[2]]
        parents[found[2]] = path[-2] if depth else None
    return parents


def _defined() -> dict[str, str | None]:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, LingtingError)]
    return {kind.__name__: None if kind is LingtingError else kind.__base__.__name__ for kind in kinds}


def test_the_drawing_shows_every_class_under_its_parent() -> None:
    assert _drawn() == _defined()


@pytest.mark.parametrize("name", errors.__all__)
def test_every_class_states_its_own_code(name: str) -> None:
    kind = getattr(errors, name)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.__dict__["code"])


@pytest.mark.parametrize("name", [name for name in errors.__all__ if issubclass(getattr(errors, name), Busy)])
def test_all_that_is_busy_can_be_tried_again_after_a_time(name: str) -> None:
    error = getattr(errors, name)("later", retry_after_seconds=2.5)
    assert error.retryable
    assert error.retry_after_seconds == 2.5


@pytest.mark.parametrize("name", [name for name in errors.__all__ if issubclass(getattr(errors, name), InvalidInput)])
def test_what_the_caller_must_change_is_not_worth_trying_again_unless_it_stalled(name: str) -> None:
    assert getattr(errors, name).retryable == (name == "UploadStalled")


def test_an_option_names_its_field_and_repeats_only_a_little_of_what_was_given() -> None:
    refusals = [
        InvalidOption("beam_size", "too many"),
        UnsupportedLanguage("x" * 10_000, ["en", "zh"]),
        ModelNotFound("x" * 10_000, ["whisper-base"]),
    ]
    assert [refusal.param for refusal in refusals] == ["beam_size", "language", "model"]
    assert all(len(str(refusal)) < 200 for refusal in refusals)
    assert all(str(refusal) == refusal.message for refusal in refusals)
