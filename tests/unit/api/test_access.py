"""Where a key may stand in a request, and what a request may say of its user."""

import pytest
from starlette.requests import HTTPConnection

from lingting.api.access import key_of, named
from lingting.domain import ANYBODY, Call
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


def connection(
    kind: str, headers: dict[str, str], subprotocols: tuple[str, ...] = (), query: str = ""
) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "headers": raw, "query_string": query.encode(), "subprotocols": list(subprotocols)}
    return HTTPConnection(scope)


@pytest.mark.parametrize(
    ("headers", "subprotocols", "key"),
    [
        ({}, (), None),
        ({"authorization": "Bearer ek_1"}, (), "ek_1"),
        ({"authorization": "bearer  ek_1 "}, (), "ek_1"),
        ({"authorization": "Basic eDp5"}, (), None),
        ({"authorization": "Bearer "}, (), None),
        ({"x-api-key": " k3 "}, (), "k3"),
        ({"authorization": "Bearer ek_1", "x-api-key": "k3"}, (), "ek_1"),
        ({}, ("realtime", "openai-insecure-api-key.ek_2", "openai-beta.realtime-v1"), "ek_2"),
        ({"authorization": "Bearer ek_1"}, ("openai-insecure-api-key.ek_2",), "ek_1"),
    ],
)
def test_a_key_comes_in_a_header_or_among_the_subprotocols(headers, subprotocols, key) -> None:
    assert key_of(connection("websocket", headers, subprotocols)) == key


def test_a_key_in_the_address_counts_for_sockets_only() -> None:
    assert key_of(connection("websocket", {}, query="api_key=k4")) == "k4"
    assert key_of(connection("http", {}, query="api_key=k4")) is None


def test_a_field_names_the_user_and_wins_over_the_header() -> None:
    call = Call(ANYBODY, "/asr", user="from the header")
    assert named(call, "p-17").user == "p-17"
    assert named(call, None).user == "from the header"


@pytest.mark.parametrize("user", ["x" * 201, "line\nbreak", "bell\x07"])
def test_a_user_that_is_too_long_or_not_printable_is_refused(user) -> None:
    with pytest.raises(InvalidOption):
        named(Call(ANYBODY, "/asr"), user)
