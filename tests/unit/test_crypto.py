"""Sealing: what comes back, and what is found to be wrong."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.crypto import (
    HEADER_BYTES,
    PIECE_BYTES,
    Keyring,
    PieceSeal,
    Vault,
    hash_of,
    is_same,
    new_master_key,
    new_secret,
)
from lingting.domain.errors import SealBroken, SettingsInvalid

pytestmark = pytest.mark.unit
OLD, NEW = new_master_key(), new_master_key()
ABOUT = "transcripts.sealed:tr_1"


def vault(*lines: str) -> Vault:
    return Vault(Keyring.parse(lines or (OLD,)))


@given(st.binary(max_size=1_000), st.text(max_size=50))
def test_what_is_sealed_comes_back(data: bytes, about: str) -> None:
    about = about.encode("utf-8", "replace").decode()
    assert vault().open(vault().seal(data, about=about), about=about) == data


def test_a_sealed_value_shows_nothing_and_is_never_the_same() -> None:
    one, other = (vault().seal(b"a known sentence", about=ABOUT) for _ in range(2))
    assert b"known" not in one
    assert one[:HEADER_BYTES] != other[:HEADER_BYTES]


def test_a_change_of_any_byte_is_found() -> None:
    sealed = vault().seal(b"hello", about=ABOUT)
    for i in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault().open(sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :], about=ABOUT)


def test_a_cut_anywhere_is_found() -> None:
    sealed = vault().seal(b"hello", about=ABOUT)
    for i in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault().open(sealed[:i], about=ABOUT)


def test_a_value_in_another_row_is_found() -> None:
    with pytest.raises(SealBroken):
        vault().open(vault().seal(b"hello", about=ABOUT), about=ABOUT + "x")


def test_a_key_that_is_not_here_is_named() -> None:
    with pytest.raises(SealBroken, match=OLD.partition(":")[0]):
        vault(NEW).open(vault().seal(b"hello", about=ABOUT), about=ABOUT)


def test_another_key_of_the_same_id_opens_nothing() -> None:
    name = OLD.partition(":")[0]
    with pytest.raises(SealBroken):
        vault(f"{name}:{NEW.partition(':')[2]}").open(vault().seal(b"hello", about=ABOUT), about=ABOUT)


def test_old_and_new_values_open_while_keys_change() -> None:
    both = vault(NEW, OLD)
    old, new = vault().seal(b"old", about=ABOUT), both.seal(b"new", about=ABOUT)
    assert (both.open(old, about=ABOUT), both.open(new, about=ABOUT)) == (b"old", b"new")
    assert (both.key_of(old), both.key_of(new)) == (OLD.partition(":")[0], NEW.partition(":")[0])


def test_a_value_under_the_new_key_needs_the_old_one_no_more() -> None:
    fresh = vault(NEW, OLD).rewrap(vault().seal(b"hello", about=ABOUT))
    assert fresh is not None
    assert vault(NEW).open(fresh, about=ABOUT) == b"hello"


def test_what_is_under_the_current_key_is_left_alone() -> None:
    assert vault().rewrap(vault().seal(b"hello", about=ABOUT)) is None


def test_a_key_that_another_server_was_given_is_looked_for_once_it_is_met() -> None:
    running = Vault(Keyring.parse([OLD]), read_again=lambda: Keyring.parse([NEW, OLD])).with_root(b"r" * 32)
    assert running.known_keys == (OLD.partition(":")[0],)
    assert running.open(vault(NEW).seal(b"hello", about=ABOUT), about=ABOUT) == b"hello"
    assert running.current_key == NEW.partition(":")[0]


def test_keyed_hashes_stay_when_master_keys_change_and_differ_by_purpose() -> None:
    root = os.urandom(32)
    one, other = Vault(Keyring.parse([OLD]), root), Vault(Keyring.parse([NEW]), root)
    assert one.mac("user", b"Ann") == other.mac("user", b"Ann") != one.mac("term", b"Ann")
    assert one.macs("user", [b"Ann", b"Bob"]) == [one.mac("user", b"Ann"), one.mac("user", b"Bob")]
    assert one.mac("user", b"Ann") != vault().mac("user", b"Ann")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["# only a comment", ""],
        ["k1:not base64!"],
        ["k1:" + base64.b64encode(b"short").decode()],
        ["k-1:" + OLD.partition(":")[2]],
        [":" + OLD.partition(":")[2]],
        ["k" * 33 + ":" + OLD.partition(":")[2]],
        ["ключ:" + OLD.partition(":")[2]],
        [OLD, OLD],
        ["k1"],
    ],
)
def test_a_key_file_that_cannot_be_is_refused(lines) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        Keyring.parse(lines)
    assert OLD.partition(":")[2] not in caught.value.message


def test_the_first_key_is_the_current_one() -> None:
    assert vault("# first", "", NEW, OLD).known_keys == (NEW.partition(":")[0], OLD.partition(":")[0])


def test_secrets_are_long_and_compared_whole() -> None:
    assert len(new_secret()) == 43
    assert new_secret() != new_secret()
    assert is_same(hash_of("a"), hash_of("a"))
    assert not is_same(hash_of("a"), hash_of("b"))


def test_nothing_secret_is_shown() -> None:
    assert OLD.partition(":")[2] not in repr(Keyring.parse([OLD]))
    made = vault().data_key()
    assert repr(made.key) not in repr(made)


def pieces(count: int) -> tuple[Vault, bytes, list[bytes]]:
    held = vault()
    made = held.data_key()
    seal = PieceSeal(made.key, about=ABOUT)
    data = [os.urandom(PIECE_BYTES) for _ in range(count - 1)] + [b"end"]
    return held, made.header, [seal.seal(piece, is_last=i == count - 1) for i, piece in enumerate(data)]


def opened(held: Vault, header: bytes, sealed: list[bytes], *, about: str = ABOUT) -> list[bytes]:
    key, _ = held.find_data_key(header)
    seal = PieceSeal(key, about=about)
    return [seal.open(piece, is_last=i == len(sealed) - 1) for i, piece in enumerate(sealed)]


def test_pieces_come_back_in_order() -> None:
    held, header, sealed = pieces(3)
    assert [len(piece) for piece in opened(held, header, sealed)] == [PIECE_BYTES, PIECE_BYTES, 3]


@pytest.mark.parametrize(
    "harm",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[1:],
        lambda sealed: [sealed[1], sealed[0], sealed[2]],
        lambda sealed: [sealed[0], sealed[0], *sealed[1:]],
        lambda sealed: [sealed[0], sealed[2]],
        lambda sealed: [*sealed, sealed[2]],
        lambda sealed: [*sealed[:2], sealed[2][:-1]],
        lambda sealed: [*sealed[:2], b""],
    ],
    ids=["end cut", "beginning cut", "swapped", "doubled", "left out", "end doubled", "last one cut", "last one empty"],
)
def test_pieces_that_were_harmed_are_found(harm) -> None:
    held, header, sealed = pieces(3)
    with pytest.raises(SealBroken):
        opened(held, header, harm(sealed))


def test_pieces_of_another_thing_are_found() -> None:
    held, header, sealed = pieces(2)
    with pytest.raises(SealBroken):
        opened(held, header, sealed, about="blobs:other")
