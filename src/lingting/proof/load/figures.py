"""What a run of load came to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from lingting.proof.figures import Spread

__all__ = ["RequestFigures", "StreamFigures", "as_json"]


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """Of requests over HTTP to one server."""

    target: str
    clients: int
    answered: int
    failed: Mapping[str, int]
    """By code."""
    wall_seconds: float
    audio_seconds: float
    """Of sound that was answered."""
    latency: Spread
    cached: int = 0
    """How many answers the server says it knew already."""

    @property
    def requests_per_second(self) -> float:
        return self.answered / self.wall_seconds if self.wall_seconds else 0.0

    @property
    def audio_per_second(self) -> float:
        """Seconds of sound answered in a second."""
        return self.audio_seconds / self.wall_seconds if self.wall_seconds else 0.0


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """Of people who spoke at once."""

    target: str
    speakers: int
    said: int
    """Recordings that were spoken."""
    delivered: int
    """Those that got a final."""
    first_text: Spread
    """From the beginning of a recording's speech to its first text, in seconds."""
    final: Spread
    """From the end of its speech to its last final."""
    lag: Spread
    """What the server says it took, from the end of a segment to its final."""
    slip_seconds: float
    """How late the worst piece was sent: over a tenth of a second, this machine and not the server was too slow."""
    failed: Mapping[str, int] = field(default_factory=dict)
    notices: Mapping[str, int] = field(default_factory=dict)
    """What the server said of its own state: lagging, partials_slowed, …"""


def as_json(kind: str, runs: Sequence[RequestFigures | StreamFigures]) -> dict[str, object]:
    """What `lingting capacity` reads."""
    return {"kind": kind, "runs": [_run(run) for run in runs]}


def _run(run: RequestFigures | StreamFigures) -> dict[str, object]:
    body = asdict(run)
    if isinstance(run, RequestFigures):
        body |= {"requests_per_second": run.requests_per_second, "audio_per_second": run.audio_per_second}
    return body
