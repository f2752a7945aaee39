"""Which pages may connect, which subprotocol is spoken, how many sockets there are."""

import pytest
from starlette.datastructures import Headers

from lingting.api.ws.handshake import choose_subprotocol, require_origin
from lingting.api.ws.limits import SocketLimits, Sockets
from lingting.domain.errors import NotAllowed, Overloaded

pytestmark = pytest.mark.unit


def headers(origin, host="localhost:8000") -> Headers:
    return Headers(raw=[(b"host", host.encode()), *((b"origin", one.encode()) for one in origin)])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ([], "localhost:8000"),
        (["http://localhost:8000"], "localhost:8000"),
        (["https://Example.com"], "example.com"),
        (["https://example.com"], "example.com:443"),
        (["http://[::1]:8000"], "[::1]:8000"),
        (["https://friend.example"], "localhost:8000"),
    ],
)
def test_programs_own_pages_and_friends_may_connect(origin, host) -> None:
    require_origin(headers(origin, host), ("https://friend.example",))


@pytest.mark.parametrize(
    "origin",
    [
        ["null"],
        [""],
        ["http://evil.example"],
        ["http://localhost:8000.evil.example"],
        ["http://localhost:3000"],
        ["file://localhost:8000"],
        ["http://[oops"],
        ["http://localhost:8000", "http://localhost:8000"],
    ],
)
def test_other_pages_may_not(origin) -> None:
    with pytest.raises(NotAllowed):
        require_origin(headers(origin), ())


def test_an_empty_host_is_nobodys_own() -> None:
    with pytest.raises(NotAllowed):
        require_origin(Headers(raw=[(b"origin", b"http://")]), ())


def test_a_star_lets_every_page_connect() -> None:
    require_origin(headers(["null"]), ("*",))


def test_the_first_subprotocol_that_both_know_is_spoken() -> None:
    assert choose_subprotocol(("x", "realtime", "binary"), ("binary", "realtime")) == "realtime"
    assert choose_subprotocol(("x",), ("realtime",)) is None


def test_one_socket_too_many_is_refused_and_places_come_free() -> None:
    sockets = Sockets(SocketLimits(max_sockets=1))
    with sockets.holding_a_place(), pytest.raises(Overloaded), sockets.holding_a_place():
        pass
    with sockets.holding_a_place():
        assert sockets.open == 1
    assert sockets.open == 0
