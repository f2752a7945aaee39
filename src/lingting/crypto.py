"""The only file that imports a crypto library: seal, open, rewrap, keyed hashes, comparing in constant time.

A sealed value carries all that opening it needs but the master key:

    "LT1" | length of key id | key id | nonce (12) | data key sealed under the master key (48) | nonce (12) | data, tag

Each value has a data key of its own, so that a new master key means sealing 32 bytes anew, not the data. `about` names
what the value is (table, column, row); it is authenticated, so that a value cannot be moved to another row.
Source: NIST SP 800-38D (GCM); the data-key scheme is what cloud key services call envelope encryption.

What is too large for that is sealed in pieces, each with a number and a mark on the last one in its nonce, so that
pieces which were cut off, left out, doubled or put in another order are found. Source: Hoang, Reyhanitabar, Rogaway
and Vizar, Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance (2015), the STREAM construction.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from lingting.domain.errors import SealBroken, SettingsInvalid

__all__ = [
    "DataKey",
    "Keyring",
    "PieceSeal",
    "Vault",
    "hash_of",
    "is_same",
    "new_bytes",
    "new_master_key",
    "new_secret",
    "sign_rpc",
    "validity_of",
]

MAGIC = b"LT1"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
MAX_KEY_ID_BYTES = 32
HEADER_BYTES = len(MAGIC) + 1 + WRAPPED_BYTES
"""Of a sealed value at least, the key id apart; enough to tell any two values from each other."""
PIECE_BYTES = 64 * 1024
"""Of what is sealed in pieces; opened, each is 16 bytes shorter than on disk."""
SEALED_PIECE_BYTES = PIECE_BYTES + TAG_BYTES
MAX_PIECES = 2**32
"""As many numbers as a nonce holds: 256 TiB."""


def new_secret(size_bytes: int = 32) -> str:
    """Unguessable text, safe in URLs and headers."""
    return base64.urlsafe_b64encode(os.urandom(size_bytes)).rstrip(b"=").decode()


def new_bytes(size_bytes: int) -> bytes:
    """Unguessable."""
    return os.urandom(size_bytes)


def hash_of(secret: str) -> bytes:
    """Of a long random secret, which needs no salt and no slow hash; never of a password."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def is_same(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one, other)


def sign_rpc(method: str, fields: Mapping[str, str], *, secret: str) -> str:
    """Sign a call over all its fields but `Signature`, in base64.

    source    Alibaba Cloud, RPC-style requests, signature version 1.0: HMAC-SHA1 (RFC 2104) of what is escaped twice
    """
    canonical = "&".join(f"{_escaped(name)}={_escaped(fields[name])}" for name in sorted(fields) if name != "Signature")
    signed = f"{method}&{_escaped('/')}&{_escaped(canonical)}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), signed.encode(), "sha1")).decode()


def _escaped(text: str) -> str:
    """Source: RFC 3986, all but the unreserved characters."""
    return quote(text, safe="-_.~", errors="replace")


def validity_of(pem: bytes) -> tuple[datetime, datetime]:
    """From when to when the first certificate in a PEM file is valid, in UTC.

    raises    ValueError for what holds no certificate
    """
    first = x509.load_pem_x509_certificates(pem)[0]
    return first.not_valid_before_utc, first.not_valid_after_utc


def new_master_key() -> str:
    """A line for the key file: `id:key`."""
    return f"k{os.urandom(4).hex()}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Master keys by id; values are sealed under `current` and opened under any."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, lines: Sequence[str]) -> Keyring:
        """Of lines `id:base64`, the current key first; empty lines and those that begin with # do not count.

        raises    SettingsInvalid
        """
        keys: dict[str, bytes] = {}
        for number, line in enumerate((line.strip() for line in lines), start=1):
            if not line or line.startswith("#"):
                continue
            name, _, encoded = line.partition(":")
            try:
                key = base64.b64decode(encoded.strip(), validate=True)
            except (binascii.Error, ValueError) as problem:
                raise SettingsInvalid(f"master keys, line {number}: not base64", param="vault.key_file") from problem
            if len(key) != KEY_BYTES or not name.isalnum() or len(name) > MAX_KEY_ID_BYTES or not name.isascii():
                problem_text = "give an id of letters and digits, a colon, and 32 bytes in base64"
                raise SettingsInvalid(f"master keys, line {number}: {problem_text}", param="vault.key_file")
            if name in keys:
                raise SettingsInvalid(f"master keys, line {number}: {name!r} is there twice", param="vault.key_file")
            keys[name] = key
        if not keys:
            raise SettingsInvalid("there is no master key; `lingting vault new-key` makes one", param="vault.key_file")
        return cls(next(iter(keys)), keys)


@dataclass(frozen=True, slots=True)
class DataKey:
    """A fresh key and the header that a holder of the master key can find it by; for values sealed in pieces."""

    header: bytes
    key: bytes = field(repr=False)


class PieceSeal:
    """Seals or opens the pieces of one thing, in order; each but the last has PIECE_BYTES. Not safe in threads."""

    def __init__(self, key: bytes, *, about: str) -> None:
        self._cipher = AESGCM(key)
        self._about = about.encode()
        self._number = 0
        self._is_over = False

    def seal(self, piece: bytes, *, is_last: bool) -> bytes:
        """A key is for one thing only, so that its nonces, which count from 0, never come twice."""
        assert is_last or len(piece) == PIECE_BYTES, "only the last piece is shorter"
        return self._cipher.encrypt(self._nonce(is_last=is_last), piece, self._about)

    def open(self, sealed: bytes, *, is_last: bool) -> bytes:
        """raises    SealBroken for what was changed, cut, left out, doubled, moved, or goes on after its end"""
        try:
            return self._cipher.decrypt(self._nonce(is_last=is_last), sealed, self._about)
        except (InvalidTag, ValueError) as problem:
            raise SealBroken("sealed pieces were changed, cut or put in another order") from problem

    def _nonce(self, *, is_last: bool) -> bytes:
        assert not self._is_over, "nothing follows the last piece"
        assert self._number < MAX_PIECES, "there are as many pieces as a nonce counts"
        nonce = self._number.to_bytes(NONCE_BYTES - 1, "big") + bytes([is_last])
        self._number += 1
        self._is_over = is_last
        return nonce


