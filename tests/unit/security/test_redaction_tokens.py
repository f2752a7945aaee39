"""Tokens: the same for the same, opened by their owner only."""

import pytest

from lingting.crypto import Keyring, Vault, new_master_key
from lingting.domain import PiiKind
from lingting.domain.errors import SealBroken
from lingting.security.redaction_tokens import RedactionTokens

pytestmark = pytest.mark.unit

VAULT = Vault(Keyring.parse([new_master_key()]), b"r" * 32)
TOKENS = RedactionTokens(VAULT)


def _token(owner: str, text: str, kind: PiiKind = PiiKind.PHONE) -> str:
    return f"⟦{kind.value.upper()}:{TOKENS.sealer_of(owner)(kind, text)}⟧"


@pytest.mark.parametrize("text", ["13800138000", "王小明", "a", "\ud800", "x" * 200])
def test_a_token_opens_to_its_text(text: str) -> None:
    assert TOKENS.open(_token("ann", text), owner="ann") == text


def test_equal_text_gives_equal_tokens_for_one_owner_only() -> None:
    assert _token("ann", "13800138000") == _token("ann", "13800138000")
    assert _token("ann", "13800138000") != _token("bob", "13800138000")


@pytest.mark.parametrize(
    "change", [str.lower, lambda token: token.replace("PHONE", "EMAIL"), lambda token: token[:-3] + "AA⟧"]
)
def test_a_changed_token_opens_for_nobody(change) -> None:
    with pytest.raises(SealBroken):
        TOKENS.open(change(_token("ann", "13800138000")), owner="ann")


def test_another_owner_cannot_open_it() -> None:
    with pytest.raises(SealBroken):
        TOKENS.open(_token("ann", "13800138000"), owner="bob")


def test_a_token_opens_after_the_master_key_has_changed() -> None:
    later = RedactionTokens(Vault(Keyring.parse([new_master_key()]), b"r" * 32))
    assert later.open(_token("ann", "13800138000"), owner="ann") == "13800138000"
