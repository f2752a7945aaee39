"""Handshakes that say twice what they may say once."""

import pytest

from lingting.serving_handshake import first_of_each

pytestmark = pytest.mark.unit


def test_the_first_key_and_version_are_kept() -> None:
    headers = [(b"Sec-WebSocket-Key", b"one"), (b"sec-websocket-version", b"13"), (b"sec-websocket-key", b"two")]
    assert first_of_each([*headers, (b"Sec-WebSocket-Version", b"8")]) == headers[:2]


def test_other_headers_may_come_more_than_once() -> None:
    headers = [(b"x-forwarded-for", b"one"), (b"x-forwarded-for", b"two"), (b"sec-websocket-protocol", b"a")] * 2
    assert first_of_each(headers) == headers
