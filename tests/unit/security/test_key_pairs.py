"""What stands for a key without showing it: signatures, and tokens for a while."""

import base64

import pytest
from key_doubles import MemoryStore

from lingting.crypto import Keyring, Vault, sign_rpc
from lingting.domain import ANYBODY, Scope
from lingting.domain.errors import AddressNotAllowed, InvalidKey, RateLimited, RecordNotFound
from lingting.security.key_pairs import KeyPairs, SignedRequest, is_token
from lingting.security.key_wishes import KeyWish, read_key_networks
from lingting.security.keys import AccessSettings, Keys
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

HERE = "203.0.113.9"
FIELDS = {"Action": "CreateToken", "SignatureNonce": "1", "Signature": "left out"}


class House:
    """Keys, and what stands for them."""

    def __init__(self, *, root: bytes = b"r" * 32, failures: int = 60) -> None:
        self.clock = VirtualClock()
        self.keys = Keys(MemoryStore(), self.clock, AccessSettings(failures_per_minute=failures))  # type: ignore[arg-type]
        self.pairs = KeyPairs(Vault(Keyring("k", {"k": b"k" * 32}), root), self.keys, self.clock)

    async def key(self, *scopes: Scope, networks: tuple[str, ...] = ()) -> str:
        wish = KeyWish(scopes=frozenset(scopes or Scope), networks=read_key_networks(networks))
        return (await self.keys.issue(wish)).record.id

    async def token(self, identity: str) -> str:
        shown = await self.keys.find(identity)
        principal = self.keys._known.keep(shown).principal
        return (await self.pairs.issue(principal, seconds=60)).text

    async def redeem(self, token: str):
        return await self.pairs.redeem(token, address=HERE)

    async def vouch(self, identity: str, secret: str):
        signed = SignedRequest("POST", FIELDS, sign_rpc("POST", FIELDS, secret=secret))
        return await self.pairs.vouch(identity, signed, address=HERE)


async def test_who_has_the_secret_is_the_keys_holder() -> None:
    house = House()
    identity = await house.key()
    secret = await house.pairs.secret_of(identity)
    assert len(secret) == 40
    assert (await house.vouch(identity, secret)).key_id == identity


async def test_another_keys_secret_signs_for_nobody_else() -> None:
    house = House()
    one, other = await house.key(), await house.key()
    with pytest.raises(InvalidKey):
        await house.vouch(one, await house.pairs.secret_of(other))


async def test_another_installation_makes_other_secrets_and_tokens() -> None:
    house = House()
    identity = await house.key()
    elsewhere = KeyPairs(Vault(Keyring("k", {"k": b"k" * 32}), b"s" * 32), house.keys, house.clock)
    assert await elsewhere.secret_of(identity) != await house.pairs.secret_of(identity)
    with pytest.raises(InvalidKey):
        await elsewhere.redeem(await house.token(identity), address=HERE)


async def test_a_pair_of_no_key_cannot_be_had() -> None:
    with pytest.raises(RecordNotFound):
        await House().pairs.secret_of("0123456789ab")


async def test_guessing_signatures_is_slow() -> None:
    house = House(failures=2)
    identity = await house.key()
    for expected in (InvalidKey, InvalidKey, RateLimited):
        with pytest.raises(expected):
            await house.vouch(identity, "guess")


@pytest.mark.parametrize(
    ("scopes", "left"),
    [
        ((Scope.STREAM, Scope.JOBS), {Scope.STREAM}),
        ((Scope.HISTORY,), set()),
        ((Scope.ADMIN,), {Scope.STREAM, Scope.TRANSCRIBE}),
    ],
)
async def test_a_token_is_its_key_for_speech_only(scopes, left) -> None:
    house = House()
    identity = await house.key(*scopes)
    token = await house.token(identity)
    assert is_token(token)
    principal = await house.redeem(token)
    assert (principal.key_id, principal.scopes) == (identity, left)


async def test_a_token_ends_when_it_said() -> None:
    house = House()
    token = await house.token(await house.key())
    house.clock.advance(59)
    await house.redeem(token)
    house.clock.advance(1)
    with pytest.raises(InvalidKey):
        await house.redeem(token)


async def test_a_token_does_not_outlive_its_key() -> None:
    house = House()
    identity = await house.key()
    token = await house.token(identity)
    await house.keys.revoke(identity)
    with pytest.raises(InvalidKey):
        await house.redeem(token)


async def test_what_a_key_had_made_is_good_through_the_grace_of_its_rotation() -> None:
    house = House()
    identity = await house.key()
    token, secret = await house.token(identity), await house.pairs.secret_of(identity)
    await house.keys.rotate(identity, grace_seconds=30)
    assert (await house.redeem(token)).key_id == identity
    assert (await house.vouch(identity, secret)).key_id == identity
    assert await house.pairs.secret_of(identity) != secret
    house.clock.advance(31)
    with pytest.raises(InvalidKey):
        await house.redeem(token)
    with pytest.raises(InvalidKey):
        await house.vouch(identity, secret)


async def test_a_token_is_bound_to_the_networks_of_its_key() -> None:
    house = House()
    token = await house.token(await house.key(networks=("10.0.0.0/8",)))
    with pytest.raises(AddressNotAllowed):
        await house.redeem(token)


async def test_no_part_of_a_token_can_be_changed() -> None:
    house = House(failures=1_000)
    token = await house.token(await house.key())
    whole = base64.urlsafe_b64decode(token[4:])
    for place in range(len(whole)):
        changed = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        with pytest.raises(InvalidKey):
            await house.redeem("lts_" + base64.urlsafe_b64encode(changed).decode())


@pytest.mark.parametrize("text", ["lts_", "lts_guess", "lts_" + "A" * 72, "lts_\ud800", "lts_" + "%" * 72])
async def test_what_is_no_token_is_refused(text) -> None:
    house = House()
    await house.key()
    with pytest.raises(InvalidKey) as refused:
        await house.redeem(text)
    assert "guess" not in refused.value.message


async def test_a_token_made_where_no_key_was_asked_for_opens_nothing_once_one_is() -> None:
    house = House()
    token = (await house.pairs.issue(ANYBODY, seconds=60)).text
    await house.key()
    with pytest.raises(InvalidKey):
        await house.redeem(token)
