"""Addresses, and what a handshake's answer says."""

import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from lingting.client.transport import Address, _closed, _is_here, _refusal, stream_url
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("ws://127.0.0.1:8000", "ws://127.0.0.1:8000/v1/asr/stream"),
        ("127.0.0.1:8000", "ws://127.0.0.1:8000/v1/asr/stream"),
        ("http://localhost/", "ws://localhost/v1/asr/stream"),
        ("https://example.com", "wss://example.com/v1/asr/stream"),
        ("wss://example.com/behind/proxy?a=b", "wss://example.com/behind/proxy?a=b"),
        ("WS://[::1]:9000", "ws://[::1]:9000/v1/asr/stream"),
    ],
)
def test_the_path_and_the_scheme_are_filled_in(given, whole) -> None:
    assert stream_url(given) == whole


@pytest.mark.parametrize(
    "given", ["", "ws://", "ftp://example.com", "ws://example.com:port", "file:///etc", "ws://[::1"]
)
def test_what_is_no_address_is_refused(given) -> None:
    with pytest.raises(InvalidOption):
        stream_url(given)


def test_certificates_need_an_address_that_has_them() -> None:
    context = ssl.create_default_context()
    with pytest.raises(InvalidOption, match="wss"):
        Address.of("ws://example.com", key=None, ssl=context, proxy=True)
    assert Address.of("wss://example.com", key=None, ssl=context, proxy=True).ssl is context


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(Address.of("ws://example.com", key="secret", ssl=None, proxy=True))


@pytest.mark.parametrize(
    "body", [b'{"code":"starting","message":"loading"}', b'{"error":{"code":"starting","message":"loading"}}']
)
def test_a_refusal_is_read_in_either_shape(body) -> None:
    refusal = _refusal(503, Headers({"retry-after-ms": "1500", "Retry-After": "2"}), body)
    assert (refusal.code, refusal.message, refusal.retry_after_seconds) == ("starting", "loading", 1.5)


@pytest.mark.parametrize("body", [None, b"", b"<html>", b"[]", b'{"code": 1}'])
def test_one_from_something_else_in_between_has_its_status(body) -> None:
    refusal = _refusal(502, Headers({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}), body)
    assert (refusal.code, refusal.message) == ("http_502", "the server answered with HTTP status 502")
    assert refusal.retry_after_seconds == 0.0


def test_a_connection_that_this_side_gave_up_counts_as_lost() -> None:
    assert _closed(ConnectionClosedError(None, Close(1011, "keepalive ping timeout"))).code == 1006
    assert _closed(ConnectionClosedError(Close(1012, "shutting_down"), None)).code == 1012


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "[::1]:8000"])
def test_no_proxy_stands_before_this_machine(host) -> None:
    assert _is_here(f"ws://{host}/")


@pytest.mark.parametrize("host", ["10.0.0.1", "example.com", "localhost.example.com"])
def test_one_may_stand_before_others(host) -> None:
    assert not _is_here(f"ws://{host}/")
