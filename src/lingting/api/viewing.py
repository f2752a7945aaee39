"""What a viewer of a subtitle room may say in a request, the same for WebSocket and event stream; and room links."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from starlette.datastructures import URL
from starlette.requests import HTTPConnection

from lingting.api.http.fields import Fields
from lingting.domain.errors import InvalidOption
from lingting.rooms.viewers import DEFAULT_HISTORY, View
from lingting.rooms.views import ViewFormat, ViewStyle

__all__ = ["links_of", "token_of", "view_of"]

MAX_POSITION_DIGITS = 15


def token_of(connection: HTTPConnection) -> str:
    """The token of `?token=` or of a Bearer header; empty when there is none."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip()
    return connection.query_params.get("token", "")


def view_of(connection: HTTPConnection, *, as_events: bool) -> View:
    """raises    InvalidOption"""
    fields = Fields(dict(connection.query_params))
    chosen = fields.choice("format", ViewFormat) or ViewFormat.JSON
    history = fields.whole("history")
    return View(
        style=ViewStyle(chosen, fields.flag("partials", default=chosen is ViewFormat.JSON), as_events),
        history=DEFAULT_HISTORY if history is None else history,
        after=_position(connection.headers.get("last-event-id", "") or connection.query_params.get("after", "")),
    )


def links_of(base: URL, room: str, view_token: str, *, is_public: bool) -> dict[str, str]:
    """Where to watch, ready to be handed out: whoever has them may view."""
    origin = str(base).rstrip("/")
    path = f"{origin}/v1/rooms/{quote(room)}"
    token = {} if is_public else {"token": view_token}
    return {
        "view": _with(path.replace("http", "ws", 1) + "/view", token),
        "events": _with(path + "/events", token),
        "watch": _with(f"{origin}/rooms/{quote(room)}/watch", token),
        "overlay": _with(f"{origin}/rooms/{quote(room)}/overlay", token),
        "srt": _with(path + "/transcript", {**token, "format": "srt"}),
    }


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url


def _position(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_POSITION_DIGITS):
        raise InvalidOption("after", "is no position; send the id of the last event, as it was")
    return int(text)
