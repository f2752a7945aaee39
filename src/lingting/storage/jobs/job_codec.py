"""What a caller asked of a job, as bytes for the sealed column, and back.

A field that a later version adds is passed over by an earlier one, so that servers of two versions can share a table.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lingting.domain import (
    ChannelMode,
    Hotword,
    Hotwords,
    PcmFormat,
    PiiKind,
    Punctuation,
    RecognizeOptions,
    Redaction,
    RedactMode,
    Script,
    Spacing,
    Task,
)
from lingting.domain.errors import SealBroken
from lingting.domain.options import Effort, VadOptions
from lingting.domain.principal import KeyLimits

__all__ = ["JobSpec", "spec_from", "spec_to"]

Json = Mapping[str, Any]  # Any: what JSON holds


@dataclass(frozen=True, slots=True)
class JobSpec:
    """One recording to recognise, and all that was said about it."""

    options: RecognizeOptions
    pcm: PcmFormat | None = None
    name: str = field(default="audio", repr=False)
    """Of the file, as the caller named it."""
    url: str | None = field(default=None, repr=False)
    """Where the recording is fetched from; None for one that was uploaded."""
    callback_url: str | None = field(default=None, repr=False)
    callback_includes_result: bool = False
    metadata: Mapping[str, object] = field(default_factory=dict, repr=False)
    """The caller's own; given back as it was."""
    user: str = field(default="", repr=False)
    keep: bool | None = None
    """As `Call.keep`."""
    intents: str = ""
    """The pack of commands that its segments are held against; empty for none."""
    publishes: bool = False
    """Whether the commands found are told to others."""
    tenant: str = ""
    limits: KeyLimits = field(default_factory=KeyLimits)
    request_id: str = ""


def spec_to(spec: JobSpec) -> bytes:
    return json.dumps(dataclasses.asdict(spec), ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def spec_from(data: bytes) -> JobSpec:
    """raises    SealBroken for what `spec_to` did not make"""
    try:
        row = json.loads(data.decode("utf-8", "surrogatepass"))
        given = _known(JobSpec, row)
        given["options"] = _options(row["options"])
        given["pcm"] = PcmFormat(**_known(PcmFormat, row["pcm"])) if row["pcm"] else None
        given["limits"] = KeyLimits(**_known(KeyLimits, row["limits"]))
        return JobSpec(**given)
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise SealBroken("a kept job cannot be read; another version of Lingting wrote it") from problem


def _options(row: Json) -> RecognizeOptions:
    given = _known(RecognizeOptions, row)
    given |= {
        "task": Task(row["task"]),
        "script": Script(row["script"]),
        "channel_mode": ChannelMode(row["channel_mode"]),
        "effort": Effort(row["effort"]),
        "spacing": Spacing(row.get("spacing", Spacing.AS_IS)),
        "punctuation": Punctuation(row.get("punctuation", Punctuation.AUTO)),
        "languages": tuple(row.get("languages", ())),
        "channel_names": tuple(row.get("channel_names", ())),
        "temperatures": tuple(row["temperatures"]),
        "redaction": _redaction(row.get("redaction")),
        "hotwords": _hotwords(row.get("hotwords")),
        "vad": VadOptions(**_known(VadOptions, row["vad"])),
    }
    return RecognizeOptions(**given)


def _hotwords(row: Json | None) -> Hotwords:
    words = () if row is None else row["words"]
    return Hotwords(tuple(Hotword(**_known(Hotword, word) | {"replaces": tuple(word["replaces"])}) for word in words))


def _redaction(row: Json | None) -> Redaction:
    if row is None:  # of an earlier version
        return Redaction()
    kinds = tuple(PiiKind(kind) for kind in row["kinds"])
    return Redaction(**_known(Redaction, row) | {"mode": RedactMode(row["mode"]), "kinds": kinds})


def _known(kind: Any, row: Json) -> dict[str, Any]:  # Any: a dataclass, and its keyword arguments
    names = {each.name for each in dataclasses.fields(kind)}
    return {name: value for name, value in row.items() if name in names}
