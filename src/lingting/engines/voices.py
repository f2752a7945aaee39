"""The contract of what knows voices by their sound, and which there are.

A voice model hears a stretch of speech and says what voice is in each part of it, as a vector; two vectors of one
person point the same way. It knows no persons: who is who over a whole recording is decided in `recognition`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lingting.domain import Samples

__all__ = ["VOICE_KINDS", "Prints", "VoiceKind", "VoiceModel"]


@dataclass(frozen=True, slots=True, eq=False)
class Prints:
    """The voices in one stretch of speech, part by part, in the order of time."""

    spans: NDArray[np.float64]
    """Seconds from the start of the stretch, shape (n, 2); they may leave out what is no speech."""
    vectors: NDArray[np.float32]
    """Shape (n, size of the model's vectors), each of length 1."""


class VoiceModel(Protocol):
    """Hears voices; safe to use from several threads. Blocking."""

    @property
    def same_voice(self) -> float:
        """The cosine from which two turns are one person's, where nobody says how many there are."""
        ...

    @property
    def change_cost(self) -> float:
        """How much likelier, as a cosine, another voice must be to count: 0 where parts are whole turns."""
        ...

    def prints(self, samples: Samples) -> Prints:
        """The voices in mono speech at 16 kHz."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceKind:
    """One kind of voice model that the catalog may name as a model's engine."""

    name: str
    needs: tuple[str, ...] = ()
    """Top-level modules of other packages that must be installed."""
    install: str = ""
    """The line that installs them."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules that are not there."""
        return tuple(module for module in self.needs if importlib.util.find_spec(module) is None)


VOICE_KINDS: Mapping[str, VoiceKind] = {
    kind.name: kind
    for kind in (
        VoiceKind("ge2e"),
        VoiceKind("sherpa-voices", needs=("sherpa_onnx",), install='pip install "lingting[sherpa]"'),
    )
}
"""By name."""