class Vault:
    """Seals and opens under a keyring. Quick enough for the event loop up to about a megabyte; safe in threads."""

    def __init__(
        self, keyring: Keyring, root: bytes = b"\0" * KEY_BYTES, *, read_again: Callable[[], Keyring] | None = None
    ) -> None:
        self._keyring = keyring
        self._root = root
        """Of keyed hashes; outlives every master key."""
        self._read_again = read_again
        """Called, quickly, when a value is under a key that is not here: another server may have been given it."""

    @property
    def current_key(self) -> str:
        return self._keyring.current

    @property
    def known_keys(self) -> tuple[str, ...]:
        """Ids of all master keys that are here, the current one first."""
        others = (name for name in self._keyring.keys if name != self._keyring.current)
        return (self._keyring.current, *others)

    def with_root(self, root: bytes) -> Vault:
        return Vault(self._keyring, root, read_again=self._read_again)

    def seal(self, data: bytes, *, about: str) -> bytes:
        """Encrypt and authenticate; about 130 bytes longer."""
        made = self.data_key()
        nonce = os.urandom(NONCE_BYTES)
        return made.header + nonce + AESGCM(made.key).encrypt(nonce, data, about.encode())

    def open(self, sealed: bytes, *, about: str) -> bytes:
        """raises    SealBroken for what was changed, moved, cut, or sealed under a key that is not here"""
        key, start = self.find_data_key(sealed)
        nonce = sealed[start : start + NONCE_BYTES]
        try:
            return AESGCM(key).decrypt(nonce, sealed[start + NONCE_BYTES :], about.encode())
        except (InvalidTag, ValueError) as problem:
            raise SealBroken("a sealed value was changed, or is not where it was put") from problem

    def key_of(self, sealed: bytes) -> str:
        """The id of the master key.

        raises    SealBroken
        """
        if sealed[: len(MAGIC)] != MAGIC or len(sealed) < len(MAGIC) + 1:
            raise SealBroken("this is no sealed value")
        length = sealed[len(MAGIC)]
        return sealed[len(MAGIC) + 1 : len(MAGIC) + 1 + length].decode("ascii", "replace")

    def rewrap(self, sealed: bytes) -> bytes | None:
        """The same value under the current master key; None when it is already.

        raises    SealBroken
        """
        if self.key_of(sealed) == self._keyring.current:
            return None
        key, start = self.find_data_key(sealed)
        return self._header(key) + sealed[start:]

    def data_key(self) -> DataKey:
        key = os.urandom(KEY_BYTES)
        return DataKey(self._header(key), key)

    def find_data_key(self, sealed: bytes) -> tuple[bytes, int]:
        """The data key of what begins with a header, and where the header ends.

        raises    SealBroken
        """
        name = self.key_of(sealed)
        master = self._master(name)
        if master is None:
            raise SealBroken(f"sealed under the master key {name[:MAX_KEY_ID_BYTES]!r}, which is not in the key file")
        start = len(MAGIC) + 1 + len(name)
        wrapped = sealed[start : start + WRAPPED_BYTES]
        nonce, rest = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return AESGCM(master).decrypt(nonce, rest, name.encode()), start + WRAPPED_BYTES
        except (InvalidTag, ValueError) as problem:
            raise SealBroken("a sealed value was changed, or its master key is another of the same id") from problem

    def seal_same(self, data: bytes, *, about: str) -> bytes:
        """Encrypt and authenticate so that the same data about the same gives the same; 16 bytes longer.

        For short values that stand in a text. It tells which of them are equal, and outlives every master key.
        Source: RFC 5297.
        """
        return AESSIV(self._same_key).encrypt(data or b"\0", [about.encode("utf-8", "surrogatepass")])

    def open_same(self, sealed: bytes, *, about: str) -> bytes:
        """raises    SealBroken for what was changed, cut, or is about something else"""
        try:
            return AESSIV(self._same_key).decrypt(sealed, [about.encode("utf-8", "surrogatepass")])
        except (InvalidTag, ValueError) as problem:
            raise SealBroken("a sealed value was changed, or is about something else") from problem

    @property
    def _same_key(self) -> bytes:
        return b"".join(self.macs("seal same", [b"mac", b"cipher"]))

    def mac(self, purpose: str, data: bytes) -> bytes:
        """A keyed hash, 32 bytes, that stays the same when master keys change."""
        return self.macs(purpose, [data])[0]

    def macs(self, purpose: str, values: Iterable[bytes]) -> list[bytes]:
        """The same of many values, in half the time."""
        derived = hmac.digest(self._root, purpose.encode(), "sha256")
        return [hmac.digest(derived, value, "sha256") for value in values]

    def _master(self, name: str) -> bytes | None:
        if name not in self._keyring.keys and self._read_again is not None:
            self._keyring = self._read_again()
        return self._keyring.keys.get(name)

    def _header(self, key: bytes) -> bytes:
        name = self._keyring.current.encode()
        nonce = os.urandom(NONCE_BYTES)
        wrapped = AESGCM(self._keyring.keys[self._keyring.current]).encrypt(nonce, key, name)
        return MAGIC + bytes([len(name)]) + name + nonce + wrapped
