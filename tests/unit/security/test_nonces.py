"""Words that are good once."""

import pytest

from lingting.security.nonces import Nonces
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


def test_a_nonce_is_good_once_until_it_is_forgotten() -> None:
    clock = VirtualClock()
    nonces = Nonces(clock, seconds=60)
    assert nonces.use("a")
    assert nonces.use("b")
    assert not nonces.use("a")
    clock.advance(61)
    assert nonces.use("a")


def test_a_nonce_that_is_sent_again_is_remembered_longer() -> None:
    clock = VirtualClock()
    nonces = Nonces(clock, seconds=60)
    nonces.use("a")
    clock.advance(50)
    assert not nonces.use("a")
    clock.advance(50)
    assert not nonces.use("a")
