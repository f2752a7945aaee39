"""`lingting keys`: making, listing, revoking and rotating API keys, on the database itself; no server is needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import typer

from lingting.cli.durations import read_duration
from lingting.cli.opening import KeyDesk, Opener
from lingting.cli.reporting import err, reported
from lingting.domain import KeyLimits, Scope, SystemClock

if TYPE_CHECKING:  # else --help would load the database's libraries
    from lingting.security.keys import IssuedKey
    from lingting.storage.key_store import KeyRecord

__all__ = ["keys_app"]

keys_app = typer.Typer(name="keys", no_args_is_help=True, help="Make, list, revoke and rotate API keys.")

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="for machines")]
Identity = Annotated[str, typer.Argument(metavar="ID", help="of the key: the 12 characters after ltk_")]


@keys_app.command()
@reported
def create(  # noqa: PLR0913, PLR0917  # Typer makes each parameter an option
    context: typer.Context,
    label: Annotated[str, typer.Option(help="what it is for, as people call it")] = "",
    scope: Annotated[list[Scope] | None, typer.Option(help="what it is good for; repeat it")] = None,
    tenant: Annotated[str, typer.Option(help="keys of one tenant see each other's jobs and history")] = "",
    expires: Annotated[str | None, typer.Option(help="how long it is good for: 12h, 90d, 2w; for ever if not")] = None,
    network: Annotated[list[str] | None, typer.Option(help="where it may be used from (CIDR); repeat it")] = None,
    rpm: Annotated[int | None, typer.Option(help="requests a minute; 0 has no bound")] = None,
    streams: Annotated[int | None, typer.Option(help="live sessions at once; 0 has no bound")] = None,
    audio_per_day: Annotated[int | None, typer.Option(help="seconds of audio a day; 0 has no bound")] = None,
    audio_per_month: Annotated[int | None, typer.Option(help="seconds of audio a month; 0 has no bound")] = None,
    hotword_pack: Annotated[list[str] | None, typer.Option(help="of hotwords, for its requests; repeat it")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, once; from the first one on every caller is asked for a key."""
    from lingting.security.key_wishes import DEFAULT_SCOPES, KeyWish, read_key_networks

    wish = KeyWish(
        label=label,
        scopes=frozenset(scope) if scope else DEFAULT_SCOPES,
        tenant=tenant,
        networks=read_key_networks(network or ()),
        limits=KeyLimits(rpm, streams, audio_per_day, audio_per_month),
        hotword_packs=tuple(hotword_pack or ()),
        expires_seconds=None if expires is None else read_duration(expires, option="--expires"),
    )

    async def work(desk: KeyDesk) -> IssuedKey:
        issued = await desk.keys.issue(wish)
        desk.act.subject = issued.record.id
        return issued

    _print_issued(_at_the_desk(context, "keys.created", work), as_json=as_json)


@keys_app.command("list")
@reported
def list_keys(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="only of this tenant")] = None,
    as_json: AsJson = False,
) -> None:
    """Show all keys, revoked ones too, the newest first; never their secrets."""
    records = _at_the_desk(context, "keys.listed", lambda desk: desk.keys.list(tenant=tenant))
    if as_json:
        typer.echo(json.dumps([_values(record) for record in records], ensure_ascii=False, indent=2))
        return
    _print_rows([("ID", "STATE", "LABEL", "TENANT", "SCOPES", "EXPIRES", "LAST USED"), *map(_row, records)])


@keys_app.command()
@reported
def show(context: typer.Context, identity: Identity, as_json: AsJson = False) -> None:
    """Show one key: what it is good for, from where, how much and how long."""

    async def work(desk: KeyDesk) -> KeyRecord:
        desk.act.subject = identity
        return await desk.keys.find(identity)

    values = _values(_at_the_desk(context, "keys.shown", work))
    if as_json:
        typer.echo(json.dumps(values, ensure_ascii=False, indent=2))
        return
    _print_rows((name, _cell(value)) for name, value in values.items())


