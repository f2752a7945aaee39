"""Client secrets: found again until they expire, bounded, and never shown twice."""

import pytest

from lingting.api.client_secrets import ClientSecrets, key_of
from lingting.domain.errors import InvalidKey, Overloaded
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


def test_a_secret_finds_its_preset_any_number_of_times() -> None:
    kept = ClientSecrets(VirtualClock())
    secret = kept.issue("preset", seconds=10)
    assert secret.value.startswith("ek_")
    assert [kept.redeem(secret.value) for _ in range(3)] == ["preset"] * 3


def test_it_expires_when_it_said() -> None:
    clock = VirtualClock()
    kept = ClientSecrets(clock)
    secret = kept.issue("preset", seconds=10)
    assert secret.expires_at == clock.now().timestamp() + 10
    clock.advance(10)
    with pytest.raises(InvalidKey):
        kept.redeem(secret.value)


@pytest.mark.parametrize("key", ["ek_", "ek_guess", "ek_\ud800"])
def test_an_unknown_secret_is_refused(key) -> None:
    with pytest.raises(InvalidKey) as refused:
        ClientSecrets(VirtualClock()).redeem(key)
    assert "guess" not in refused.value.message


@pytest.mark.parametrize("key", [None, "", "sk-other", "EK_no"])
def test_what_is_no_secret_has_no_preset(key) -> None:
    assert ClientSecrets(VirtualClock()).redeem(key) is None


def test_the_table_is_bounded_and_makes_room_of_what_expired() -> None:
    clock = VirtualClock()
    kept = ClientSecrets(clock, most=2)
    kept.issue("short", seconds=10)
    kept.issue("long", seconds=100)
    with pytest.raises(Overloaded) as refused:
        kept.issue("more", seconds=10)
    assert refused.value.retry_after_seconds == 10
    clock.advance(10)
    assert kept.redeem(kept.issue("more", seconds=10).value) == "more"


def test_a_secret_does_not_show_in_a_log() -> None:
    secret = ClientSecrets(VirtualClock()).issue("preset", seconds=10)
    assert secret.value not in repr(secret)


@pytest.mark.parametrize(
    ("headers", "subprotocols", "key"),
    [
        ({}, (), None),
        ({"authorization": "Bearer ek_1"}, (), "ek_1"),
        ({"authorization": "bearer  ek_1 "}, (), "ek_1"),
        ({"authorization": "Basic eDp5"}, (), None),
        ({"authorization": "Bearer "}, (), None),
        ({}, ("realtime", "openai-insecure-api-key.ek_2", "openai-beta.realtime-v1"), "ek_2"),
        ({"authorization": "Bearer ek_1"}, ("openai-insecure-api-key.ek_2",), "ek_1"),
    ],
)
def test_a_key_comes_as_a_bearer_or_among_the_subprotocols(headers, subprotocols, key) -> None:
    assert key_of(headers, subprotocols) == key
