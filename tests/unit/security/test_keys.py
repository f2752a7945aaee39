"""Keys: who is let in, for how long, and what is known of them."""

import asyncio

import pytest
from key_doubles import MemoryStore

from lingting.domain import KeyLimits, Principal, Scope
from lingting.domain.errors import (
    AddressNotAllowed,
    InvalidKey,
    InvalidOption,
    RateLimited,
    RecordNotFound,
    StorageUnavailable,
)
from lingting.security import keys as keys_module
from lingting.security.key_text import new_key_text
from lingting.security.key_wishes import KeyWish, read_key_networks, read_scopes
from lingting.security.keys import AccessSettings, Keys
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

HERE = "203.0.113.9"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def keys(store, clock) -> Keys:
    return Keys(store, clock, AccessSettings(failures_per_minute=5))


def another_process(store, clock) -> Keys:
    return Keys(store, clock, AccessSettings())


async def refused(keys: Keys, text: str, *, address: str = HERE) -> str:
    with pytest.raises(InvalidKey) as problem:
        await keys.verify(text, address=address)
    assert text not in problem.value.message
    return problem.value.message


async def test_a_key_says_who_calls_and_what_it_is_good_for(keys) -> None:
    limits = KeyLimits(streams=3)
    wish = KeyWish(label="ward 7", tenant="clinic", scopes=frozenset((Scope.STREAM,)), limits=limits)
    issued = await keys.issue(wish, by="ba9876543210")
    principal = await keys.verify(issued.text, address=HERE)
    assert principal == Principal(issued.record.id, "clinic", "ward 7", wish.scopes, limits)
    assert issued.record.created_by == "ba9876543210"


async def test_nothing_but_a_hash_of_the_secret_is_kept(keys, store) -> None:
    issued = await keys.issue(KeyWish())
    secret = issued.text.split("_", 2)[2]
    assert secret not in repr(issued)
    assert secret not in repr(store.records)
    assert secret.encode() not in store.records[issued.record.id].secret_hash


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text.upper(),
        lambda text: new_key_text("0123456789ab"),
        lambda text: text.replace("ltk_", "sk-"),
        lambda _: "",
        lambda _: "\ud800",
        lambda text: text + "\n",
        lambda _: "x" * 100_000,
    ],
    ids=lambda _: "",
)
async def test_any_other_text_is_refused(keys, change) -> None:
    issued = await keys.issue(KeyWish())
    with pytest.raises(InvalidKey):
        await keys.verify(change(issued.text), address=HERE)


async def test_a_known_key_costs_no_query_until_it_must_be_read_again(keys, store, clock) -> None:
    issued = await keys.issue(KeyWish())
    for _ in range(3):
        await keys.verify(issued.text, address=HERE)
    assert store.asked == 0
    clock.advance(2)
    await asyncio.gather(*(keys.verify(issued.text, address=HERE) for _ in range(20)))
    assert store.asked == 1


async def test_ids_that_no_key_has_cost_one_query_each(keys, store) -> None:
    text = new_key_text("0123456789ab")
    await refused(keys, text)
    await refused(keys, text)
    assert store.asked == 1


async def test_a_key_that_is_revoked_here_is_refused_at_once(keys) -> None:
    issued = await keys.issue(KeyWish())
    principal = await keys.verify(issued.text, address=HERE)
    revoked = await keys.revoke(issued.record.id)
    assert "revoked" in await refused(keys, issued.text)
    assert await keys.revoke(issued.record.id) == revoked
    with pytest.raises(InvalidKey):
        await keys.require_usable(principal)


async def test_a_key_that_is_revoked_elsewhere_is_refused_soon(keys, store, clock) -> None:
    issued = await keys.issue(KeyWish())
    await another_process(store, clock).revoke(issued.record.id)
    await keys.verify(issued.text, address=HERE)
    clock.advance(2)
    await refused(keys, issued.text)


async def test_a_key_expires_when_it_said(keys, clock) -> None:
    issued = await keys.issue(KeyWish(expires_seconds=60))
    clock.advance(59)
    await keys.verify(issued.text, address=HERE)
    clock.advance(1)
    assert "expired on 2000-01-01" in await refused(keys, issued.text)
    assert not await keys.has_usable()


async def test_a_rotated_key_is_the_same_key_with_another_secret(keys, clock) -> None:
    first = await keys.issue(KeyWish(label="ward 7"))
    second = await keys.rotate(first.record.id, grace_seconds=60)
    assert second.record.id == first.record.id
    before, after = [await keys.verify(key.text, address=HERE) for key in (first, second)]
    assert before == after
    clock.advance(60)
    await refused(keys, first.text)
    await keys.verify(second.text, address=HERE)


async def test_without_grace_the_secret_before_is_refused_at_once(keys) -> None:
    first = await keys.issue(KeyWish())
    await keys.rotate(first.record.id)
    await refused(keys, first.text)


async def test_a_key_that_is_rotated_elsewhere_is_known_a_moment_later(keys, store, clock) -> None:
    first = await keys.issue(KeyWish())
    second = await another_process(store, clock).rotate(first.record.id)
    clock.advance(0.25)
    await keys.verify(second.text, address=HERE)
    await refused(keys, first.text)


async def test_a_revoked_key_is_not_rotated(keys) -> None:
    issued = await keys.issue(KeyWish())
    await keys.revoke(issued.record.id)
    with pytest.raises(InvalidKey):
        await keys.rotate(issued.record.id)


@pytest.mark.parametrize("grace_seconds", [-1, 7 * 86_400 + 1, float("nan")])
async def test_a_grace_is_at_most_a_week(keys, grace_seconds) -> None:
    issued = await keys.issue(KeyWish())
    with pytest.raises(InvalidOption):
        await keys.rotate(issued.record.id, grace_seconds=grace_seconds)


