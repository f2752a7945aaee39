"""Client secrets: found again until they expire, bounded, and never shown twice."""

import pytest

from lingting.api.client_secrets import ClientSecrets, is_client_secret
from lingting.domain import ANYBODY, Principal, Scope
from lingting.domain.errors import InvalidKey, Overloaded
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


def test_a_secret_finds_its_preset_any_number_of_times() -> None:
    kept = ClientSecrets(VirtualClock())
    secret = kept.issue("preset", ANYBODY, seconds=10)
    assert secret.value.startswith("ek_")
    assert [kept.redeem(secret.value).preset for _ in range(3)] == ["preset"] * 3


def test_it_expires_when_it_said() -> None:
    clock = VirtualClock()
    kept = ClientSecrets(clock)
    secret = kept.issue("preset", ANYBODY, seconds=10)
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
def test_other_keys_are_no_secrets(key) -> None:
    assert not is_client_secret(key)


def test_a_secret_speaks_for_its_maker_and_for_live_speech_only() -> None:
    kept = ClientSecrets(VirtualClock())
    maker = Principal("0123456789ab", tenant="clinic", scopes=frozenset((Scope.ADMIN,)))
    principal = kept.redeem(kept.issue("preset", maker, seconds=10).value).principal
    assert (principal.owner, principal.key_id) == ("tenant:clinic", "0123456789ab")
    assert [scope for scope in Scope if principal.may(scope)] == [Scope.STREAM]


def test_a_secret_is_good_for_what_it_was_made_for_as_far_as_its_maker_is() -> None:
    kept = ClientSecrets(VirtualClock())
    maker = Principal(key_id="k", scopes=frozenset((Scope.STREAM, Scope.CHAT)))
    secret = kept.issue("preset", maker, seconds=10, scopes=(Scope.STREAM, Scope.CHAT, Scope.SPEAK))
    assert kept.redeem(secret.value).principal.scopes == {Scope.STREAM, Scope.CHAT}


def test_the_table_is_bounded_and_makes_room_of_what_expired() -> None:
    clock = VirtualClock()
    kept = ClientSecrets(clock, most=2)
    kept.issue("short", ANYBODY, seconds=10)
    kept.issue("long", ANYBODY, seconds=100)
    with pytest.raises(Overloaded) as refused:
        kept.issue("more", ANYBODY, seconds=10)
    assert refused.value.retry_after_seconds == 10
    clock.advance(10)
    assert kept.redeem(kept.issue("more", ANYBODY, seconds=10).value).preset == "more"


def test_a_secret_does_not_show_in_a_log() -> None:
    secret = ClientSecrets(VirtualClock()).issue("preset", ANYBODY, seconds=10)
    assert secret.value not in repr(secret)
