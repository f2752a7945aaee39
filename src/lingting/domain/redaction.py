"""What of a person may be hidden in a text, how, and what a caller may ask of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from lingting.domain.errors import InvalidOption

__all__ = ["ALL_KINDS", "PiiKind", "RedactMode", "Redacted", "Redaction"]


class RedactMode(StrEnum):
    """What stands where something was hidden."""

    OFF = "off"
    MASK = "mask"
    """As many asterisks as there were characters."""
    TAG = "tag"
    """The kind, as `[PHONE]`."""
    TOKEN = "token"  # noqa: S105 - a mode's name
    """The kind and the sealed text, as `⟦PHONE:…⟧`; whoever may read its owner's history can have it opened."""


class PiiKind(StrEnum):
    """What tells who somebody is, or how to reach or rob them."""

    PHONE = "phone"
    ID_CARD = "id_card"
    """Of China, with its check digit."""
    BANK_CARD = "bank_card"
    """With its check digit (Luhn)."""
    SSN = "ssn"
    """Social security number of the United States."""
    PASSPORT = "passport"
    PLATE = "plate"
    EMAIL = "email"
    IP = "ip"
    NAME = "name"
    ADDRESS = "address"


ALL_KINDS = tuple(PiiKind)
_REVERSIBLE = (RedactMode.OFF, RedactMode.TOKEN)


@dataclass(frozen=True, slots=True)
class Redacted:
    """Where something was hidden; never what it was."""

    kind: PiiKind
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class Redaction:
    """What to hide, and how."""

    mode: RedactMode = RedactMode.OFF
    kinds: tuple[PiiKind, ...] = ALL_KINDS
    """Sorted as in `PiiKind`, each once, so that two that mean the same are equal."""
    is_floor: bool = False
    """Whether callers may ask for more, but not for less."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(kind for kind in PiiKind if kind in self.kinds))
        if self.mode is not RedactMode.OFF and not self.kinds:
            raise InvalidOption("redact_kinds", f"is empty; name some of {', '.join(PiiKind)}, or send redact=off")

    @property
    def is_on(self) -> bool:
        return self.mode is not RedactMode.OFF

    def asked(self, mode: RedactMode | None, kinds: Iterable[PiiKind] | None) -> Redaction:
        """With what a caller asks; None leaves it.

        raises    InvalidOption for less than the server insists on
        """
        wanted = replace(self, mode=mode or self.mode, kinds=self.kinds if kinds is None else tuple(kinds))
        if not self.is_floor:
            return wanted
        if wanted.mode in _REVERSIBLE and wanted.mode is not self.mode:
            raise InvalidOption("redact", f"this server hides personal data; {wanted.mode} is not offered")
        missing = [kind for kind in self.kinds if kind not in wanted.kinds]
        if missing:
            raise InvalidOption("redact_kinds", f"this server hides {', '.join(missing)} as well; name them too")
        return wanted

    def over(self, wanted: Redaction) -> Redaction:
        """What holds of a wish, whichever way it came, where this is what the server insists on."""
        if not self.is_floor:
            return wanted
        is_weaker = wanted.mode in _REVERSIBLE and wanted.mode is not self.mode
        return replace(self, mode=self.mode if is_weaker else wanted.mode, kinds=self.kinds + wanted.kinds)
