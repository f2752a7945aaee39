"""The pages of a room: one for people who read along, and the overlay for OBS and other broadcast software.

Static files of `console/overlay`, under a policy that allows no inline script or style and nothing from elsewhere. A
page asks for the room itself, with the token in its own address; nothing a caller sends is written into it.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lingting import console
from lingting.api.http.pages import page_headers

__all__ = ["POLICY", "router"]

router = APIRouter(include_in_schema=False)

FOLDER = Path(console.__file__).parent / "overlay"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
}
FILES = {
    path.name: (path.read_bytes(), MEDIA_TYPES[path.suffix])
    for path in sorted(FOLDER.iterdir())
    if path.suffix in MEDIA_TYPES
}
"""Read once: a few kilobytes."""


@router.get("/rooms/{room}/overlay")
async def overlay(room: str) -> Response:
    return _file("overlay.html")


@router.get("/rooms/{room}/watch")
async def watch(room: str) -> Response:
    return _file("watch.html")


@router.get("/overlay/{name}")
async def part(name: str) -> Response:
    return _file(name)


def _file(name: str) -> Response:
    if name not in FILES:
        raise HTTPException(404)
    content, media_type = FILES[name]
    return Response(content, media_type=media_type, headers=page_headers(POLICY))
