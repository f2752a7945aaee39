"""The packs of a server, and what a caller asks of them. Read once, when the server opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lingting.domain import Hotword, Hotwords
from lingting.domain.errors import InvalidOption, SettingsInvalid
from lingting.text.hotwords.packs import HotwordPack, load_folder, load_shipped

__all__ = ["MAX_PACKS_ASKED", "NO_PACKS", "HotwordSettings", "HotwordShelf"]

MAX_PACKS_ASKED = 10
NO_PACKS = "none"
"""In place of names: not even those that are usual here."""


@dataclass(frozen=True, slots=True)
class HotwordSettings:
    """Which words are known here."""

    folder: Path | None = None
    """With packs of your own, as TOML or CSV; one with the name of a shipped pack takes its place."""
    packs: tuple[str, ...] = ()
    """For requests that name none, and whose key names none."""


class HotwordShelf:
    """Packs by name. Read-only; safe from several threads."""

    def __init__(self, packs: Iterable[HotwordPack], usual: Sequence[str] = ()) -> None:
        """raises    InvalidOption for a usual pack that there is not"""
        self._packs = {pack.name: pack for pack in packs}
        self.usual = Hotwords(self._words_of(usual, "hotwords.packs"))

    @classmethod
    def opened(cls, settings: HotwordSettings) -> HotwordShelf:
        """The shipped packs and those of the folder. Blocking.

        raises    SettingsInvalid with file and line
        """
        packs = load_shipped() | (load_folder(settings.folder) if settings.folder else {})
        try:
            return cls(packs.values(), settings.packs)
        except InvalidOption as problem:
            raise SettingsInvalid(problem.message, param="hotwords.packs") from problem

    @property
    def packs(self) -> tuple[HotwordPack, ...]:
        return tuple(self._packs[name] for name in sorted(self._packs))

    def require(self, names: Sequence[str], *, param: str = "hotword_packs") -> None:
        """raises    InvalidOption where there is no such pack, or too many are named"""
        self._words_of(names, param)

    def chosen(
        self,
        before: Hotwords,
        *,
        words: Sequence[Hotword] | None = None,
        packs: Sequence[str] | None = None,
        param: str = "hotword_packs",
    ) -> Hotwords:
        """What holds when a caller names words, packs, or both; None leaves those of `before`.

        raises    InvalidOption
        """
        if words is None and packs is None:
            return before
        own = before.own if words is None else tuple(words)
        of_packs = before.of_packs if packs is None else self._words_of(packs, param)
        return Hotwords((*own, *of_packs))

    def _words_of(self, names: Sequence[str], param: str) -> tuple[Hotword, ...]:
        if list(names) == [NO_PACKS]:
            return ()
        if len(names) > MAX_PACKS_ASKED:
            raise InvalidOption(param, f"{len(names)} packs; at most {MAX_PACKS_ASKED}")
        words: list[Hotword] = []
        for name in dict.fromkeys(names):
            pack = self._packs.get(name)
            if pack is None:
                raise InvalidOption(
                    param, f"{name[:60]!r} is no pack of hotwords here; use some of {', '.join(sorted(self._packs))}"
                )
            words += pack.words
        return tuple(words)