@keys_app.command()
@reported
def revoke(context: typer.Context, identity: Identity) -> None:
    """Make a key good for nothing, for ever; servers know within seconds."""

    async def work(desk: KeyDesk) -> None:
        desk.act.subject = identity
        await desk.keys.revoke(identity)

    _at_the_desk(context, "keys.revoked", work)
    err().print(f"{identity} is revoked")


@keys_app.command()
@reported
def rotate(
    context: typer.Context,
    identity: Identity,
    grace: Annotated[str, typer.Option(help="how long the secret before is still good: 0s to 7d")] = "0s",
    as_json: AsJson = False,
) -> None:
    """Give a key another secret and print it, once."""
    grace_seconds = read_duration(grace, option="--grace")

    async def work(desk: KeyDesk) -> IssuedKey:
        desk.act.subject = identity
        return await desk.keys.rotate(identity, grace_seconds=grace_seconds)

    _print_issued(_at_the_desk(context, "keys.rotated", work), as_json=as_json)


@keys_app.command()
@reported
def pair(context: typer.Context, identity: Identity, as_json: AsJson = False) -> None:
    """Show the AccessKey pair of a key, for clients that sign what they ask instead of sending the key."""
    from lingting.security.key_pairs import KeyPairs

    async def work(desk: KeyDesk) -> str:
        desk.act.subject = identity
        return await KeyPairs(desk.act.kept.vault, desk.keys, SystemClock()).secret_of(identity)

    secret = _at_the_desk(context, "keys.paired", work)
    if as_json:
        typer.echo(json.dumps({"access_key_id": identity, "access_key_secret": secret}, indent=2))
        return
    typer.echo(f"{identity} {secret}")
    err().print("The AccessKey id, and its secret. They end with the key, and change when it is rotated.")


def _at_the_desk(context: typer.Context, action: str, work: Callable[[KeyDesk], Awaitable[T]]) -> T:
    async def run() -> T:
        async with cast("Opener", context.obj).key_desk(action) as desk:
            return await work(desk)

    return asyncio.run(run())


def _print_issued(issued: IssuedKey, *, as_json: bool) -> None:
    """The key alone on standard output, so that a script can take it."""
    if as_json:
        typer.echo(json.dumps({"key": issued.text, **_values(issued.record)}, ensure_ascii=False, indent=2))
        return
    typer.echo(issued.text)
    scopes = " ".join(sorted(issued.record.scopes))
    err().print(f"It is not shown again. Good for: {scopes}. Send it as: Authorization: Bearer ltk_…")


def _values(record: KeyRecord) -> dict[str, object]:
    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    limits = record.limits
    return {
        "id": record.id,
        "state": "revoked" if record.revoked_ms is not None else "active" if record.is_usable(now_ms) else "expired",
        "label": record.label,
        "tenant": record.tenant,
        "scopes": sorted(record.scopes),
        "networks": list(record.networks),
        "requests_per_minute": limits.requests_per_minute,
        "streams": limits.streams,
        "audio_seconds_per_day": limits.audio_seconds_per_day,
        "audio_seconds_per_month": limits.audio_seconds_per_month,
        "hotword_packs": list(record.hotword_packs),
        "created_at": _moment(record.created_ms),
        "created_by": record.created_by,
        "expires_at": _moment(record.expires_ms),
        "revoked_at": _moment(record.revoked_ms),
        "last_used_at": _moment(record.last_used_ms),
    }


def _row(record: KeyRecord) -> tuple[str, ...]:
    values = _values(record)
    names = ("id", "state", "label", "tenant", "scopes", "expires_at", "last_used_at")
    return tuple(_cell(values[name]) for name in names)


def _cell(value: object) -> str:
    return " ".join(value) if isinstance(value, list) and value else str(value) if value or value == 0 else "-"


def _print_rows(rows: Iterable[tuple[str, ...]]) -> None:
    """Never cut, whatever the terminal: ids are there to be copied."""
    table = list(rows)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _moment(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds")
