"""Keys on the wire: what is asked of one, read field by field, and what is shown of it; never its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from lingting.api.http.fields import Fields
from lingting.domain import KeyLimits, Scope
from lingting.domain.errors import InvalidOption
from lingting.security.key_wishes import KeyWish, read_key_networks, read_scopes
from lingting.storage.key_store import KeyRecord

__all__ = ["KeyRequest", "changed_wish", "key_answer", "limits_answer", "read_wish"]

FIELDS = frozenset({"label", "tenant", "scopes", "networks", "limits", "expires_seconds", "hotword_packs"})
LIMITS = ("requests_per_minute", "streams", "audio_seconds_per_day", "audio_seconds_per_month")


class KeyRequest(BaseModel):
    """For the documentation; the body is read field by field, so that each refusal names its field."""

    label: str = Field("", description="what it is for, as people call it")
    tenant: str = Field("", description="keys of one tenant see each other's jobs and history")
    scopes: list[str] = Field(
        default=["transcribe", "stream", "rooms", "jobs", "history"],
        description=f"what it is good for: {', '.join(Scope)}",
    )
    networks: list[str] = Field(default=[], description="where it may be used from, as 10.0.0.0/8; empty is anywhere")
    limits: dict[str, int | None] = Field(
        default={}, description=f"{', '.join(LIMITS)}; null takes the server's default, 0 has no bound"
    )
    hotword_packs: list[str] = Field(default=[], description="packs of hotwords for its requests that name none")
    expires_seconds: float | None = Field(None, description="how long it is good for, from now; null is for ever")


def read_wish(body: Mapping[str, object]) -> KeyWish:
    """raises    InvalidOption"""
    return _merged(KeyWish(), body)


def changed_wish(record: KeyRecord, body: Mapping[str, object], *, now_ms: int) -> KeyWish:
    """A key as it is, but for what the body names.

    raises    InvalidOption
    """
    if not record.scopes and "scopes" not in body:
        raise InvalidOption("scopes", "this version knows none of those the key has; name some")
    left_seconds = None if record.expires_ms is None else max(0.001, (record.expires_ms - now_ms) / 1_000)
    present = KeyWish(
        label=record.label,
        tenant=record.tenant,
        scopes=record.scopes or read_scopes(_texts(body, "scopes")),
        networks=record.networks,
        limits=record.limits,
        hotword_packs=record.hotword_packs,
        expires_seconds=left_seconds,
    )
    return _merged(present, body)


def _merged(present: KeyWish, body: Mapping[str, object]) -> KeyWish:
    for name in body.keys() - FIELDS:
        raise InvalidOption(name[:40], f"is unknown; a key has {', '.join(sorted(FIELDS))}")
    fields = Fields(body)
    changes: dict[str, Any] = {}  # Any: fields of KeyWish
    for name in ("label", "tenant"):
        if name in body:
            changes[name] = fields.text(name) or ""
    if "scopes" in body:
        changes["scopes"] = read_scopes(_texts(body, "scopes"))
    if "networks" in body:
        changes["networks"] = read_key_networks(_texts(body, "networks"))
    if "hotword_packs" in body:
        changes["hotword_packs"] = tuple(_texts(body, "hotword_packs"))
    if "expires_seconds" in body:
        changes["expires_seconds"] = fields.number("expires_seconds")
    if "limits" in body:
        changes["limits"] = _limits(present.limits, body["limits"])
    return replace(present, **changes)


def _texts(body: Mapping[str, object], name: str) -> list[str]:
    value = body[name]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidOption(name, "is no list of texts")
    return value


def _limits(present: KeyLimits, given: object) -> KeyLimits:
    if not isinstance(given, dict):
        raise InvalidOption("limits", f"is no object; it has {', '.join(LIMITS)}")
    for name in given.keys() - set(LIMITS):
        raise InvalidOption(f"limits.{name[:40]}", f"is unknown; there are {', '.join(LIMITS)}")
    fields = Fields(given)
    changes: dict[str, Any] = {name: fields.whole(name) for name in given}  # Any: fields of KeyLimits
    return replace(present, **changes)


def key_answer(record: KeyRecord, *, now_ms: int) -> dict[str, object]:
    """Everything but the secrets."""
    state = "revoked" if record.revoked_ms is not None else "active" if record.is_usable(now_ms) else "expired"
    return {
        "id": record.id,
        "state": state,
        "label": record.label,
        "tenant": record.tenant,
        "scopes": sorted(record.scopes),
        "networks": list(record.networks),
        "limits": limits_answer(record.limits),
        "hotword_packs": list(record.hotword_packs),
        "created_at": _moment(record.created_ms),
        "created_by": record.created_by,
        "expires_at": _moment(record.expires_ms),
        "revoked_at": _moment(record.revoked_ms),
        "last_used_at": _moment(record.last_used_ms),
        "previous_secret_until": _moment(record.previous_until_ms if record.previous_hash else None),
    }


def limits_answer(limits: KeyLimits) -> dict[str, int | None]:
    return {name: getattr(limits, name) for name in LIMITS}


def _moment(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