async def test_a_change_holds_at_once(keys) -> None:
    issued = await keys.issue(KeyWish(label="a"))
    await keys.change(issued.record.id, KeyWish(label="b", scopes=frozenset((Scope.METRICS,))))
    principal = await keys.verify(issued.text, address=HERE)
    assert (principal.label, principal.scopes) == ("b", {Scope.METRICS})


async def test_a_key_of_a_network_is_good_there_only(keys) -> None:
    issued = await keys.issue(KeyWish(networks=("10.0.0.0/8",)))
    await keys.verify(issued.text, address="10.1.2.3")
    with pytest.raises(AddressNotAllowed):
        await keys.verify(issued.text, address=HERE)
    with pytest.raises(AddressNotAllowed):
        await keys.verify(issued.text, address="")


async def test_after_too_many_wrong_keys_they_are_not_looked_at(keys, store) -> None:
    issued = await keys.issue(KeyWish())
    for number in range(5):
        await refused(keys, new_key_text(f"{number:012x}"))
    asked = store.asked
    with pytest.raises(RateLimited):
        await keys.verify(new_key_text("abcdefabcdef"), address=HERE)
    assert store.asked == asked
    await keys.verify(issued.text, address=HERE)  # a right one goes on
    await refused(keys, "nonsense", address="203.0.113.10")


async def test_right_keys_never_count_as_wrong(store, clock) -> None:
    issued = await another_process(store, clock).issue(KeyWish())
    keys = Keys(store, clock, AccessSettings(failures_per_minute=1, refresh_seconds=0))
    for _ in range(5):
        await keys.verify(issued.text, address=HERE)


async def test_a_key_is_asked_for_from_the_first_one_on(keys, store, clock) -> None:
    assert not await keys.is_required()
    await another_process(store, clock).issue(KeyWish())
    clock.advance(2)
    assert await keys.is_required()


async def test_revoking_the_last_key_opens_nothing(store, clock) -> None:
    first = another_process(store, clock)
    await first.revoke((await first.issue(KeyWish())).record.id)
    assert await another_process(store, clock).is_required()
    assert not await first.has_usable()


async def test_whether_keys_are_asked_for_is_looked_up_now_and_then(keys, store) -> None:
    for _ in range(5):
        await keys.is_required()
    assert store.asked == 1


async def test_a_key_may_be_asked_for_before_there_is_one(store, clock) -> None:
    assert await Keys(store, clock, AccessSettings(required=True)).is_required()


async def test_without_its_database_a_server_lets_nobody_in_for_long(keys, store, clock) -> None:
    issued = await keys.issue(KeyWish())
    store.is_away = True
    await keys.verify(issued.text, address=HERE)
    clock.advance(2)
    with pytest.raises(StorageUnavailable):
        await keys.verify(issued.text, address=HERE)


async def test_when_a_key_was_used_is_written_in_the_end(store, clock) -> None:
    async with Keys.opened(store, clock, AccessSettings()) as keys:
        issued = await keys.issue(KeyWish())
        clock.advance(1)
        await keys.verify(issued.text, address=HERE)
    used_ms = store.records[issued.record.id].last_used_ms
    assert used_ms == int(clock.now().timestamp() * 1_000)


async def test_when_it_cannot_be_written_it_is_kept_for_the_next_time(keys, store) -> None:
    issued = await keys.issue(KeyWish())
    await keys.verify(issued.text, address=HERE)
    store.is_away = True
    await keys.flush()
    store.is_away = False
    await keys.flush()
    assert store.records[issued.record.id].last_used_ms is not None


async def test_what_is_not_there_is_not_found(keys) -> None:
    for act in (keys.find, keys.revoke, keys.rotate):
        with pytest.raises(RecordNotFound):
            await act("0123456789ab")
    with pytest.raises(InvalidKey):
        await keys.require_usable(Principal("0123456789ab"))
    await keys.require_usable(Principal(""))


async def test_an_unknown_id_is_compared_as_often_as_a_known_one(keys, monkeypatch) -> None:
    compared: list[int] = []
    original = keys_module.is_same
    monkeypatch.setattr(keys_module, "is_same", lambda one, other: (compared.append(1), original(one, other))[1])
    issued = await keys.issue(KeyWish())
    wrong_secret = new_key_text(issued.record.id)
    counts = []
    for text in (wrong_secret, new_key_text("0123456789ab")):
        compared.clear()
        await refused(keys, text)
        counts.append(len(compared))
    assert counts[0] == counts[1] == 4


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"label": "x" * 201}, "label"),
        ({"label": "line\nbreak"}, "label"),
        ({"tenant": "no spaces"}, "tenant"),
        ({"scopes": frozenset()}, "scopes"),
        ({"expires_seconds": 0}, "expires_seconds"),
        ({"expires_seconds": 1e30}, "expires_seconds"),
        ({"limits": KeyLimits(streams=-1)}, "streams"),
        ({"limits": KeyLimits(requests_per_minute=10**13)}, "requests_per_minute"),
    ],
)
def test_a_wish_that_cannot_be_names_its_field(wish, param) -> None:
    with pytest.raises(InvalidOption) as problem:
        KeyWish(**wish)
    assert problem.value.param == param


def test_scopes_and_networks_are_read_from_their_names() -> None:
    assert read_scopes(["jobs", "jobs", "admin"]) == {Scope.JOBS, Scope.ADMIN}
    assert read_key_networks(["192.168.1.7", "::ffff:10.0.0.0/104"]) == ("192.168.1.7/32", "10.0.0.0/8")
    for read, given in ((read_scopes, ["root"]), (read_key_networks, ["10.0.0.1/8"]), (read_key_networks, ["::"] * 65)):
        with pytest.raises(InvalidOption):
            read(given)
