"""Every error has a status and a shape on the wire."""

import pytest

from lingting.api.errors import HTTP_STATUS, http_status, native_body, openai_body, retry_headers
from lingting.domain import errors
from lingting.domain.errors import (
    AudioTooLarge,
    AudioTooLong,
    InvalidOption,
    LingtingError,
    ModelNotFound,
    Overloaded,
    Starting,
    UnsupportedLanguage,
)

pytestmark = pytest.mark.unit
ALL = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_has_a_status_of_its_own_kind(kind: type[LingtingError]) -> None:
    nearest = next(base for base in kind.__mro__ if base in HTTP_STATUS)
    assert nearest is not LingtingError or kind is LingtingError


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidOption("beam_size", "99"), 400),
        (UnsupportedLanguage("xx", ["en"]), 400),
        (ModelNotFound("x", ["y"]), 400),
        (AudioTooLarge(1), 413),
        (AudioTooLong(1.0), 413),
        (Overloaded("full", retry_after_seconds=2.2), 429),
        (Starting("loading", retry_after_seconds=1.0), 503),
    ],
)
def test_statuses_are_what_clients_expect(error, status) -> None:
    assert http_status(error) == status


def test_the_native_shape_is_no_success() -> None:
    body = native_body(InvalidOption("beam_size", "99"), "id-1")
    assert body["status"] != "SUCCESS"
    assert (body["code"], body["param"], body["request_id"]) == ("invalid_option", "beam_size", "id-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_exceeded"),
        (503, "server_error"),
    ],
)
def test_the_openai_shape_has_their_type(status, kind) -> None:
    body = openai_body(InvalidOption("model", "is missing"), status)
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["type"] == kind


def test_busy_errors_say_when_to_come_back() -> None:
    headers = retry_headers(Overloaded("full", retry_after_seconds=2.2))
    assert headers == {"Retry-After": "3", "retry-after-ms": "2200"}
    assert retry_headers(InvalidOption("a", "b")) == {}
